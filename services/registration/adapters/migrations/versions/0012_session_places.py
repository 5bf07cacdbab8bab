"""Places in the sessions that people register for."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "session_places",
        sa.Column("participant_id", sa.String(length=200), nullable=False),
        sa.Column("session_id", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.ForeignKeyConstraint(["participant_id"], ["registrations.participant_id"]),
        sa.PrimaryKeyConstraint("participant_id", "session_id"),
    )
    op.create_index(
        "session_places_by_seat", "session_places", ["event_id", "session_id", "mode", "status", "rank"], unique=False
    )
