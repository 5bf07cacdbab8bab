"""Who gave their seat back, so that what their open pages tell counts no more."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cancelled_seats",
        sa.Column("participant_id", sa.String(length=200), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("participant_id"),
    )
    op.create_index("ix_cancelled_seats_cancelled_at", "cancelled_seats", ["cancelled_at"], unique=False)
