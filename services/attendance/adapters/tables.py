"""The read model's tables. All of it can be rebuilt from the log, and none of it names a person.

Instants are whole milliseconds since 1970 (UTC), so that every database orders and compares them alike.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, UniqueConstraint

from services.chassis.outbox import outbox_table

metadata: Final = MetaData()
EVENT_FACT: Final = "passerelle.registration.event."
"""How the type of a fact begins that carries the whole event."""
SIGHTINGS: Final = (
    "passerelle.checkin.checked_in.v1",
    "passerelle.checkin.checked_out.v1",
    "passerelle.participation.room.opened.v1",
    "passerelle.participation.room.closed.v1",
    "passerelle.participation.joined.v1",
    "passerelle.participation.left.v1",
    "passerelle.participation.stream.started.v1",
    "passerelle.participation.stream.stopped.v1",
    "passerelle.participation.interaction.v1",
)
"""The types of the facts that saw somebody, or a room, at their time."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def to_column(instant: datetime) -> int:
    """An aware instant as the tables, and the domain, keep it."""
    return (instant - _START) // _MILLISECOND


projection: Final = Table(
    "projection",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("epoch", String(32), nullable=False),
    Column("last_position", BigInteger, nullable=False),
)
"""One row. `epoch` names this copy of the read model, so that a cursor of another copy is recognised as foreign."""

offsets: Final = Table(
    "offsets",
    metadata,
    Column("topic", String(249), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
)
"""The next record to read of each partition; written in the transaction that writes the rows."""

events: Final = Table(
    "events",
    metadata,
    Column("event_id", String(200), primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("fact_id", String(200), nullable=False),
    Column("data", JSON, nullable=False),
)
"""Each event as its latest fact tells it, by (`time`, `fact_id`)."""

entries: Final = Table(
    "entries",
    metadata,
    Column("event_id", String(200), primary_key=True),
    Column("id", String(200), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("recorded", BigInteger, nullable=False),
    Column("type", String(100), nullable=False),
    Column("source", String(300), nullable=False),
    Column("participant_id", String(200)),
    Column("guest_id", String(200)),
    Column("mode", String(16)),
    Column("reached", JSON(none_as_null=True)),
    Column("fact", JSON, nullable=False),
    Column("withdrawn_at", BigInteger),
    Column("leaf", LargeBinary(32)),
    UniqueConstraint("event_id", "position"),
    Index("ix_entries_time", "event_id", "time", "id"),
)
"""The timeline. `position` grows with every new or changed entry: it orders what readers have not seen yet.

`leaf` is the hash of the fact as a leaf of the evidence; null of what is no evidence, and of rows stored before there
was this column.
"""

# Each of these holds only the rows that are found by it. Without a mode are few: of the event, its rooms, who is who.
Index(
    "ix_entries_participant",
    *(entries.c[name] for name in ("event_id", "participant_id", "time", "id")),
    sqlite_where=entries.c.participant_id.is_not(None),
    postgresql_where=entries.c.participant_id.is_not(None),
)
Index(
    "ix_entries_guest",
    *(entries.c[name] for name in ("event_id", "guest_id", "time", "id")),
    sqlite_where=entries.c.guest_id.is_not(None),
    postgresql_where=entries.c.guest_id.is_not(None),
)
Index(
    "ix_entries_modeless",
    *(entries.c[name] for name in ("event_id", "time", "id")),
    sqlite_where=entries.c.mode.is_(None),
    postgresql_where=entries.c.mode.is_(None),
)

sightings: Final = Table(
    "sightings",
    metadata,
    Column("event_id", String(200), primary_key=True),
    Column("until", BigInteger, nullable=False),
)
"""No sighting of an event, suspect or not, is later: what lies beyond, thousands of inferred ends, is not searched."""

presence: Final = Table(
    "presence",
    metadata,
    Column("event_id", String(200), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("time", BigInteger, nullable=False),
    Column("status", String(16), nullable=False),
    Column("registered_mode", String(16)),
    Column("registration", String(16)),
    Column("linked_to", String(200)),
    Column("intervals", JSON, nullable=False),
    Column("seconds", JSON, nullable=False),
    Column("contradictions", JSON(none_as_null=True)),
    Column("suspect", JSON(none_as_null=True)),
    Column("earlier", Integer, nullable=False, server_default="0"),
    Column("modes", String(16), nullable=False, server_default=""),
    Column("changed", BigInteger, nullable=False, server_default="0"),
    Index("ix_presence_figures", "event_id", "linked_to", "status", "registration", "registered_mode", "modes"),
    Index("ix_presence_changed", "event_id", "changed"),
)
"""The presence of each participant and guest, as the worker last told it.

`modes` is in which they ever came, `changed` the position that the read model had come to when the row was written, and
`earlier` how many rows of `presence_earlier` count.
"""

presence_earlier: Final = Table(
    "presence_earlier",
    metadata,
    Column("event_id", String(200), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("intervals", JSON, nullable=False),
)
"""Intervals that come before those of the row in `presence`, of those few who have very many."""

outbox: Final = outbox_table(metadata)
"""Dead letters on their way to Kafka."""
