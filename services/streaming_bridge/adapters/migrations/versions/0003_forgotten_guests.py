"""Guests who are to be forgotten, and that what was deleted is to be scrubbed out of the files."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "forgotten_guests",
        sa.Column("guest_id", sa.String(length=40), nullable=False),
        sa.Column("forgotten_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guest_id"),
    )
    op.create_index("ix_forgotten_guests_forgotten_at", "forgotten_guests", ["forgotten_at"], unique=False)
    op.create_table(
        "scrubs",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("owed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
