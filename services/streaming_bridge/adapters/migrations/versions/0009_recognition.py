"""By what guests may be recognised, at which events that is to be asked, and marks of the names people came by."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("name_mark", sa.String(length=4), nullable=True))
    op.create_table(
        "guest_identities",
        sa.Column("guest_id", sa.String(length=40), nullable=False),
        sa.Column("sealed_identity", sa.LargeBinary(), nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guest_id"),
    )
    op.create_index("ix_guest_identities_first_seen_at", "guest_identities", ["first_seen_at"], unique=False)
    op.create_table(
        "guest_questions",
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("guest_id", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", "guest_id"),
    )
    op.create_index("ix_guest_questions_due_at", "guest_questions", ["due_at"], unique=False)
