"""The bridge's own tables. What they hold about people: sealed names of guests, and nothing else."""

from typing import Final

import sqlalchemy as sa

from services.chassis.database import RowNumber, UtcInstant
from services.chassis.outbox import outbox_table
from services.chassis.retention_ledger import retention_runs_table
from services.chassis.scrubbing import scrubs_table
from services.chassis.stored_replies import idempotency_table

METADATA: Final = sa.MetaData()

SOURCES: Final = sa.Table(
    "sources",
    METADATA,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("platform", sa.String(20), nullable=False),
    sa.Column("settings", sa.JSON, nullable=False),
    sa.Column("sealed_secrets", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcInstant, nullable=False),
    sa.Column("updated_at", UtcInstant, nullable=False),
)

DELIVERIES: Final = sa.Table(
    "deliveries",
    METADATA,
    sa.Column("position", RowNumber, primary_key=True, autoincrement=True),
    sa.Column("fact_id", sa.String(36), nullable=False, unique=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("source_uri", sa.String(300), nullable=False),
    # accepted, unclaimed, ignored, unreadable
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("event_id", sa.String(200), nullable=True),
    sa.Column("received_at", UtcInstant, nullable=False),
    # What happened; of an ignored delivery the platform's own word, of an unreadable one nothing.
    sa.Column("kind", sa.String(300), nullable=True),
    sa.Column("room_key", sa.String(1000), nullable=True),
    sa.Column("room_name", sa.String(300), nullable=True),
    sa.Column("room", sa.String(600), nullable=True),
    sa.Column("room_session", sa.String(300), nullable=True),
    sa.Column("happened_at", UtcInstant, nullable=True),
    sa.Column("subject", sa.String(200), nullable=True),
    sa.Column("connection", sa.String(600), nullable=True),
    sa.Column("joined_at", UtcInstant, nullable=True),
    sa.Index(
        "deliveries_unclaimed",
        "source",
        "room_key",
        "position",
        sqlite_where=sa.text("state = 'unclaimed'"),
        postgresql_where=sa.text("state = 'unclaimed'"),
    ),
)

EVENTS: Final = sa.Table(
    "events",
    METADATA,
    sa.Column("event_id", sa.String(200), primary_key=True),
    # Which snapshot of the event this is: the latest by (time, id) counts.
    sa.Column("changed_at", UtcInstant, nullable=False),
    sa.Column("changed_by", sa.String(200), nullable=False),
    sa.Column("starts_at", UtcInstant, nullable=False),
    sa.Column("ends_at", UtcInstant, nullable=False),
    sa.Column("cancelled", sa.Boolean, nullable=False),
)

CLAIMS: Final = sa.Table(
    "claims",
    METADATA,
    sa.Column("event_id", sa.String(200), sa.ForeignKey("events.event_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("ordinal", sa.Integer, primary_key=True),
    sa.Column("room_id", sa.String(200), nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("room", sa.String(500), nullable=False),
    sa.Column("room_key", sa.String(1000), nullable=False),
    sa.Index("claims_by_room", "source", "room_key"),
)

GUESTS: Final = sa.Table(
    "guests",
    METADATA,
    sa.Column("guest_id", sa.String(40), primary_key=True),
    sa.Column("source", sa.String(64), nullable=False),
    sa.Column("sealed_name", sa.LargeBinary, nullable=False),
    sa.Column("first_seen_at", UtcInstant, nullable=False, index=True),
)

FORGOTTEN_GUESTS: Final = sa.Table(
    "forgotten_guests",
    METADATA,
    sa.Column("guest_id", sa.String(40), primary_key=True),
    sa.Column("forgotten_at", UtcInstant, nullable=False, index=True),
)
"""Who turned out to be somebody who was erased: what they call themselves is not kept again."""

OFFSETS: Final = sa.Table(
    "offsets",
    METADATA,
    sa.Column("topic", sa.String(249), primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("next_offset", sa.BigInteger, nullable=False),
)

OUTBOX: Final = outbox_table(METADATA)
IDEMPOTENCY: Final = idempotency_table(METADATA)
SCRUBS: Final = scrubs_table(METADATA)
RETENTION_RUNS: Final = retention_runs_table(METADATA)
