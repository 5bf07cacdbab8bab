"""What attendance sheets are made with, and the signatures for half-days, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sheet_settings",
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("asked", sa.String(length=20), nullable=False),
        sa.Column("from_afar", sa.Boolean(), nullable=False),
        sa.Column("trainers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.create_table(
        "signatures",
        sa.Column("participant_id", sa.String(length=200), nullable=False),
        sa.Column("half_day_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.String(length=200), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.ForeignKeyConstraint(["participant_id"], ["registrations.participant_id"]),
        sa.PrimaryKeyConstraint("participant_id", "half_day_id"),
    )
    op.create_index("signatures_of_event", "signatures", ["event_id", "half_day_id"])
