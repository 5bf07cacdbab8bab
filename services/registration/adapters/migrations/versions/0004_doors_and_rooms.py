"""Scans at rooms and sessions, the clock of the desk, and double entries that an organizer has settled."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("scans") as scans:
        scans.add_column(sa.Column("place_id", sa.String(length=200), nullable=True))
        scans.add_column(sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True))
        scans.add_column(sa.Column("voided_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "settled_double_entries",
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("fact_id", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.PrimaryKeyConstraint("event_id", "fact_id"),
    )
