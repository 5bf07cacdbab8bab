"""The writing side of the read model: rows, and the offsets they were read from, in one transaction."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Insert,
    Table,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attendance.adapters.tables import (
    SIGHTINGS,
    entries,
    events,
    offsets,
    outbox,
    presence,
    presence_earlier,
    projection,
    sightings,
)
from services.chassis.clock import Clock
from services.chassis.outbox import OutboxRecord, store
from services.chassis.transactions import in_transaction

_CHUNK: Final = 400

# Made once: SQLAlchemy takes longer to make a statement than SQLite to run it.
_LOCK: Final = select(projection.c.last_position).with_for_update()
_MOVE: Final = update(projection).values(last_position=bindparam("position"))
_LEAP: Final = update(projection).values(last_position=projection.c.last_position + 1_000_000)
"""Over positions that may have been given before a power cut took them: a reader who knows them misses nothing."""
_OFFSETS: Final = select(offsets)
_UNTIL: Final = select(sightings.c.until).where(sightings.c.event_id == bindparam("of"))

Partition = tuple[str, int]
Key = tuple[str, str]
EarlierKey = tuple[str, str, int]
Row = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Batch:
    """What some consecutive records of some partitions ask for, as rows; the last word on each wins.

    `suspect` are those entries of whose time something is to be said.
    """

    entries: dict[Key, Row] = field(default_factory=dict)
    suspect: set[Key] = field(default_factory=set)
    events: dict[str, Row] = field(default_factory=dict)
    presence: dict[Key, Row | None] = field(default_factory=dict)
    earlier: dict[EarlierKey, Row | None] = field(default_factory=dict)
    dead: list[OutboxRecord] = field(default_factory=list)
    begins: dict[Partition, int] = field(default_factory=dict)
    ends: dict[Partition, int] = field(default_factory=dict)

    @property
    def event_ids(self) -> frozenset[str]:
        """The events the batch speaks of."""
        return frozenset(str(key[0]) for key in (*self.entries, *self.presence, *self.earlier))

    def tell_event(self, row: Row) -> None:
        """Keep the latest word on each event, by (time, fact id): facts may come in any order."""
        held = self.events.get(row["event_id"])
        if held is None or _told_at(held) <= _told_at(row):
            self.events[row["event_id"]] = row


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a batch changed: new or changed entries, by their position, all after `before` and none after `after`."""

    before: int
    after: int
    entries: Sequence[Row]
    suspect: Collection[Key]


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
        """The next offset of each partition seen so far; names the read model on first use, leaps over positions."""

        def work(connection: Connection) -> dict[Partition, int]:
            if connection.execute(select(projection.c.id)).first() is None:
                row = {"id": 1, "epoch": secrets.token_hex(8), "last_position": 0}
                connection.execute(insert(projection), row)
            connection.execute(_LEAP)
            return _stored_offsets(connection)

        return await in_transaction(self._engine, work)

    async def apply(self, batch: Batch) -> Stored:
        """Store a batch and the offsets after it, all or nothing; gives what is new in it.

        Raises:
            OffsetsMovedError: if the stored offsets are not those the batch begins at; nothing is stored then.
        """
        stored = await in_transaction(self._engine, lambda connection: self._apply(connection, batch))
        if batch.dead:
            self._committed()
        return stored

    def _apply(self, connection: Connection, batch: Batch) -> Stored:
        # The one row of `projection` is the lock that makes positions visible in the order they are given.
        before: int = connection.execute(_LOCK).scalar_one()
        known = _stored_offsets(connection)
        if any(known.get(partition, begin) != begin for partition, begin in batch.begins.items()):
            raise OffsetsMovedError
        changed = _store_entries(connection, batch.entries, before)
        after = before + len(changed)
        _store_events(connection, batch.events)
        _store_presence(connection, batch.presence, after)
        _store_earlier(connection, batch.earlier)
        store(connection, outbox, batch.dead, now=self._clock())
        if changed:
            connection.execute(_MOVE, {"position": after})
        _upsert(
            connection,
            offsets,
            [{"topic": topic, "partition": part, "next_offset": end} for (topic, part), end in batch.ends.items()],
        )
        return Stored(before=before, after=after, entries=changed, suspect=batch.suspect)


def _stored_offsets(connection: Connection) -> dict[Partition, int]:
    return {(row.topic, row.partition): row.next_offset for row in connection.execute(_OFFSETS)}


