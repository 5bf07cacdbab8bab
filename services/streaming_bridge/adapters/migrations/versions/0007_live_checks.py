"""Rooms compared with what their platform says, the alerts of that; what platforms count; the time zones of events."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("heads", sa.Integer(), nullable=True))
    op.create_index("deliveries_by_room", "deliveries", ["source", "room_key", "happened_at"], unique=False)
    op.add_column("events", sa.Column("timezone", sa.String(length=100), nullable=True))
    op.create_table(
        "room_checks",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("room_key", sa.String(length=1000), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=False),
        sa.Column("ours", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.Integer(), nullable=True),
        sa.Column("failure", sa.String(length=40), nullable=True),
        sa.Column("drifting_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("source", "room_key"),
    )
    op.create_table(
        "room_drifts",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("room_key", sa.String(length=1000), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ours", sa.Integer(), nullable=False),
        sa.Column("theirs", sa.Integer(), nullable=False),
        sa.Column("suspects", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("room_drifts_of_event", "room_drifts", ["event_id", "began_at"], unique=False)
