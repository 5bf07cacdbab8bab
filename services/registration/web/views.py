"""What clients get, as models."""

from pydantic import BaseModel

from schemas.envelope import Instant
from services.registration.application.personal_links import PersonalLinks
from services.registration.application.ports import GuestLink, Participant
from services.registration.domain.event import ClosedBy, Event, EventStatus
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.suspect_times import TimeAcceptance
from services.registration.domain.tickets import spell


class CapacityView(BaseModel):
    """Seats by mode; null is without limit."""

    in_person: int | None
    remote: int | None


class ConferenceView(BaseModel):
    """The platform's room."""

    source: str
    room: str


class RoomView(BaseModel):
    """A room; who may not manage the event does not see its `conference`."""

    room_id: str
    name: str
    conference: ConferenceView | None


class SessionView(BaseModel):
    """A part of the agenda."""

    session_id: str
    title: str
    starts_at: Instant
    ends_at: Instant
    room: str | None


class ClosedView(BaseModel):
    """When and how an event was closed: whoever was still present is counted until `counted_until`."""

    at: Instant
    by: ClosedBy
    counted_until: Instant


class EventView(BaseModel):
    """An event as it stands.

    `closes_at` is when the clock closes it, null if it does not. `closed` is null while it is open.
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
    sessions: list[SessionView]
    rooms: list[RoomView]
    closes_at: Instant | None
    closed: ClosedView | None
    url: str

    @classmethod
    def of(cls, event: Event, *, public_url: str, whole: bool) -> "EventView":
        """An event, `whole` for those who may manage it."""
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
            sessions=[
                SessionView(
                    session_id=session.session_id,
                    title=session.title,
                    starts_at=session.starts_at,
                    ends_at=session.ends_at,
                    room=session.room,
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
                )
                for room in event.rooms
            ],
            closes_at=event.closes_itself_at,
            closed=None
            if event.closing is None
            else ClosedView(at=event.closing.at, by=event.closing.by, counted_until=event.counted_until),
            url=f"{public_url}/e/{event.event_id}",
        )


class Registered(BaseModel):
    """What somebody gets who registers. `personal_token` opens this registration, as a bearer token."""

    participant_id: str
    event_id: str
    mode: Mode
    status: SeatStatus
    waitlist_position: int | None
    ticket: str
    join_url: str
    confirmation_url: str
    personal_token: str

    @classmethod
    def of(cls, participant: Participant, links: PersonalLinks) -> "Registered":
        """A registration just made."""
        seat = participant.registration
        return cls(
            participant_id=seat.participant_id,
            event_id=seat.event_id,
            mode=seat.mode,
            status=seat.status,
            waitlist_position=participant.waitlist_position,
            ticket=spell(seat.ticket),
            join_url=links.join_url(event_id=seat.event_id, participant_id=seat.participant_id),
            confirmation_url=links.confirmation_url(event_id=seat.event_id, participant_id=seat.participant_id),
            personal_token=links.token(event_id=seat.event_id, participant_id=seat.participant_id),
        )


class RegistrationView(BaseModel):
    """A registration. `name` and what follows `email` are null once the person was erased.

    A desk does not see `email` and what follows it.
    """

    participant_id: str
    event_id: str
    mode: Mode
    status: SeatStatus
    waitlist_position: int | None
    ticket: str
    registered_at: Instant
    name: str | None
    email: str | None
    language: str | None
    consents: dict[str, bool] | None
    join_url: str | None
    confirmation_url: str | None

    @classmethod
    def of(cls, participant: Participant, links: PersonalLinks | None) -> "RegistrationView":
        """A registration; without `links`, only what a desk needs to know."""
        seat, person = participant.registration, participant.person
        whose = {"event_id": seat.event_id, "participant_id": seat.participant_id}
        shown = person if links else None
        consents = {purpose.value: given for purpose, given in participant.consents.items()}
        return cls(
            participant_id=seat.participant_id,
            event_id=seat.event_id,
            mode=seat.mode,
            status=seat.status,
            waitlist_position=participant.waitlist_position,
            ticket=spell(seat.ticket),
            registered_at=seat.created_at,
            name=person.name if person else None,
            email=shown.email if shown else None,
            language=shown.language if shown else None,
            consents=consents if links else None,
            join_url=links.join_url(**whose) if links else None,
            confirmation_url=links.confirmation_url(**whose) if links else None,
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


class NamesView(BaseModel):
    """Names by participant id; those unknown or erased are left out."""

    names: dict[str, str]