_AS_TEXT: Final = {name: cast(entries.c[name], Text) for name in ("reached", "fact")}
_KNOWN: Final = select(*(_AS_TEXT.get(column.name, column).label(column.name) for column in entries.c)).where(
    entries.c.event_id == bindparam("of"), entries.c.id.in_(bindparam("ids", expanding=True))
)


def _store_entries(connection: Connection, rows: Mapping[Key, Row], last: int) -> list[Row]:
    """Insert and change, each with a position after `last`; an entry told again as it stands keeps its own."""
    known: dict[Key, Row] = {}
    for event_id, ids in _chunks(rows):
        # Event by event: SQLite would look for pairs in all there is.
        for found in connection.execute(_KNOWN, {"of": event_id, "ids": ids}).mappings():
            key = event_id, found["id"]
            # The leaf follows from the fact: a row that was stored without one is no other row.
            known[key] = {name: found[name] for name in found if name != "position"} | {"leaf": rows[key]["leaf"]}
    changed = [{**row, "position": 0} for key, row in rows.items() if known.get(key) != row]
    for position, row in enumerate(changed, start=last + 1):
        row["position"] = position
    # A position is given once: those of changed entries must not meet those of new ones on their way.
    _upsert(connection, entries, changed)
    _store_sightings(connection, changed)
    return changed


def _store_sightings(connection: Connection, rows: Iterable[Row]) -> None:
    until: dict[str, int] = {}
    for row in rows:
        if row["type"] in SIGHTINGS:
            until[row["event_id"]] = max(row["time"], until.get(row["event_id"], row["time"]))
    for event_id, time in until.items():
        known = connection.execute(_UNTIL, {"of": event_id}).scalar_one_or_none()
        if known is None or known < time:
            _upsert(connection, sightings, [{"event_id": event_id, "until": time}])


def _store_events(connection: Connection, latest: Mapping[str, Row]) -> None:
    for event_id, row in latest.items():
        query = select(events.c.time, events.c.fact_id).where(events.c.event_id == event_id)
        stored = connection.execute(query).first()
        if stored is None or (stored.time, stored.fact_id) <= _told_at(row):
            _upsert(connection, events, [row])


def _store_presence(connection: Connection, batch: Mapping[Key, Row | None], position: int) -> None:
    _delete(connection, presence, [key for key, row in batch.items() if row is None])
    _upsert(connection, presence, [{**row, "changed": position} for row in batch.values() if row is not None])


def _store_earlier(connection: Connection, batch: Mapping[EarlierKey, Row | None]) -> None:
    _delete(connection, presence_earlier, [key for key, row in batch.items() if row is None])
    _upsert(connection, presence_earlier, [row for row in batch.values() if row is not None])


def _upsert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows, or put them in the place of those with the same key; all have the same columns."""
    if rows:
        connection.execute(_upsert_of(table, connection.dialect.name), list(rows))


def _upsert_of(table: Table, dialect: str) -> Insert:
    made = _UPSERTS.get((table.name, dialect))
    if made is None:
        key = [column.name for column in table.primary_key]
        begun = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
        told = {column.name: begun.excluded[column.name] for column in table.c if column.name not in key}
        made = _UPSERTS[table.name, dialect] = begun.on_conflict_do_update(index_elements=key, set_=told)
    return made


_UPSERTS: Final[dict[tuple[str, str], Insert]] = {}
"""Made once: SQLAlchemy takes its time to make a statement."""


def _delete(connection: Connection, table: Table, keys: Sequence[tuple[str | int, ...]]) -> None:
    if keys:
        names = [column.name for column in table.primary_key]
        this = and_(*(table.c[name] == bindparam(f"key_{name}") for name in names))
        rows = [{f"key_{name}": part for name, part in zip(names, key, strict=True)} for key in keys]
        connection.execute(delete(table).where(this), rows)


def _told_at(row: Row) -> tuple[int, str]:
    return row["time"], row["fact_id"]


def _chunks(keys: Iterable[Key]) -> Iterator[tuple[str, list[str]]]:
    """The ids of each event, not too many at once."""
    by_event: defaultdict[str, list[str]] = defaultdict(list)
    for event_id, id_ in keys:
        by_event[event_id].append(id_)
    for event_id, ids in by_event.items():
        for start in range(0, len(ids), _CHUNK):
            yield event_id, ids[start : start + _CHUNK]
