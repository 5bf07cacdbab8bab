"""What was told of an event is found again; and since when it is settled who a guest is."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "deliveries_of_event",
        "deliveries",
        ["event_id"],
        unique=False,
        sqlite_where=sa.text("event_id IS NOT NULL"),
        postgresql_where=sa.text("event_id IS NOT NULL"),
    )
    op.add_column("guests", sa.Column("settled_at", sa.BigInteger(), nullable=True))
