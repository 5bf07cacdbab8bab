"""The files of an archive: facts and presences as Parquet, to bytes and back."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple

import pyarrow as pa
from pyarrow import parquet

from schemas.decode import KnownFact, UnreadableRecordError, decode
from schemas.identifiers import is_guest_id
from schemas.presence import PresenceChanged, PresenceEarlier, PresenceInterval
from schemas.timeline import TimelineEntry
from services.attendance.application import wire
from services.attendance.application.rebuild import interval_data
from services.attendance.application.records import seconds
from services.attendance.application.translation import milliseconds
from services.attendance.domain.fold import NOBODY, Presence

_ROW_GROUP: Final = 50_000
_INSTANT: Final = pa.timestamp("ms", tz="UTC")
_SORTED: Final = [(name, "ascending") for name in ("time", "id", "topic", "offset")]
_TYPES: Final = {
    kind: str(kind.__struct_config__.tag)
    for kind in (
        wire.CheckedIn,
        wire.CheckedOut,
        wire.Joined,
        wire.Left,
        wire.Registered,
        wire.Confirmed,
        wire.ModeChanged,
    )
}

FACTS: Final = pa.schema(
    [
        ("event_id", pa.string()),
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("timestamp", _INSTANT),
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("id", pa.string()),
        ("type", pa.string()),
        ("source", pa.string()),
        ("subject", pa.string()),
        ("time", _INSTANT),
        ("recordedtime", _INSTANT),
    ]
)
_INTERVAL: Final = pa.struct(
    [
        ("mode", pa.string()),
        ("start", _INSTANT),
        ("end", _INSTANT),
        ("via", pa.string()),
        ("start_inferred", pa.bool_()),
        ("end_inferred", pa.string()),
        ("left_inferred", pa.string()),
        ("grade", pa.string()),
        ("facts", pa.list_(pa.string())),
        ("sources", pa.list_(pa.string())),
        ("contradicted_by", pa.list_(pa.string())),
    ]
)
_INTERVAL_FIELDS: Final = tuple(field.name for field in _INTERVAL)
PRESENCE: Final = pa.schema(
    [
        ("event_id", pa.string()),
        ("participant_id", pa.string()),
        ("guest_id", pa.string()),
        ("status", pa.string()),
        ("registered_mode", pa.string()),
        ("registration", pa.string()),
        ("linked_to", pa.string()),
        *((f"seconds_{mode}", pa.float64()) for mode in ("in_person", "remote", "both", "total")),
        ("intervals", pa.list_(_INTERVAL)),
        ("contradictions", pa.list_(pa.struct([("fact_id", pa.string()), ("time", _INSTANT), ("kind", pa.string())]))),
        ("suspect", pa.list_(pa.string())),
    ]
)


class Row(NamedTuple):
    """One record of an event, and where it stands in the log."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None


class _Said(NamedTuple):
    """What a fact says of itself, its instants in milliseconds since the epoch."""

    id: str
    type: str
    source: str
    subject: str | None
    time: int
    recordedtime: int


_NOTHING: Final = (None,) * len(_Said._fields)


def write_facts(event_id: str, rows: Sequence[Row]) -> bytes:
    """A file of facts about one event."""
    said = [_said(row.value, event_id) or _NOTHING for row in rows]
    columns: dict[str, Any] = {
        "event_id": [event_id] * len(rows),
        "key": [event_id.encode()] * len(rows),
        **{name: list(map(attrgetter(name), rows)) for name in Row._fields},
        **dict(zip(_Said._fields, zip(*said, strict=True), strict=True)),
    }
    table = pa.table([pa.array(columns[field.name], field.type) for field in FACTS], schema=FACTS)
    return _written(table.sort_by(_SORTED))


def read_facts(content: bytes) -> list[Row]:
    """The records of a file, in the order in which they stand on each topic."""
    table = parquet.read_table(pa.BufferReader(content), columns=list(Row._fields))
    table = table.sort_by([("topic", "ascending"), ("offset", "ascending")])
    columns = [_plain(table[name]).to_pylist() for name in Row._fields]
    return list(map(Row, *columns))


def write_presences(event_id: str, people: Mapping[str, Presence]) -> tuple[bytes, int]:
    """A file of everybody's presence, by id, and how many they are."""
    rows = [_presence_row(event_id, who, people[who]) for who in sorted(people) if people[who] != NOBODY]
    return _written(pa.Table.from_pylist(rows, schema=PRESENCE)), len(rows)


def known_fact(value: bytes | None, event_id: str) -> KnownFact | None:
    """The fact that a record about an event holds; None if attendance does not take it."""
    try:
        fact = decode(value or b"")
    except UnreadableRecordError:
        return None
    if isinstance(fact, PresenceChanged | PresenceEarlier | TimelineEntry) or fact.data.event_id != event_id:
        return None
    return fact


def _said(value: bytes | None, event_id: str) -> _Said | None:
    """The columns of a record; None if attendance does not take it."""
    quick = None if value is None else wire.read(value)
    if quick is not None and quick.data.event_id == event_id and wire.is_identifier(quick.id):
        try:
            times = wire.milliseconds(quick.time), wire.milliseconds(quick.recordedtime)
        except ValueError:  # not written in the one canonical way: read it in full
            pass
        else:
            if wire.is_identifier(quick.subject):
                return _Said(quick.id, _TYPES[type(quick)], quick.source, quick.subject, *times)
    fact = known_fact(value, event_id)
    if fact is None:
        return None
    stamps = fact.model_dump(mode="json", include={"time", "recordedtime"})
    return _Said(
        fact.id,
        fact.type,
        fact.source,
        fact.subject,
        milliseconds(stamps["time"]),
        milliseconds(stamps["recordedtime"]),
    )


def _presence_row(event_id: str, who: str, presence: Presence) -> dict[str, Any]:
    lengths = seconds(presence.durations)
    return {
        "event_id": event_id,
        "guest_id" if is_guest_id(who) else "participant_id": who,
        "status": presence.status.value,
        "registered_mode": presence.registered_mode and presence.registered_mode.value,
        "registration": presence.registration and presence.registration.value,
        "linked_to": presence.linked_to,
        **{f"seconds_{mode}": length for mode, length in lengths.items()},
        "intervals": [_interval(interval_data(one)) for one in presence.intervals],
        "contradictions": [
            {"fact_id": one.fact_id, "time": one.time, "kind": one.kind.value} for one in presence.contradictions
        ],
        "suspect": presence.suspect,
    }


def _interval(told: PresenceInterval) -> dict[str, Any]:
    return {name: getattr(told, name) for name in _INTERVAL_FIELDS}


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd", row_group_size=_ROW_GROUP, store_schema=True)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """An instant as the number it is."""
    return column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
