"""What clients get, as models."""

from typing import Literal

from pydantic import BaseModel

from schemas.envelope import Instant
from services.registration.application.ports import GuestLink
from services.registration.application.recognition import Recognised
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.event import ClosedBy, Event, EventStatus
from services.registration.domain.suspect_times import TimeAcceptance
from services.registration.web.question_views import QuestionView
from services.registration.web.stream_form import StreamView


class CapacityView(BaseModel):
    """Seats by mode; null is without limit."""

    in_person: int | None
    remote: int | None


class ConferenceView(BaseModel):
    """The platform's room."""

    source: str
    room: str


class RoomView(BaseModel):
    """A room; who may not manage the event sees neither its `conference` nor its `stream`."""

    room_id: str
    name: str
    conference: ConferenceView | None
    address: str | None
    stream: StreamView | None


class SessionView(BaseModel):
    """A part of the agenda."""

    session_id: str
    title: str
    starts_at: Instant
    ends_at: Instant
    room: str | None
    description: str | None
    speakers: list[str]
    capacity: CapacityView
    cancelled: bool
    registration_needed: bool


class ClosedView(BaseModel):
    """When and how an event was closed: whoever was still present is counted until `counted_until`."""

    at: Instant
    by: ClosedBy
    counted_until: Instant


class DataContactView(BaseModel):
    """Who answers for the personal data, as whoever registers is told."""

    controller: str
    email: str
    postal_address: str | None
    officer: str | None

    @classmethod
    def of(cls, contact: DataContact) -> "DataContactView":
        """A contact."""
        return cls(
            controller=contact.controller,
            email=contact.email,
            postal_address=contact.postal_address,
            officer=contact.officer,
        )


Warned = Literal["no_data_contact", "unknown_source"]


class EventView(BaseModel):
    """An event as it stands.

    `closes_at` is when the clock closes it, null if it does not. `closed` is null while it is open, `archived_at` while
    lists show it. `warnings` are for who manages it: with `no_data_contact`, people are not told who answers for their
    data; with `unknown_source`, a room names a conferencing source that is not there, so that nobody can join.
    """

    event_id: str
    title: str
    status: EventStatus
    starts_at: Instant
    ends_at: Instant
    timezone: str
    capacity: CapacityView
    grace_minutes: int
    reconnect_grace_seconds: int
    offer_minutes: int
    no_show_minutes: int | None
    description: str | None
    series: str | None
    sessions: list[SessionView]
    rooms: list[RoomView]
    closes_at: Instant | None
    closed: ClosedView | None
    archived_at: Instant | None
    data_contact: DataContactView | None
    questions: list[QuestionView]
    warnings: list[Warned]
    url: str

    @classmethod
    def of(cls, event: Event, *, public_url: str, whole: bool, unknown_source: bool = False) -> "EventView":
        """An event, `whole` for those who may manage it."""
        warned: dict[Warned, bool] = {"no_data_contact": event.data_contact is None, "unknown_source": unknown_source}
        return cls(
            event_id=event.event_id,
            title=event.title,
            status=event.status,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            timezone=event.timezone,
            capacity=CapacityView(in_person=event.capacity.in_person, remote=event.capacity.remote),
            grace_minutes=event.grace_minutes,
            reconnect_grace_seconds=event.reconnect_grace_seconds,
            offer_minutes=event.offer_minutes,
            no_show_minutes=event.no_show_minutes,
            description=event.description,
            series=event.series,
            sessions=[
                SessionView(
                    session_id=session.session_id,
                    title=session.title,
                    starts_at=session.starts_at,
                    ends_at=session.ends_at,
                    room=session.room,
                    description=session.description,
                    speakers=list(session.speakers),
                    capacity=CapacityView(in_person=session.capacity.in_person, remote=session.capacity.remote),
                    cancelled=session.cancelled,
                    registration_needed=session.registration_needed,
                )
                for session in event.sessions
            ],
            rooms=[
                RoomView(
                    room_id=room.room_id,
                    name=room.name,
                    conference=ConferenceView(source=room.conference.source, room=room.conference.room)
                    if whole and room.conference
                    else None,
                    address=room.address,
                    stream=StreamView.of(room.stream) if whole and room.stream else None,
                )
                for room in event.rooms
            ],
            closes_at=event.closes_itself_at,
            closed=None
            if event.closing is None
            else ClosedView(at=event.closing.at, by=event.closing.by, counted_until=event.counted_until),
            archived_at=event.archived_at,
            data_contact=DataContactView.of(event.data_contact) if event.data_contact else None,
            questions=[QuestionView.of(question) for question in event.questions],
            warnings=[warning for warning, holds in warned.items() if whole and holds],
            url=f"{public_url}/e/{event.event_id}",
        )


class LinkView(BaseModel):
    """A guest, and who they are."""

    guest_id: str
    participant_id: str
    linked_at: Instant

    @classmethod
    def of(cls, link: GuestLink) -> "LinkView":
        """A link."""
        return cls(guest_id=link.guest_id, participant_id=link.participant_id or "", linked_at=link.changed_at)


class TimeAcceptanceView(BaseModel):
    """A fact whose suspect time is accepted: it counts at the time it tells."""

    fact_id: str
    subject: str | None
    accepted_at: Instant

    @classmethod
    def of(cls, acceptance: TimeAcceptance) -> "TimeAcceptanceView":
        """An acceptance that stands."""
        return cls(fact_id=acceptance.fact_id, subject=acceptance.subject, accepted_at=acceptance.at)


class SecretView(BaseModel):
    """What lets somebody in, told once."""

    secret: str


class RecognisedView(BaseModel):
    """What is known of each guest who was asked after, by id."""

    guests: dict[str, Recognised]


class NamesView(BaseModel):
    """Names by participant id; those unknown or erased are left out."""

    names: dict[str, str]
