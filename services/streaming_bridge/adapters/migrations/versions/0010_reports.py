"""What platforms report of meetings, as organizers brought it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("report_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("room_id", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=100), nullable=False),
        sa.Column("sealed_report", sa.LargeBinary(), nullable=False),
        sa.Column("brought_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("report_id"),
    )
    op.create_index("ix_reports_event_id", "reports", ["event_id"], unique=False)
    op.create_index("ix_reports_brought_at", "reports", ["brought_at"], unique=False)
