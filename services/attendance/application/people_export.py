"""The people of an event in rows for other programs: their presence, and the minutes they attended."""

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, Final

from schemas.identifiers import is_guest_id
from services.attendance.application.attendance_records import AttendanceRecords, EventRecords
from services.attendance.application.reading import Reading
from services.attendance.application.rebuild import interval_data
from services.attendance.application.records import seconds
from services.attendance.application.timeline_export import Format, Item, Sheet, write_items
from services.attendance.application.timeline_files import Columns, Kind
from services.attendance.application.translation import instant
from services.attendance.domain.attended import Attended
from services.attendance.domain.intervals import durations
from services.attendance.domain.reading import Standing

_PAGE: Final = 1000
_MINUTE: Final = 60_000
_LISTED: Final = ("facts", "sources", "contradicted_by")
_WHOSE: Final[Columns] = {"event_id": Kind.TEXT, "participant_id": Kind.TEXT, "guest_id": Kind.TEXT}
_LENGTHS: Final[Columns] = {f"seconds_{mode}": Kind.NUMBER for mode in ("in_person", "remote", "both", "total")}

PRESENCE_COLUMNS: Final[Columns] = {
    **_WHOSE,
    "status": Kind.TEXT,
    "registered_mode": Kind.TEXT,
    "registration": Kind.TEXT,
    **_LENGTHS,
    "horizon": Kind.INSTANT,
    "mode": Kind.TEXT,
    "start": Kind.INSTANT,
    "end": Kind.INSTANT,
    "via": Kind.TEXT,
    "start_inferred": Kind.TRUTH,
    "end_inferred": Kind.TEXT,
    "left_inferred": Kind.TEXT,
    "grade": Kind.TEXT,
    **dict.fromkeys(_LISTED, Kind.TEXT),
}
"""A row an interval; whoever was never there has one with none."""
MINUTES_COLUMNS: Final[Columns] = {
    **_WHOSE,
    "part": Kind.TEXT,
    "part_id": Kind.TEXT,
    "title": Kind.TEXT,
    "starts_at": Kind.INSTANT,
    "ends_at": Kind.INSTANT,
    "minutes": Kind.NUMBER,
    **_LENGTHS,
    "seconds_inferred": Kind.NUMBER,
    "seconds_bridged": Kind.NUMBER,
    "basis": Kind.TEXT,
    "attributed": Kind.TEXT,
}
"""A row for the whole event (`whole`), each half-day (`half_day`) and each session (`session`) of each person."""


async def write_presence(
    reading: Reading, event_id: str, *, as_of: datetime | None, form: Format, out: BinaryIO
) -> int:
    """Write where all stood, as known at `as_of`; gives the number of rows. What goes on counts up to the horizon.

    `ndjson` has a person a line with their intervals, the others an interval a row.

    Raises:
        UnknownEventError: if no fact tells of such an event; nothing is written then.
        TooManyEntriesError: if a sheet cannot hold them all; what is in `out` is of no use then.
    """
    await reading.event(event_id)
    return await write_items(_presences(reading, event_id, as_of), _PRESENCE, form, out)


async def write_minutes(
    records: AttendanceRecords, event_id: str, *, as_of: datetime, form: Format, out: BinaryIO
) -> int:
    """Write how long each attended, of the event and of its parts, as known at `as_of`; gives the number of rows.

    Raises:
        UnknownEventError: if no fact tells of such an event; nothing is written then.
        TooManyEntriesError: if a sheet cannot hold them all; what is in `out` is of no use then.
    """
    found = await records.of(event_id, as_of=as_of, guests=True)

    async def rows() -> AsyncIterator[Item]:
        for row in _minutes(found):
            yield row

    return await write_items(rows(), _MINUTES, form, out)


async def _presences(reading: Reading, event_id: str, as_of: datetime | None) -> AsyncIterator[Item]:
    after = ""
    while True:
        report = await reading.people(event_id, as_of=as_of, after=after, limit=_PAGE)
        for standing in report.standings:
            yield _presence(event_id, standing, report.horizon)
        if len(report.standings) < _PAGE:
            return
        after = report.standings[-1].subject


def _presence(event_id: str, standing: Standing, horizon: int | None) -> dict[str, Any]:
    presence = standing.presence
    return {
        **_whose(event_id, standing.subject),
        "status": presence.status.value,
        "registered_mode": presence.registered_mode and presence.registered_mode.value,
        "registration": presence.registration and presence.registration.value,
        "seconds": seconds(durations(presence.intervals, horizon=horizon)),
        "horizon": None if horizon is None else instant(horizon),
        "intervals": [
            {**interval_data(one).model_dump(), **{name: list(getattr(one, name)) for name in _LISTED}}
            for one in presence.intervals
        ],
    }


def _presence_rows(item: Item) -> Iterable[Item]:
    same = {**item, **{f"seconds_{mode}": length for mode, length in item["seconds"].items()}}
    intervals: list[dict[str, Any]] = item["intervals"] or [{}]
    for interval in intervals:
        yield {**same, **interval, **{name: " ".join(interval.get(name, ())) or None for name in _LISTED}}


def _minutes(found: EventRecords) -> Iterator[Item]:
    parts: list[tuple[str, str | None, str | None, int | None, int | None]] = [
        *(("half_day", half.id, None, half.start, half.end) for half in found.agenda.half_days),
        *(("session", slot.id, slot.title, slot.start, slot.end) for slot in found.agenda.slots),
    ]
    for one in found.people:
        whose = _whose(found.event.event_id, one.person.subject)
        yield {**whose, "part": "whole", "title": found.event.title, **_lengths(one.record.whole)}
        counted = {**one.record.half_days, **one.record.sessions}
        for part, part_id, title, start, end in parts:
            yield {
                **whose,
                "part": part,
                "part_id": part_id,
                "title": title,
                "starts_at": None if start is None else instant(start),
                "ends_at": None if end is None else instant(end),
                **_lengths(counted[part_id or ""]),
            }


def _lengths(attended: Attended) -> dict[str, Any]:
    return {
        "minutes": float(attended.durations.total // _MINUTE),
        **{f"seconds_{mode}": length for mode, length in seconds(attended.durations).items()},
        "seconds_inferred": attended.inferred / 1000,
        "seconds_bridged": attended.bridged / 1000,
        "basis": attended.basis.value,
        "attributed": attended.attributed and attended.attributed.value,
    }


def _whose(event_id: str, subject: str) -> dict[str, str | None]:
    is_guest = is_guest_id(subject)
    return {
        "event_id": event_id,
        "participant_id": None if is_guest else subject,
        "guest_id": subject if is_guest else None,
    }


_PRESENCE: Final = Sheet(name="presence", columns=PRESENCE_COLUMNS, rows=_presence_rows)
_MINUTES: Final = Sheet(name="minutes", columns=MINUTES_COLUMNS, rows=lambda item: (item,))
