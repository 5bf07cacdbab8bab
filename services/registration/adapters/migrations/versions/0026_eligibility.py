"""Rules of eligibility, and contests of attendance."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "eligibility_rules",
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.PrimaryKeyConstraint("event_id", "version"),
    )
    op.create_table(
        "contests",
        sa.Column("contest_id", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("participant_id", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed_text", sa.Text(), nullable=False),
        sa.Column("half_day_id", sa.String(length=40)),
        sa.Column("session_id", sa.String(length=200)),
        sa.Column("mode", sa.String(length=20)),
        sa.Column("starts_at", sa.BigInteger()),
        sa.Column("ends_at", sa.BigInteger()),
        sa.Column("outcome", sa.String(length=20)),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("answered_by", sa.String(length=200)),
        sa.Column("sealed_reason", sa.Text()),
        sa.Column("granted_mode", sa.String(length=20)),
        sa.Column("granted_from", sa.BigInteger()),
        sa.Column("granted_until", sa.BigInteger()),
        sa.Column("granted_session_id", sa.String(length=200)),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.ForeignKeyConstraint(["participant_id"], ["registrations.participant_id"]),
        sa.PrimaryKeyConstraint("contest_id"),
    )
    op.create_index("contests_of_event", "contests", ["event_id", "at"])
    op.create_index("ix_contests_participant_id", "contests", ["participant_id"])
