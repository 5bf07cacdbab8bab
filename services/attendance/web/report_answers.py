"""The report of an event as it is answered: pydantic models, from which its page and its files are drawn too."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from schemas.envelope import Instant
from schemas.registration import EventStatus
from services.attendance.web.moments import WhyEmpty

FORMAT_VERSION: Final = 1
"""Grows with each change by which the same facts would give another report."""

Hidden = "Null where it is hidden, because it is of too few people for this reader."


class Figure(BaseModel):
    """How many, and where those it counts are listed: people, or the timeline from where on it was so.

    There is no list for analysts, who may know how many, and never who.
    """

    value: Annotated[int | None, Field(description=Hidden)]
    facts: str | None


class ByMode(BaseModel):
    """How many people, each once in `total`; in each mode; and in `both`, perhaps never at once."""

    in_person: Figure
    remote: Figure
    both: Figure
    total: Figure


class BySeat(BaseModel):
    """How many people, by the mode they are registered for."""

    in_person: Figure
    remote: Figure
    total: Figure


class SecondsByMode(BaseModel):
    """Of all people together: total = in_person + remote - both, where both is at once."""

    in_person: int | None
    remote: int | None
    both: int | None
    total: int | None


class PeakFigure(Figure):
    """The most people at once, and when that was first so."""

    at: Instant | None


class PeaksByMode(BaseModel):
    """Peaks; null values where there never was anybody."""

    in_person: PeakFigure
    remote: PeakFigure
    both: PeakFigure
    total: PeakFigure


class ReportedEvent(BaseModel):
    """The event, as it was known then."""

    event_id: str
    title: str
    starts_at: Instant
    ends_at: Instant
    timezone: str
    status: EventStatus


class ReportSettings(BaseModel):
    """What the figures depend on beside the facts."""

    grace_seconds: Annotated[int, Field(description="After its end, an event that nobody closes is closed.")]
    reconnect_grace_seconds: Annotated[int, Field(description="Gaps up to this between remote intervals are bridged.")]
    half_days_split_at: Annotated[str, Field(description="In the time zone of the event.")]
    timezone: str
    smallest_group: Annotated[
        int | None, Field(description="Smaller groups are hidden from this reader; null: none is.")
    ]


class EvidenceRoot(BaseModel):
    """The Merkle tree over the facts that the report rests on."""

    root: str
    facts: int


class ReportedPeople(BaseModel):
    """Who there was to count; shared connections are no people. `absent` have a seat and were never seen."""

    registered: BySeat
    waitlisted: Figure
    cancelled: Figure
    came: ByMode
    guests: Annotated[Figure, Field(description="Of those who came, the ones whom no registration claims.")]
    absent: BySeat


class SharedConnections(BaseModel):
    """Venues behind one connection, apart from people, and how many people were attested behind them."""

    registered: Figure
    came: Figure
    headcount_registered: int | None
    headcount_came: int | None


class ReportedPart(BaseModel):
    """A half-day or a session; `mean` is how many were there at once on average, as far as it has come."""

    id: str
    title: str
    starts_at: Instant
    ends_at: Instant
    people: ByMode
    seconds: SecondsByMode
    mean: float | None
    peak: PeakFigure


class Presence(BaseModel):
    """All presence within the hours of the event; `mean` is how many were there on average over its half-days."""

    seconds: SecondsByMode
    mean: float | None
    peak: PeaksByMode


class RetentionStep(BaseModel):
    """How many were there at an instant of a session, and which share of those who were in it in that mode.

    Null where that has not come yet, where nobody was in it, and where it is hidden. `facts` leads to the timeline from
    that instant on.
    """

    percent: int
    at: Instant
    in_person: int | None
    in_person_share: float | None
    remote: int | None
    remote_share: float | None
    facts: str | None


class Retention(BaseModel):
    """Who stayed in a session."""

    session_id: str
    title: str
    in_person: Figure
    remote: Figure
    steps: list[RetentionStep]


class DurationClass(BaseModel):
    """How many people were there at least so long, and less than the next class: in all, and in each mode by itself.

    `…_facts` says where those of a mode are listed.
    """

    least_seconds: int
    below_seconds: int | None
    total: Figure
    in_person: int | None
    in_person_facts: str | None
    remote: int | None
    remote_facts: str | None


class DurationsOfStay(BaseModel):
    """How long people were there; mean and median of those who were there for any time."""

    mean_seconds: int | None
    median_seconds: int | None
    classes: list[DurationClass]


class QuarterHour(BaseModel):
    """Comings and goings in the fifteen minutes from `at` on; whoever comes back has come again."""

    at: Instant
    arrived_in_person: int | None
    arrived_remote: int | None
    left_in_person: int | None
    left_remote: int | None
    facts: str | None


class SwitchesTo(BaseModel):
    """Changes to a mode: of how many people, how often with no time away in between, and how often with some."""

    people: Figure
    without_gap: int | None
    with_gap: int | None


class ModeSwitches(BaseModel):
    """Who changed between the room and the link."""

    people: Figure
    to_remote: SwitchesTo
    to_in_person: SwitchesTo


class AssuredSeconds(BaseModel):
    """Seconds of presence of all people by the best that speaks for each instant."""

    observed: int | None
    inferred: int | None
    contradicted: int | None
    bridged: Annotated[int | None, Field(description="Gaps between remote intervals no longer than the grace.")]


class Reliability(BaseModel):
    """How good what the report rests on is; suspect facts count for nothing in it."""

    seconds: AssuredSeconds
    observed_intervals: int | None
    inferred_intervals: int | None
    contradicted_intervals: int | None
    inferred_starts: int | None
    inferred_ends: dict[str, int | None]
    people_inferred: Figure
    people_contradicted: Figure
    people_suspect: Figure
    contradictions: int | None
    suspect: int | None


class EventReportAnswer(BaseModel):
    """The report of an event as it was known at an instant. The same instant gives the same report."""

    format: Literal["passerelle-report"] = "passerelle-report"
    format_version: int = FORMAT_VERSION
    event: ReportedEvent
    as_of: Instant
    horizon: Annotated[Instant | None, Field(description="The latest sighting known; what goes on counts up to it.")]
    complete: Annotated[bool, Field(description="False: somebody, or some of somebody's time, is left out of it.")]
    open: Annotated[bool, Field(description="Whether the event was not over then: figures may become others.")]
    settings: ReportSettings
    evidence: Annotated[EvidenceRoot | None, Field(description="Null for analysts: facts have no few of a kind.")]
    people: ReportedPeople
    shared_connections: SharedConnections
    presence: Presence
    half_days: list[ReportedPart]
    sessions: list[ReportedPart]
    retention: list[Retention]
    durations: DurationsOfStay
    quarter_hours: list[QuarterHour]
    switches: ModeSwitches
    reliability: Reliability
    why_empty: WhyEmpty | None = None
