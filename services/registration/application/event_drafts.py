"""Events as somebody describes them, and the events that come of it: rooms and sessions get their ids here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypedDict
from zoneinfo import ZoneInfo

from services.registration.application.kept_ids import kept_ids
from services.registration.application.ports import Mint
from services.registration.application.question_drafts import QuestionDraft, copied_questions, new_questions
from services.registration.domain.agenda import Conference, Room, Session, removed_from
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.errors import InvalidValueError, Rule
from services.registration.domain.event import OFFER_MINUTES, Event, EventStatus
from services.registration.domain.instants import after, of_our_times
from services.registration.domain.seats import Capacity, Mode
from services.registration.domain.streams import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomDraft:
    """A room as somebody describes it; `room_id` is set to keep the identity of one the event has."""

    name: str
    conference: Conference | None = None
    address: str | None = None
    stream: Stream | None = None
    room_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDraft:
    """A session as somebody describes it; `session_id` is set to keep the identity of one the event has."""

    title: str
    starts_at: datetime
    ends_at: datetime
    room: str | None = None
    description: str | None = None
    speakers: tuple[str, ...] = ()
    capacity: Capacity = field(default_factory=Capacity)
    cancelled: bool = False
    registration_needed: bool = False
    session_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event as somebody describes it."""

    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    capacity: Capacity
    grace_minutes: int = 15
    reconnect_grace_seconds: int = 60
    offer_minutes: int = OFFER_MINUTES
    no_show_minutes: int | None = None
    description: str | None = None
    series: str | None = None
    rooms: tuple[RoomDraft, ...] = ()
    sessions: tuple[SessionDraft, ...] = ()
    data_contact: DataContact | None = None
    questions: tuple[QuestionDraft, ...] = ()


class EventChanges(TypedDict, total=False):
    """What to change of an event: what is left out stays; rooms, sessions and questions are replaced as a whole."""

    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    seats: Mapping[Mode, int | None]
    grace_minutes: int
    reconnect_grace_seconds: int
    offer_minutes: int
    no_show_minutes: int | None
    description: str | None
    series: str | None
    rooms: tuple[RoomDraft, ...]
    sessions: tuple[SessionDraft, ...]
    data_contact: DataContact | None
    questions: tuple[QuestionDraft, ...]


def new_event(draft: EventDraft, *, mint: Mint, now: datetime) -> Event:
    """The event of a draft.

    Raises:
        InvalidValueError: naming the field.
    """
    return Event(
        event_id=mint.event_id(),
        title=draft.title,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
        timezone=draft.timezone,
        changed_at=after(None, now=now),
        capacity=draft.capacity,
        grace_minutes=draft.grace_minutes,
        reconnect_grace_seconds=draft.reconnect_grace_seconds,
        offer_minutes=draft.offer_minutes,
        no_show_minutes=draft.no_show_minutes,
        description=draft.description,
        series=draft.series,
        rooms=_rooms(draft.rooms, known=(), mint=mint),
        sessions=_sessions(draft.sessions, known=(), mint=mint),
        data_contact=draft.data_contact,
        questions=new_questions(draft.questions, known=(), mint=mint),
    )


def copied(event: Event, *, starts_at: datetime, title: str | None) -> EventDraft:
    """A draft of the same event at another time: at the same hours of its own time zone, whatever the season.

    No session of it is cancelled; its rooms, its speakers and its settings are the same.

    Raises:
        InvalidValueError: if the start is at no time of ours.
    """
    if not of_our_times(starts_at):
        raise InvalidValueError(pointer="/starts_at", rule=Rule.OF_OUR_TIMES)
    zone = ZoneInfo(event.timezone)
    shift = _local(starts_at, zone) - _local(event.starts_at, zone)

    def shifted(instant: datetime) -> datetime:
        return (_local(instant, zone) + shift).replace(tzinfo=zone).astimezone(UTC)

    return EventDraft(
        title=title or event.title,
        starts_at=starts_at,
        ends_at=shifted(event.ends_at),
        timezone=event.timezone,
        capacity=event.capacity,
        grace_minutes=event.grace_minutes,
        reconnect_grace_seconds=event.reconnect_grace_seconds,
        offer_minutes=event.offer_minutes,
        no_show_minutes=event.no_show_minutes,
        description=event.description,
        series=event.series,
        rooms=tuple(
            RoomDraft(name=room.name, conference=room.conference, address=room.address, stream=room.stream)
            for room in event.rooms
        ),
        sessions=tuple(
            SessionDraft(
                title=session.title,
                starts_at=shifted(session.starts_at),
                ends_at=shifted(session.ends_at),
                room=session.room,
                description=session.description,
                speakers=session.speakers,
                capacity=session.capacity,
                registration_needed=session.registration_needed,
            )
            for session in event.sessions
        ),
        data_contact=event.data_contact,
        questions=copied_questions(event.questions),
    )


