"""The read model: entries, presence, events, the offsets they stand at, and the outbox of dead letters."""

import sqlalchemy as sa
from alembic import op

from services.chassis.database import RowNumber

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "projection",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("epoch", sa.String(32), nullable=False),
        sa.Column("last_position", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "offsets",
        sa.Column("topic", sa.String(249), primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "events",
        sa.Column("event_id", sa.String(200), primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("fact_id", sa.String(200), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_table(
        "entries",
        sa.Column("event_id", sa.String(200), primary_key=True),
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("recorded", sa.BigInteger, nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("source", sa.String(300), nullable=False),
        sa.Column("participant_id", sa.String(200)),
        sa.Column("guest_id", sa.String(200)),
        sa.Column("mode", sa.String(16)),
        sa.Column("reached", sa.JSON),
        sa.Column("fact", sa.JSON, nullable=False),
        sa.UniqueConstraint("event_id", "position"),
    )
    op.create_index("ix_entries_time", "entries", ["event_id", "time", "id"])
    op.create_index("ix_entries_participant", "entries", ["event_id", "participant_id", "time", "id"])
    op.create_index("ix_entries_guest", "entries", ["event_id", "guest_id", "time", "id"])
    op.create_table(
        "presence",
        sa.Column("event_id", sa.String(200), primary_key=True),
        sa.Column("subject", sa.String(200), primary_key=True),
        sa.Column("time", sa.BigInteger, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("registered_mode", sa.String(16)),
        sa.Column("registration", sa.String(16)),
        sa.Column("linked_to", sa.String(200)),
        sa.Column("intervals", sa.JSON, nullable=False),
        sa.Column("seconds", sa.JSON, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("position", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("topic", sa.String(249), nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=True),
        sa.Column("value", sa.LargeBinary, nullable=True),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("outbox", "presence", "entries", "events", "offsets", "projection"):
        op.drop_table(table)
