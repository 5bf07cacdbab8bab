"""The writing side of the read model: rows, and the offsets they were read from, in one transaction."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.presence import PresenceChanged
from schemas.registration import EventData
from schemas.timeline import TimelineEntry
from services.attendance.adapters.tables import (
    EVENT_FACT,
    entries,
    events,
    offsets,
    outbox,
    presence,
    projection,
    to_column,
)
from services.chassis.clock import Clock
from services.chassis.outbox import OutboxRecord, add

_CHUNK: Final = 400
_CHECK_IN_FACT: Final = "passerelle.checkin."
_REMOTE_FACTS: Final = (
    "passerelle.participation.joined.v1",
    "passerelle.participation.left.v1",
    "passerelle.participation.interaction.v1",
)

Partition = tuple[str, int]
Key = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class Batch:
    """What some consecutive records of some partitions ask for; the last word on each row wins."""

    entries: dict[Key, TimelineEntry] = field(default_factory=dict)
    events: list[tuple[TimelineEntry, EventData]] = field(default_factory=list)
    presence: dict[Key, PresenceChanged | None] = field(default_factory=dict)
    dead: list[OutboxRecord] = field(default_factory=list)
    begins: dict[Partition, int] = field(default_factory=dict)
    ends: dict[Partition, int] = field(default_factory=dict)

    @property
    def event_ids(self) -> frozenset[str]:
        """The events the batch speaks of."""
        return frozenset(event_id for event_id, _ in (*self.entries, *self.presence))


class OffsetsMovedError(Exception):
    """Another projector wrote to this read model: start again from the offsets it stored."""


class SqlProjection:
    """The read model as its projector sees it. One projector writes; a second one finds out and starts over."""

    def __init__(self, engine: AsyncEngine, *, clock: Clock, committed: Callable[[], None]) -> None:
        """Work on the database of `engine`, whose tables exist; `committed` is called when there are dead letters."""
        self._engine = engine
        self._clock = clock
        self._committed = committed

    async def start(self) -> Mapping[Partition, int]:
        """The next offset of each partition seen so far; names the read model on first use."""
        async with self._engine.begin() as connection:
            if (await connection.execute(select(projection.c.id))).first() is None:
                row = {"id": 1, "epoch": secrets.token_hex(8), "last_position": 0}
                await connection.execute(insert(projection), row)
            return await _stored_offsets(connection)

    async def apply(self, batch: Batch) -> None:
        """Store a batch and the offsets after it, all or nothing.

        Raises:
            OffsetsMovedError: if the stored offsets are not those the batch begins at; nothing is stored then.
        """
        async with self._engine.begin() as connection:
            # The one row of `projection` is the lock that makes positions visible in the order they are given.
            lock = select(projection.c.last_position).with_for_update()
            last = (await connection.execute(lock)).scalar_one()
            stored = await _stored_offsets(connection)
            if any(stored.get(partition, begin) != begin for partition, begin in batch.begins.items()):
                raise OffsetsMovedError
            last = await _store_entries(connection, batch.entries, last)
            await _store_events(connection, batch.events)
            await _store_presence(connection, batch.presence)
            await add(connection, outbox, batch.dead, now=self._clock())
            await connection.execute(update(projection).values(last_position=last))
            await _store_offsets(connection, stored, batch.ends)
        if batch.dead:
            self._committed()


async def _stored_offsets(connection: AsyncConnection) -> dict[Partition, int]:
    rows = await connection.execute(select(offsets))
    return {(row.topic, row.partition): row.next_offset for row in rows}


async def _store_offsets(
    connection: AsyncConnection, stored: Mapping[Partition, int], ends: Mapping[Partition, int]
) -> None:
    for (topic, partition), end in ends.items():
        where = (offsets.c.topic == topic) & (offsets.c.partition == partition)
        if (topic, partition) in stored:
            await connection.execute(update(offsets).where(where).values(next_offset=end))
        else:
            await connection.execute(insert(offsets).values(topic=topic, partition=partition, next_offset=end))


async def _store_entries(connection: AsyncConnection, batch: Mapping[Key, TimelineEntry], last: int) -> int:
    """Insert and change, each with a position after `last`; an entry told again as it stands keeps its own."""
    rows = {key: entry_row(entry) for key, entry in batch.items()}
    known: dict[Key, dict[str, Any]] = {}
    for chunk in _chunks(rows):
        query = select(entries).where(tuple_(entries.c.event_id, entries.c.id).in_(chunk))
        for found in (await connection.execute(query)).mappings():
            known[found["event_id"], found["id"]] = {k: v for k, v in found.items() if k != "position"}
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for key, row in rows.items():
        if known.get(key) == row:
            continue
        last += 1
        (changed if key in known else fresh).append({**row, "position": last})
    if fresh:
        await connection.execute(insert(entries), fresh)
    await _update(connection, entries, ("event_id", "id"), changed)
    return last


async def _store_events(connection: AsyncConnection, batch: Sequence[tuple[TimelineEntry, EventData]]) -> None:
    """Keep the latest word on each event, by (time, id): facts may come in any order."""
    latest: dict[str, dict[str, Any]] = {}
    for entry, data in batch:
        row: dict[str, Any] = {
            "event_id": entry.data.event_id,
            "time": to_column(entry.time),
            "fact_id": entry.id,
            "data": data.model_dump(mode="json"),
        }
        held = latest.get(row["event_id"])
        if held is None or (held["time"], held["fact_id"]) <= (row["time"], row["fact_id"]):
            latest[row["event_id"]] = row
    for event_id, row in latest.items():
        query = select(events.c.time, events.c.fact_id).where(events.c.event_id == event_id)
        stored = (await connection.execute(query)).first()
        if stored is None:
            await connection.execute(insert(events), row)
        elif (stored.time, stored.fact_id) <= (row["time"], row["fact_id"]):
            await connection.execute(update(events).where(events.c.event_id == event_id).values(row))


async def _store_presence(connection: AsyncConnection, batch: Mapping[Key, PresenceChanged | None]) -> None:
    known: set[Key] = set()
    for chunk in _chunks(batch):
        found = select(presence.c.event_id, presence.c.subject)
        found = found.where(tuple_(presence.c.event_id, presence.c.subject).in_(chunk))
        known |= {(row.event_id, row.subject) for row in await connection.execute(found)}
    rows = {key: _presence_row(fact) for key, fact in batch.items() if fact is not None}
    for event_id, subject in known - rows.keys():
        gone = (presence.c.event_id == event_id) & (presence.c.subject == subject)
        await connection.execute(delete(presence).where(gone))
    fresh = [row for key, row in rows.items() if key not in known]
    if fresh:
        await connection.execute(insert(presence), fresh)
    await _update(connection, presence, ("event_id", "subject"), [row for key, row in rows.items() if key in known])


async def _update(connection: AsyncConnection, table: Any, key: tuple[str, str], rows: list[dict[str, Any]]) -> None:  # noqa: ANN401
    if not rows:
        return
    statement = update(table).where(*(table.c[name] == bindparam(f"key_{name}") for name in key))
    values: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name not in key}
    await connection.execute(
        statement.values(values),
        [{f"key_{name}" if name in key else name: value for name, value in row.items()} for row in rows],
    )


def entry_row(entry: TimelineEntry) -> dict[str, Any]:
    """An entry as its row, without the position."""
    fact = entry.data.fact
    kind = str(fact.get("type", ""))
    return {
        "event_id": entry.data.event_id,
        "id": entry.id,
        "time": to_column(entry.time),
        "recorded": to_column(entry.recordedtime),
        "type": kind,
        "source": str(fact.get("source", entry.source)),
        "participant_id": entry.data.participant_id,
        "guest_id": entry.data.guest_id,
        "mode": _mode_of(kind, fact),
        "reached": None if entry.data.presence is None else entry.data.presence.model_dump(mode="json"),
        "fact": fact,
    }


def tells_of_event(entry: TimelineEntry) -> bool:
    """Whether the entry's fact carries the whole event."""
    return str(entry.data.fact.get("type", "")).startswith(EVENT_FACT)


def _mode_of(kind: str, fact: Mapping[str, object]) -> str | None:
    if kind.startswith(_CHECK_IN_FACT):
        return "in_person"
    if kind in _REMOTE_FACTS:
        return "remote"
    data = fact.get("data")
    mode = data.get("mode") if isinstance(data, dict) else None
    return mode if isinstance(mode, str) else None


def _presence_row(fact: PresenceChanged) -> dict[str, Any]:
    data = fact.data
    return {
        "event_id": data.event_id,
        "subject": fact.subject,
        "time": to_column(fact.time),
        "status": data.status.value,
        "registered_mode": data.registered_mode and data.registered_mode.value,
        "registration": data.registration,
        "linked_to": data.linked_to,
        "intervals": [interval.model_dump(mode="json") for interval in data.intervals],
        "seconds": data.seconds.model_dump(mode="json"),
    }


def _chunks(keys: Iterable[Key]) -> Iterable[list[Key]]:
    whole = list(keys)
    return (whole[start : start + _CHUNK] for start in range(0, len(whole), _CHUNK))
