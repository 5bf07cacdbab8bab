"""An event with its agenda, and the steps of its life: draft, published, closed or cancelled."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from services.registration.domain.errors import EventStateError, InvalidValueError, Rule
from services.registration.domain.instants import after, of_our_times
from services.registration.domain.seats import Capacity

LONGEST: Final = timedelta(days=366)


class EventStatus(StrEnum):
    """Where an event stands in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """A platform's room: the bridge's name of the source, and the platform's own name of the room."""

    source: str
    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A place to be; `conference` claims the deliveries of a platform's room for the event."""

    room_id: str
    name: str
    conference: Conference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A part of the agenda; `room` is the name of a room of the event."""

    session_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    room: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as it stands; one that breaks a rule cannot be built.

    `changed_at` is the time of its latest fact: facts of one event never share an instant, so that the latest is
    known from their times alone.

    Raises:
        InvalidValueError: naming the field, on construction.
    """

    event_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    changed_at: datetime
    status: EventStatus = EventStatus.DRAFT
    capacity: Capacity = field(default_factory=Capacity)
    grace_minutes: int = 15
    reconnect_grace_seconds: int = 60
    rooms: tuple[Room, ...] = ()
    sessions: tuple[Session, ...] = ()

    def __post_init__(self) -> None:
        """Hold the event to its rules."""
        for name, instant in (("starts_at", self.starts_at), ("ends_at", self.ends_at)):
            if not of_our_times(instant):
                raise InvalidValueError(pointer=f"/{name}", rule=Rule.OF_OUR_TIMES)
        if self.ends_at <= self.starts_at:
            raise InvalidValueError(pointer="/ends_at", rule=Rule.ENDS_AFTER_START)
        if self.ends_at - self.starts_at > LONGEST:
            raise InvalidValueError(pointer="/ends_at", rule=Rule.NOT_TOO_LONG)
        if self.timezone not in _known_time_zones():
            raise InvalidValueError(pointer="/timezone", rule=Rule.KNOWN_TIME_ZONE)
        self._check_rooms()
        self._check_sessions()

    def _check_rooms(self) -> None:
        names: set[str] = set()
        claims: set[Conference] = set()
        for index, room in enumerate(self.rooms):
            if room.name in names:
                raise InvalidValueError(pointer=f"/rooms/{index}/name", rule=Rule.OWN_ROOM_NAME)
            if room.conference in claims:
                raise InvalidValueError(pointer=f"/rooms/{index}/conference", rule=Rule.OWN_CONFERENCE)
            names.add(room.name)
            if room.conference is not None:
                claims.add(room.conference)

    def _check_sessions(self) -> None:
        names = {room.name for room in self.rooms}
        for index, session in enumerate(self.sessions):
            place = f"/sessions/{index}"
            if session.ends_at <= session.starts_at:
                raise InvalidValueError(pointer=f"{place}/ends_at", rule=Rule.ENDS_AFTER_START)
            if session.starts_at < self.starts_at:
                raise InvalidValueError(pointer=f"{place}/starts_at", rule=Rule.NOT_BEFORE_EVENT)
            if session.ends_at > self.ends_at:
                raise InvalidValueError(pointer=f"{place}/ends_at", rule=Rule.NOT_AFTER_EVENT)
            if session.room is not None and session.room not in names:
                raise InvalidValueError(pointer=f"{place}/room", rule=Rule.ROOM_OF_EVENT)

    @property
    def conference_room(self) -> Room | None:
        """The first room with a conference: where remote participants meet."""
        return next((room for room in self.rooms if room.conference is not None), None)

    def require_open(self, act: str) -> None:
        """Refuse an act that only a published event allows.

        Raises:
            EventStateError: if the event is a draft, closed or cancelled.
        """
        if self.status is not EventStatus.PUBLISHED:
            raise EventStateError(event_id=self.event_id, status=self.status, act=act)


@cache
def _known_time_zones() -> frozenset[str]:
    """All names of the IANA database; reading them takes tens of milliseconds, so it is done once."""
    return frozenset(available_timezones())


def publish(event: Event, *, now: datetime) -> Event:
    """Open a draft to the public; one that is open stays as it is.

    Raises:
        EventStateError: if it is closed or cancelled.
    """
    return _step(event, act="publish", only_from={EventStatus.DRAFT}, to=EventStatus.PUBLISHED, now=now)


def close(event: Event, *, now: datetime) -> Event:
    """Declare a published event over; one that is closed stays as it is.

    Raises:
        EventStateError: if it is a draft or cancelled.
    """
    return _step(event, act="close", only_from={EventStatus.PUBLISHED}, to=EventStatus.CLOSED, now=now)


def cancel(event: Event, *, now: datetime) -> Event:
    """Declare that a draft or published event does not take place; a cancelled one stays as it is.

    Raises:
        EventStateError: if it is closed.
    """
    before = {EventStatus.DRAFT, EventStatus.PUBLISHED}
    return _step(event, act="cancel", only_from=before, to=EventStatus.CANCELLED, now=now)


def require_editable(event: Event) -> None:
    """Refuse an edit of what is over.

    Raises:
        EventStateError: if the event is closed or cancelled.
    """
    if event.status not in {EventStatus.DRAFT, EventStatus.PUBLISHED}:
        raise EventStateError(event_id=event.event_id, status=event.status, act="edit")


def _step(event: Event, *, act: str, only_from: set[EventStatus], to: EventStatus, now: datetime) -> Event:
    if event.status is to:
        return event
    if event.status not in only_from:
        raise EventStateError(event_id=event.event_id, status=event.status, act=act)
    return replace(event, status=to, changed_at=after(event.changed_at, now=now))
