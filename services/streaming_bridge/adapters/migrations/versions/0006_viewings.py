"""Who watches a stream on an event's page, and what a leave was inferred from."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("inferred", sa.String(length=20), nullable=True))
    op.create_table(
        "viewings",
        sa.Column("viewing_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("participant_id", sa.String(length=200), nullable=False),
        sa.Column("room", sa.String(length=600), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_in_silence", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("viewing_id"),
    )
    op.create_index(
        "viewings_going_on",
        "viewings",
        ["heard_at"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("viewings_ended", "viewings", ["ended_at"], unique=False)
