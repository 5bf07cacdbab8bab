"""When and how events are closed, and which suspect times are accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("events") as events:
        events.add_column(sa.Column("opened_at", sa.BigInteger(), nullable=True))
        events.add_column(sa.Column("closed_at", sa.BigInteger(), nullable=True))
        events.add_column(sa.Column("closed_by", sa.String(length=20), nullable=True))
    # From now on the clock closes what is open; an event counts as opened when it was last changed.
    op.execute("UPDATE events SET opened_at = changed_at WHERE status = 'published'")
    op.create_index("events_by_end", "events", ["status", "ends_at"], unique=False)
    op.create_table(
        "time_acceptances",
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("fact_id", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.event_id"]),
        sa.PrimaryKeyConstraint("event_id", "fact_id"),
    )
