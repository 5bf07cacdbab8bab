"""What comes to the door and becomes of it; deliveries that could not be read; the titles of events."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("events", sa.Column("title", sa.Text(), nullable=True))
    op.create_table(
        "door_counts",
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "source", "word", "hour"),
    )
    op.create_index("door_counts_by_source", "door_counts", ["source", "hour"], unique=False)
    op.create_table(
        "refusals",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("refusals_by_source", "refusals", ["source", "number"], unique=False)
    op.create_table(
        "unreadable",
        sa.Column("letter_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("letter_id"),
    )
    op.create_index("ix_unreadable_received_at", "unreadable", ["received_at"], unique=False)
    op.create_index("unreadable_by_source", "unreadable", ["source", "received_at", "letter_id"], unique=False)