def changed_event(event: Event, changes: EventChanges, *, mint: Mint) -> Event:
    """The event with the changes, at the instant of its latest fact still.

    Raises:
        InvalidValueError: naming the field.
    """
    seats = changes.get("seats", {})
    capacity = Capacity(
        in_person=seats.get(Mode.IN_PERSON, event.capacity.in_person),
        remote=seats.get(Mode.REMOTE, event.capacity.remote),
    )
    rooms, wanted, asked = changes.get("rooms"), changes.get("sessions"), changes.get("questions")
    known = (*event.removed_sessions, *event.sessions)
    sessions = event.sessions if wanted is None else _sessions(wanted, known=known, mint=mint)
    # Of a draft nobody has been told.
    public = event.status is not EventStatus.DRAFT
    removed = removed_from(event.sessions, event.removed_sessions, sessions) if public else ()
    return replace(
        event,
        title=changes.get("title", event.title),
        description=changes.get("description", event.description),
        series=changes.get("series", event.series),
        starts_at=changes.get("starts_at", event.starts_at),
        ends_at=changes.get("ends_at", event.ends_at),
        timezone=changes.get("timezone", event.timezone),
        grace_minutes=changes.get("grace_minutes", event.grace_minutes),
        reconnect_grace_seconds=changes.get("reconnect_grace_seconds", event.reconnect_grace_seconds),
        offer_minutes=changes.get("offer_minutes", event.offer_minutes),
        no_show_minutes=changes.get("no_show_minutes", event.no_show_minutes),
        data_contact=changes.get("data_contact", event.data_contact),
        capacity=capacity,
        rooms=event.rooms if rooms is None else _rooms(rooms, known=event.rooms, mint=mint),
        sessions=sessions,
        removed_sessions=removed,
        questions=event.questions if asked is None else new_questions(asked, known=event.questions, mint=mint),
    )


def _rooms(drafts: Sequence[RoomDraft], *, known: Sequence[Room], mint: Mint) -> tuple[Room, ...]:
    wanted = [(draft.room_id, draft.name) for draft in drafts]
    ids = kept_ids(wanted, known={room.room_id: room.name for room in known}, new=lambda: mint.part_id("room"))
    return tuple(
        Room(room_id=room_id, name=draft.name, conference=draft.conference, address=draft.address, stream=draft.stream)
        for room_id, draft in zip(ids, drafts, strict=True)
    )


def _sessions(drafts: Sequence[SessionDraft], *, known: Sequence[Session], mint: Mint) -> tuple[Session, ...]:
    """Sessions with ids, in the order they were given."""
    wanted = [(draft.session_id, draft.title) for draft in drafts]
    titles = {session.session_id: session.title for session in known}
    ids = kept_ids(wanted, known=titles, new=lambda: mint.part_id("ses"))
    return tuple(
        Session(
            session_id=session_id,
            title=draft.title,
            starts_at=draft.starts_at,
            ends_at=draft.ends_at,
            room=draft.room,
            description=draft.description,
            speakers=draft.speakers,
            capacity=draft.capacity,
            cancelled=draft.cancelled,
            registration_needed=draft.registration_needed,
        )
        for session_id, draft in zip(ids, drafts, strict=True)
    )


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)
