"""When an event takes place: its days, its half-days, its sessions, and which of them run at the same time. Pure.

Instants are milliseconds. A cancelled session is none. An agenda, where there is one, says when an event takes place;
else the event's own start and end do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise
from typing import Final

from services.attendance.domain.intervals import Span, union

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_DAY: Final = timedelta(days=1)
_NOON: Final = time(13)
"""Where a day is split in half: half-days are signed for in France, and lunch is before one o'clock."""


class Half(StrEnum):
    """A half of a day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfDay:
    """Half a day of an event, from the first minute of it in which something takes place to the last."""

    day: date
    half: Half
    start: int
    end: int

    @property
    def id(self) -> str:
        """Such as `2026-11-24/morning`."""
        return f"{self.day}/{self.half}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A session that takes place; `room` is the name of its room."""

    id: str
    title: str
    start: int
    end: int
    room: str | None = None

    def is_elsewhere(self, other: "Slot") -> bool:
        """Whether nobody can be in both at once; of a session without a room, nothing else is known."""
        return self.room is None or self.room != other.room


@dataclass(frozen=True, slots=True, kw_only=True)
class Parallel:
    """A stretch of time in which sessions run at different places."""

    start: int
    end: int
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """When an event takes place; all are in order of time.

    `days` are the hours of each of its days, which hold its half-days and its sessions: nights lie between them.
    """

    days: tuple[Span, ...]
    half_days: tuple[HalfDay, ...]
    slots: tuple[Slot, ...]
    parallels: tuple[Parallel, ...]

    @property
    def planned(self) -> int:
        """How long all half-days are together."""
        return sum(half.end - half.start for half in self.half_days)

    def alone(self, slot: Slot) -> list[Span]:
        """When a session runs and none at another place does."""
        spans, start = [], slot.start
        for parallel in self.parallels:
            if slot in parallel.slots:
                spans.append((start, parallel.start))
                start = parallel.end
        return [(start, end) for start, end in (*spans, (start, slot.end)) if start < end]


def agenda_of(slots: Iterable[Slot], *, start: int, end: int, zone: tzinfo) -> Agenda:
    """The agenda of an event that lasts from `start` to `end`, in its own time zone; a slot without length is none."""
    ordered = tuple(sorted((slot for slot in slots if slot.start < slot.end), key=lambda one: (one.start, one.id)))
    taking_place = union((slot.start, slot.end) for slot in ordered) or _hours(start, end, zone)
    half_days = _half_days(taking_place, zone)
    return Agenda(
        days=_days(half_days, start, end, zone), half_days=half_days, slots=ordered, parallels=_parallels(ordered)
    )


def _half_days(taking_place: Sequence[Span], zone: tzinfo) -> tuple[HalfDay, ...]:
    """What takes place, cut at midnight and at one o'clock of the event's zone."""
    if not taking_place:
        return ()
    found = []
    day, last = _date(taking_place[0][0], zone), _date(taking_place[-1][1] - 1, zone)
    while day <= last:
        midnight, noon, following = _at(day, time(), zone), _at(day, _NOON, zone), _at(day + _DAY, time(), zone)
        for half, start, end in ((Half.MORNING, midnight, noon), (Half.AFTERNOON, noon, following)):
            within = _clipped(taking_place, start, end)
            if within:
                found.append(HalfDay(day=day, half=half, start=within[0][0], end=within[-1][1]))
        day += _DAY
    return tuple(found)


def _hours(start: int, end: int, zone: tzinfo) -> list[Span]:
    """The hours of each day of an event without an agenda: those at which it begins and ends, if they fit into a day.

    A training from Monday at nine to Friday at five goes on from nine to five.
    """
    if start >= end:
        return []
    first, last = _date(start, zone), _date(end - 1, zone)
    opens, closes = (_local(at, zone).time() for at in (start, end))
    if opens >= closes:
        return [(start, end)]
    days = (first + _DAY * number for number in range((last - first).days + 1))
    hours = ((max(start, _at(day, opens, zone)), min(end, _at(day, closes, zone))) for day in days)
    return [(opened, closed) for opened, closed in hours if opened < closed]


def _days(half_days: Sequence[HalfDay], start: int, end: int, zone: tzinfo) -> tuple[Span, ...]:
    """From the first minute of each day to the last; the event's own start and end may be before and after."""
    hours: dict[date, Span] = {}
    for half in half_days:
        earliest, latest = hours.get(half.day, (half.start, half.end))
        hours[half.day] = min(earliest, half.start), max(latest, half.end)
    for at, day in ((start, _date(start, zone)), (end, _date(max(start, end - 1), zone))):
        if day in hours:
            earliest, latest = hours[day]
            hours[day] = min(earliest, at), max(latest, at)
    return tuple(union(hours.values()))


def _parallels(slots: Sequence[Slot]) -> tuple[Parallel, ...]:
    found = []
    marks = sorted({mark for slot in slots for mark in (slot.start, slot.end)})
    running: list[Slot] = []
    following = iter(slots)
    waiting = next(following, None)
    for start, end in pairwise(marks):
        running = [slot for slot in running if slot.end > start]
        while waiting is not None and waiting.start <= start:
            running.append(waiting)
            waiting = next(following, None)
        if any(running[0].is_elsewhere(other) for other in running[1:]):
            found.append(Parallel(start=start, end=end, slots=tuple(running)))
    return tuple(found)


def _clipped(spans: Iterable[Span], start: int, end: int) -> list[Span]:
    cut = ((max(start, one), min(end, other)) for one, other in spans)
    return [(one, other) for one, other in cut if one < other]


def _local(at: int, zone: tzinfo) -> datetime:
    return (_EPOCH + _MILLISECOND * at).astimezone(zone)


def _date(at: int, zone: tzinfo) -> date:
    return _local(at, zone).date()


def _at(day: date, clock: time, zone: tzinfo) -> int:
    return (datetime.combine(day, clock, tzinfo=zone) - _EPOCH) // _MILLISECOND
