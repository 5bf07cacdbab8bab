"""The rooms that events had, and have no more."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "given_up_rooms",
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("room_key", sa.String(length=1000), nullable=False),
        sa.Column("claim_key", sa.String(length=1000), nullable=False),
        sa.Column("given_up_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "room_key"),
    )
