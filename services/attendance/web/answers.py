"""What the read API answers, as pydantic models, and how it is made from the domain."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from schemas.envelope import Instant
from schemas.identifiers import is_guest_id
from schemas.presence import EndInferred, PresenceStatus, Seconds
from schemas.registration import Capacity, EventData, EventStatus, Mode, SeatStatus
from services.attendance.application.reading import Report
from services.attendance.application.statistics import Figures, Statistics
from services.attendance.application.translation import instant
from services.attendance.domain.facts import Registration
from services.attendance.domain.heads import Heads, Minute, Peak
from services.attendance.domain.intervals import Durations, Interval, durations
from services.attendance.domain.reading import Entry, Standing


def horizon_of(report: Report) -> datetime | None:
    """The time of the latest sighting behind a report."""
    return None if report.horizon is None else instant(report.horizon)


class Reached(BaseModel):
    """The presence of an entry's subject once its fact was known; seconds are of intervals that had ended."""

    status: PresenceStatus
    seconds: Seconds


class TimelineItem(BaseModel):
    """One fact of the timeline. It has `participant_id`, `guest_id`, or neither if it is about the event."""

    id: str
    time: Instant
    recorded_time: Instant
    type: str
    source: str
    participant_id: str | None = None
    guest_id: str | None = None
    mode: Mode | None = None
    room: str | None = None
    gate: str | None = None
    presence: Reached | None = None


class IntervalItem(BaseModel):
    """A span of presence; `end` is null while it goes on."""

    mode: Mode
    start: Instant
    end: Instant | None
    via: str
    start_inferred: bool
    end_inferred: EndInferred | None


class PersonItem(BaseModel):
    """The presence of one participant or guest. What goes on counts up to the answer's `horizon`."""

    participant_id: str | None = None
    guest_id: str | None = None
    status: PresenceStatus
    registered_mode: Mode | None
    registration: SeatStatus | Literal["cancelled"] | None
    intervals: list[IntervalItem]
    seconds: Seconds


class Person(PersonItem):
    """The presence of one, with the time of the latest sighting known."""

    horizon: Instant | None


class People(BaseModel):
    """A page of presences; `next` is the cursor of the page that follows, null on the last."""

    items: list[PersonItem]
    next: str | None = None
    horizon: Annotated[Instant | None, Field(description="The time of the latest sighting known.")]


class Count(BaseModel):
    """How many people: total = in_person + remote - both."""

    in_person: int
    remote: int
    both: int
    total: int


class Seats(BaseModel):
    """How many have a seat, by the mode they registered for, and how many wait for one."""

    in_person: int
    remote: int
    total: int
    waitlisted: int


class Highest(BaseModel):
    """The most people at once, and when that was first so."""

    count: int
    at: Instant


class Highests(BaseModel):
    """Peaks by mode; null where there never was anybody."""

    in_person: Highest | None
    remote: Highest | None
    both: Highest | None
    total: Highest | None


class InferredEnds(BaseModel):
    """How many ends rest on something else than a closing fact of their own."""

    room_closed: int
    room_reopened: int
    event_closed: int


class Inferred(BaseModel):
    """How much of the intervals was inferred: starts that a leave told, ends that no leave told."""

    starts: int
    ends: InferredEnds


class CurvePoint(Count):
    """Who was here at the beginning of a minute."""

    at: Instant


class Now(BaseModel):
    """The figures of the moment."""

    horizon: Instant | None
    status: EventStatus
    capacity: Capacity
    registered: Seats
    present: Count
    ever_present: Annotated[Count, Field(description="`both`: came in each mode at some time.")]


class Stats(Now):
    """All figures of an event."""

    event_id: str
    as_of: Instant | None
    peak: Highests
    inferred: Inferred
    curve: list[CurvePoint]


def timeline_item(entry: Entry) -> TimelineItem:
    """An entry as it is answered."""
    return TimelineItem(
        id=entry.id,
        time=instant(entry.time),
        recorded_time=instant(entry.recorded),
        type=entry.type,
        source=entry.source,
        participant_id=entry.participant_id,
        guest_id=None if entry.participant_id else entry.guest_id,
        mode=None if entry.mode is None else Mode(entry.mode),
        room=entry.told("room"),
        gate=entry.told("gate"),
        presence=None
        if entry.reached is None
        else Reached(status=PresenceStatus(entry.reached.status), seconds=_seconds(entry.reached.durations)),
    )


def person_item(standing: Standing, *, horizon: int | None) -> PersonItem:
    """A presence as it is answered."""
    presence = standing.presence
    guest = is_guest_id(standing.subject)
    return PersonItem(
        participant_id=None if guest else standing.subject,
        guest_id=standing.subject if guest else None,
        status=PresenceStatus(presence.status),
        registered_mode=None if presence.registered_mode is None else Mode(presence.registered_mode),
        registration=_registration(presence.registration),
        intervals=[_interval_item(interval) for interval in presence.intervals],
        seconds=_seconds(durations(presence.intervals, horizon=horizon)),
    )


def now(figures: Figures, *, event: EventData, horizon: int | None) -> Now:
    """The figures of the moment, as they are answered."""
    seats = figures.registered
    return Now(
        horizon=None if horizon is None else instant(horizon),
        status=event.status,
        capacity=event.capacity,
        registered=Seats(
            in_person=seats.in_person, remote=seats.remote, total=seats.total, waitlisted=seats.waitlisted
        ),
        present=_count(figures.present),
        ever_present=_count(figures.ever),
    )


def stats(counted: Statistics, *, event: EventData, horizon: int | None, as_of: datetime | None) -> Stats:
    """All figures, as they are answered."""
    peaks = counted.peaks
    return Stats(
        **dict(now(counted.figures, event=event, horizon=horizon)),
        event_id=event.event_id,
        as_of=as_of,
        peak=Highests(
            in_person=_highest(peaks.in_person),
            remote=_highest(peaks.remote),
            both=_highest(peaks.both),
            total=_highest(peaks.total),
        ),
        inferred=Inferred(
            starts=counted.inferred_starts,
            ends=InferredEnds(**{reason.value: count for reason, count in counted.inferred_ends.items()}),
        ),
        curve=_points(counted.curve),
    )


def _registration(known: Registration | None) -> SeatStatus | Literal["cancelled"] | None:
    if known is None:
        return None
    return "cancelled" if known is Registration.CANCELLED else SeatStatus(known)


def _points(minutes: Sequence[Minute]) -> list[CurvePoint]:
    return [
        CurvePoint(
            at=instant(minute.at),
            in_person=minute.heads.in_person,
            remote=minute.heads.remote,
            both=minute.heads.both,
            total=minute.heads.total,
        )
        for minute in minutes
    ]


def _count(heads: Heads) -> Count:
    return Count(in_person=heads.in_person, remote=heads.remote, both=heads.both, total=heads.total)


def _highest(peak: Peak | None) -> Highest | None:
    return None if peak is None else Highest(count=peak.count, at=instant(peak.at))


def _interval_item(interval: Interval) -> IntervalItem:
    return IntervalItem(
        mode=Mode(interval.mode),
        start=instant(interval.start),
        end=None if interval.end is None else instant(interval.end),
        via=interval.via,
        start_inferred=interval.start_inferred,
        end_inferred=None if interval.end_inferred is None else EndInferred(interval.end_inferred),
    )


def _seconds(lengths: Durations) -> Seconds:
    return Seconds(
        in_person=lengths.in_person / 1000,
        remote=lengths.remote / 1000,
        both=lengths.both / 1000,
        total=lengths.total / 1000,
    )
