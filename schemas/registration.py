"""`passerelle-registration`: events, sessions, rooms; registrations and mode changes; identity links.

Owner: registration. Retention: forever. Names and addresses of people never stand here: only random ids.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.envelope import Fact, FactData, Identifier, Instant, Wire


class Mode(StrEnum):
    """How a person takes part."""

    IN_PERSON = "in_person"
    REMOTE = "remote"


class EventStatus(StrEnum):
    """Where an event stands in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class SeatStatus(StrEnum):
    """Whether a registration has a seat."""

    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"


class Capacity(Wire):
    """Seats by mode; null is without limit."""

    in_person: Annotated[int, Field(ge=0)] | None = None
    remote: Annotated[int, Field(ge=0)] | None = None


class Conference(Wire):
    """The platform's own name of a room: `source` is the name of a source of the bridge."""

    source: Identifier
    room: Annotated[str, Field(min_length=1, max_length=500)]


class Room(Wire):
    """A place to be, physical, virtual or both; `conference` claims the deliveries of a platform's room."""

    room_id: Identifier
    name: str
    conference: Conference | None = None


class Session(Wire):
    """A part of the agenda; `room` is the name of a room of the event.

    Who speaks there, and what is said of it, stands in the database of registration alone. One that is `cancelled` does
    not take place. With `registration_needed` people register for it; else its capacity is only told.
    """

    session_id: Identifier
    title: str
    starts_at: Instant
    ends_at: Instant
    room: str | None = None
    capacity: Capacity = Capacity()
    cancelled: bool = False
    registration_needed: bool = False


class EventData(FactData):
    """The whole event as it stands after the fact.

    `closed_at` is when it was closed by hand before its end and its grace had passed; absent where the clock closed it.
    `series` is the name that it shares with the events it is compared with.
    """

    title: str
    status: EventStatus
    starts_at: Instant
    ends_at: Instant
    timezone: str
    capacity: Capacity = Capacity()
    grace_seconds: Annotated[int, Field(ge=0)] = 900
    reconnect_grace_seconds: Annotated[int, Field(ge=0)] = 60
    sessions: tuple[Session, ...] = ()
    rooms: tuple[Room, ...] = ()
    closed_at: Instant | None = None
    series: Annotated[str, Field(max_length=200)] | None = None


class EventCreated(Fact):
    """An event was created, as a draft."""

    type: Literal["passerelle.registration.event.created.v1"]
    data: EventData


class EventChanged(Fact):
    """Something of the event was edited."""

    type: Literal["passerelle.registration.event.changed.v1"]
    data: EventData


class EventPublished(Fact):
    """The event is open to the public."""

    type: Literal["passerelle.registration.event.published.v1"]
    data: EventData


class EventClosed(Fact):
    """The event is over: intervals still open end at its end plus its grace, or at `closed_at` if that is earlier."""

    type: Literal["passerelle.registration.event.closed.v1"]
    data: EventData


class EventCancelled(Fact):
    """The event does not take place."""

    type: Literal["passerelle.registration.event.cancelled.v1"]
    data: EventData


class SeatData(FactData):
    """A registration as it stands after the fact; the participant is the envelope's `subject`.

    `waits_for` is what somebody waits for who has a seat, or who waits for either mode; absent where mode and status
    say all. `headcount` is set for a venue: how many people, as attested, take part behind its one connection.
    """

    mode: Mode
    status: SeatStatus
    waits_for: tuple[Mode, ...] | None = None
    headcount: Annotated[int, Field(ge=1)] | None = None


class OfferData(SeatData):
    """The same, with the seat that is kept: of `offered`, until `expires_at`."""

    offered: Mode
    expires_at: Instant


class OfferEnd(StrEnum):
    """Why an offered seat is kept no more."""

    EXPIRED = "expired"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class OfferWithdrawnData(SeatData):
    """The same, with the seat of `offered` that is kept no more, and why."""

    offered: Mode
    reason: OfferEnd


class ParticipantRegistered(Fact):
    """Somebody registered; `subject` is the new participant id."""

    type: Literal["passerelle.registration.participant.registered.v1"]
    subject: Identifier
    data: SeatData


class ParticipantConfirmed(Fact):
    """A seat was given to somebody on the waitlist."""

    type: Literal["passerelle.registration.participant.confirmed.v1"]
    subject: Identifier
    data: SeatData


class ParticipantModeChanged(Fact):
    """A participant changed between in person and remote."""

    type: Literal["passerelle.registration.participant.mode_changed.v1"]
    subject: Identifier
    data: SeatData


class ParticipantCancelled(Fact):
    """A registration was withdrawn; what was attended stays."""

    type: Literal["passerelle.registration.participant.cancelled.v1"]
    subject: Identifier
    data: FactData


class SeatOffered(Fact):
    """A seat that came free is kept for who is the next to wait for it; it counts as taken."""

    type: Literal["passerelle.registration.seat.offered.v1"]
    subject: Identifier
    data: OfferData


class SeatOfferWithdrawn(Fact):
    """A seat is kept no more for whom it was offered to; the next to wait has it."""

    type: Literal["passerelle.registration.seat.offer_withdrawn.v1"]
    subject: Identifier
    data: OfferWithdrawnData


class SeatReleased(Fact):
    """Somebody never came for their seat in the room, and others wait for it."""

    type: Literal["passerelle.registration.seat.released.v1"]
    subject: Identifier
    data: SeatData


class SeatChanged(Fact):
    """Something of a registration other than its mode and status changed."""

    type: Literal["passerelle.registration.seat.changed.v1"]
    subject: Identifier
    data: SeatData


class LinkData(FactData):
    """A guest and the participant they turned out to be."""

    guest_id: Identifier
    participant_id: Identifier


class IdentityLinked(Fact):
    """A guest is a participant; `subject` is the participant id."""

    type: Literal["passerelle.registration.identity.linked.v1"]
    subject: Identifier
    data: LinkData


class IdentityUnlinked(Fact):
    """The link between a guest and a participant is undone."""

    type: Literal["passerelle.registration.identity.unlinked.v1"]
    subject: Identifier
    data: LinkData


class TimeAcceptanceData(FactData):
    """The fact whose time looked impossible and was looked at by an organizer."""

    fact_id: Identifier


class TimeAccepted(Fact):
    """A suspect time is right after all, and counts; `subject` is that of the suspect fact, absent for a room's."""

    type: Literal["passerelle.registration.time.accepted.v1"]
    data: TimeAcceptanceData


class TimeAcceptanceWithdrawn(Fact):
    """The acceptance of a suspect time is undone."""

    type: Literal["passerelle.registration.time.acceptance_withdrawn.v1"]
    data: TimeAcceptanceData
