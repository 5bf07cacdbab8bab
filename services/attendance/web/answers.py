"""What the read API answers, as pydantic models, and how it is made from the domain."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from schemas.envelope import Instant
from schemas.identifiers import is_guest_id
from schemas.presence import ContradictionKind, Grade, PresenceStatus, Seconds
from schemas.registration import Mode, SeatStatus
from schemas.timeline import SuspectTime
from services.attendance.application.reading import Report
from services.attendance.application.timeline_items import item_of, seconds_of
from services.attendance.application.translation import instant
from services.attendance.domain.facts import Registration
from services.attendance.domain.intervals import Durations, EndInferred, Interval, durations
from services.attendance.domain.reading import Entry, Standing
from services.attendance.web.moments import WhyEmpty
from services.chassis.paging import Page


def horizon_of(report: Report) -> datetime | None:
    """The time of the latest sighting behind a report."""
    return None if report.horizon is None else instant(report.horizon)


class Reached(BaseModel):
    """The presence of an entry's subject once its fact was known; seconds are of intervals that had ended."""

    status: PresenceStatus
    seconds: Seconds


class InferredEnd(BaseModel):
    """Which presence attendance takes for ended: where it began, and the two facts that the end rests on."""

    start: Instant
    via: str
    reason: EndInferred
    facts: list[str]


class TimelineItem(BaseModel):
    """One fact of the timeline. It has `participant_id`, `guest_id`, or neither if it is about the event.

    A fact with a `suspect_time` counts for nothing until an organizer has accepted it. An inferred end says what it
    `ends`; if it was `withdrawn_at` some instant, a fact recorded then made it untrue, and it counts no longer.
    """

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
    suspect_time: SuspectTime | None = None
    accepted: Annotated[bool | None, Field(description="Null where nothing is suspect.")] = None
    ends: InferredEnd | None = None
    inferred: Annotated[str | None, Field(description="What a leave rests on that nobody saw: `silence`.")] = None
    withdrawn_at: Instant | None = None


class Timeline(Page[TimelineItem]):
    """A page of the timeline."""

    why_empty: WhyEmpty | None = None


class IntervalItem(BaseModel):
    """A span of presence; `end` is null while it goes on."""

    mode: Mode
    start: Instant
    end: Instant | None
    via: str
    start_inferred: bool
    end_inferred: EndInferred | None
    facts: Annotated[list[str], Field(description="The ids of what it rests on: what opened it, what ended it.")]
    sources: Annotated[list[str], Field(description="Who told those facts.")]
    contradicted_by: Annotated[list[str], Field(description="The ids of facts that do not fit it.")]
    grade: Grade


class ContradictionItem(BaseModel):
    """A fact that says somebody went who was not there. It changes no interval."""

    fact_id: str
    time: Instant
    kind: ContradictionKind


class PersonItem(BaseModel):
    """The presence of one participant or guest. What goes on counts up to the answer's `horizon`."""

    participant_id: str | None = None
    guest_id: str | None = None
    status: PresenceStatus
    registered_mode: Mode | None
    registration: SeatStatus | Literal["cancelled"] | None
    intervals: list[IntervalItem]
    seconds: Seconds
    contradictions: list[ContradictionItem]
    suspect: Annotated[list[str], Field(description="The ids of facts left out: their time cannot be right.")]


class Person(PersonItem):
    """The presence of one, with the time of the latest sighting known."""

    horizon: Instant | None
    why_empty: WhyEmpty | None = None


class People(BaseModel):
    """A page of presences; `next` is the cursor of the page that follows, null on the last."""

    items: list[PersonItem]
    next: str | None = None
    horizon: Annotated[Instant | None, Field(description="The time of the latest sighting known.")]
    why_empty: WhyEmpty | None = None


def timeline_item(entry: Entry) -> TimelineItem:
    """An entry as it is answered."""
    return TimelineItem.model_validate(item_of(entry))


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
        seconds=seconds(durations(presence.intervals, horizon=horizon)),
        contradictions=[
            ContradictionItem(fact_id=found.fact_id, time=instant(found.time), kind=ContradictionKind(found.kind))
            for found in presence.contradictions
        ],
        suspect=list(presence.suspect),
    )


def _registration(known: Registration | None) -> SeatStatus | Literal["cancelled"] | None:
    if known is None:
        return None
    return "cancelled" if known is Registration.CANCELLED else SeatStatus(known)


def _interval_item(interval: Interval) -> IntervalItem:
    return IntervalItem(
        mode=Mode(interval.mode),
        start=instant(interval.start),
        end=None if interval.end is None else instant(interval.end),
        via=interval.via,
        start_inferred=interval.start_inferred,
        end_inferred=interval.end_inferred,
        facts=list(interval.facts),
        sources=list(interval.sources),
        contradicted_by=list(interval.contradicted_by),
        grade=Grade(interval.grade),
    )


def seconds(lengths: Durations) -> Seconds:
    """A length of time by mode, as it is answered."""
    return Seconds.model_validate(seconds_of(lengths))
