"""The figures of an event, as the read API answers them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from schemas.envelope import Instant
from schemas.registration import Capacity, EventData, EventStatus
from services.attendance.application.statistics import Figures, Statistics
from services.attendance.application.translation import instant
from services.attendance.domain.heads import Heads, Minute, Peak
from services.attendance.web.moments import WhyEmpty


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
    """How many ends rest on something that nobody saw."""

    room_closed: int
    room_reopened: int
    event_closed: int
    silence: int


class Inferred(BaseModel):
    """How much of the intervals was inferred: starts that a leave told, ends that no leave told."""

    starts: int
    ends: InferredEnds


class Evidence(BaseModel):
    """How many intervals rest on what evidence."""

    observed: int
    inferred: int
    contradicted: int


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
    evidence: Evidence
    contradictions: Annotated[int, Field(description="Facts that say somebody went who was not there.")]
    suspect: Annotated[int, Field(description="Facts left out until somebody accepts their impossible time.")]
    curve: list[CurvePoint]
    why_empty: WhyEmpty | None = None


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
        evidence=Evidence(**{grade.value: count for grade, count in counted.evidence.items()}),
        contradictions=counted.contradictions,
        suspect=counted.suspect,
        curve=_points(counted.curve),
    )


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
