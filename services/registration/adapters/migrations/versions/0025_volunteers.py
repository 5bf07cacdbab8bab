"""Volunteers' hours, apart from their names; and how they are valued."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "volunteer_shifts",
        sa.Column("shift_id", sa.String(40), primary_key=True),
        sa.Column("event_id", sa.String(200), sa.ForeignKey("events.event_id"), nullable=False, index=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("task", sa.String(100), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("skill", sa.String(20), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "volunteer_names",
        sa.Column("shift_id", sa.String(40), sa.ForeignKey("volunteer_shifts.shift_id"), primary_key=True),
        sa.Column("event_id", sa.String(200), sa.ForeignKey("events.event_id"), nullable=False, index=True),
        sa.Column("name", sa.Text(), nullable=False),
    )
    op.create_table(
        "volunteer_valuations",
        sa.Column("event_id", sa.String(200), sa.ForeignKey("events.event_id"), primary_key=True),
        sa.Column("hourly_cents", sa.Integer()),
        sa.Column("basis", sa.Text()),
        sa.Column("skilled_percent", sa.Integer(), nullable=False),
        sa.Column("expert_percent", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
    )
