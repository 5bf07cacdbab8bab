"""What happened, in the past tense: the domain's own words, which the publisher turns into the wire format."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from services.registration.domain.checkins import Scan
from services.registration.domain.contests import Contest
from services.registration.domain.eligibility import Rules
from services.registration.domain.event import Event
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, OfferEnd
from services.registration.domain.session_places import SessionPlace
from services.registration.domain.suspect_times import TimeAcceptance


class EventStep(StrEnum):
    """What was done to an event."""

    CREATED = "created"
    CHANGED = "changed"
    PUBLISHED = "published"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class SeatStep(StrEnum):
    """What was done to a registration."""

    REGISTERED = "registered"
    CONFIRMED = "confirmed"
    MODE_CHANGED = "mode_changed"
    CANCELLED = "cancelled"
    OFFERED = "offered"
    RELEASED = "released"
    CHANGED = "changed"


class PlaceStep(StrEnum):
    """What was done to a place in a session."""

    TAKEN = "taken"
    CHANGED = "changed"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMoved:
    """An event was created, changed, published (again), closed or cancelled; `event` is as it stands after."""

    fact_id: str
    step: EventStep
    event: Event
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatMoved:
    """Something was done to a registration, which is as it stands after.

    `changed` is for what is neither its mode nor its status: what it waits for, the headcount of a venue.
    """

    fact_id: str
    step: SeatStep
    registration: Registration
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded:
    """A seat is kept no more for whom it was offered to; `registration` is as it stands after."""

    fact_id: str
    registration: Registration
    mode: Mode
    reason: OfferEnd
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlaceMoved:
    """Something was done to a place in a session, which is as it stands after."""

    fact_id: str
    step: PlaceStep
    place: SessionPlace
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketScanned:
    """Somebody came in or went out."""

    scan: Scan


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanVoided:
    """A scan was a mistake."""

    fact_id: str
    scan: Scan
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestIdentified:
    """A guest is (`linked`) or is no longer taken for a participant."""

    fact_id: str
    event_id: str
    guest_id: str
    participant_id: str
    linked: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeJudged:
    """An organizer accepted the time of a fact, or took that back."""

    fact_id: str
    acceptance: TimeAcceptance
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonErased:
    """What was known of a participant is deleted here; the guests are those known to be them."""

    fact_id: str
    event_id: str
    participant_id: str
    guests: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityChanged:
    """What it takes to have attended an event was changed; `version` counts the changes from 1."""

    fact_id: str
    event_id: str
    rules: Rules
    version: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceContested:
    """A participant contested their attendance."""

    fact_id: str
    contest: Contest


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestAnswered:
    """A contest was answered; one without an answer is one whose answer was taken back."""

    fact_id: str
    contest: Contest
    at: datetime


Fact: TypeAlias = (
    EventMoved
    | SeatMoved
    | OfferEnded
    | SessionPlaceMoved
    | TicketScanned
    | ScanVoided
    | GuestIdentified
    | TimeJudged
    | PersonErased
    | EligibilityChanged
    | AttendanceContested
    | ContestAnswered
)
