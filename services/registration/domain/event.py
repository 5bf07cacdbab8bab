"""An event with its agenda, and the steps of its life: draft, published, closed or cancelled."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Final
from zoneinfo import available_timezones

from services.registration.domain.agenda import Conference, Room, Session
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.errors import EventStateError, InvalidValueError, Rule
from services.registration.domain.instants import after, of_our_times
from services.registration.domain.questions import Question, check_questions
from services.registration.domain.seats import Capacity

LONGEST: Final = timedelta(days=366)
OFFER_MINUTES: Final = 24 * 60


class EventStatus(StrEnum):
    """Where an event stands in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class ClosedBy(StrEnum):
    """Who closed an event: somebody, or the clock when its end and its grace had passed."""

    HAND = "hand"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """When and how an event was closed."""

    at: datetime
    by: ClosedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as it stands; one that breaks a rule cannot be built.

    `changed_at` is the time of its latest fact: facts of one event never share an instant, so that the latest is
    known from their times alone. `opened_at` is when it was last published or opened again. `closing` is set on what is
    closed (but for events closed before it was kept).

    A seat that comes free is kept for the next who waits for `offer_minutes`, 0 for given at once. Whoever has not come
    in `no_show_minutes` after the start loses the seat in the room to who waits for it; None is never.

    `archived_at` is set on what lists leave out; that is no fact: nothing else about the event is different.

    `removed_sessions` were in the agenda when it was public, and are not any more: calendars and who registered for one
    are told so, and adding one again by its id or its title takes that back.

    Events of one `series` are compared with each other: a training held again, a colloquium of every year.

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
    offer_minutes: int = OFFER_MINUTES
    no_show_minutes: int | None = None
    description: str | None = None
    rooms: tuple[Room, ...] = ()
    sessions: tuple[Session, ...] = ()
    removed_sessions: tuple[Session, ...] = ()
    series: str | None = None
    opened_at: datetime | None = None
    closing: Closing | None = None
    archived_at: datetime | None = None
    data_contact: DataContact | None = None
    questions: tuple[Question, ...] = ()

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
        check_questions(self.questions)

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

    @property
    def rooms_from_afar(self) -> tuple[Room, ...]:
        """The rooms that can be followed without being there: by a conference, a stream or a telephone."""
        return tuple(room for room in self.rooms if room.conference is not None or room.stream is not None)

    def room(self, name: str | None) -> Room | None:
        """The room of this name."""
        return next((room for room in self.rooms if room.name == name), None)

    @property
    def no_shows_from(self) -> datetime | None:
        """From when on whoever has not come loses the seat in the room to who waits for it; None is never."""
        return None if self.no_show_minutes is None else self.starts_at + timedelta(minutes=self.no_show_minutes)

    def offered_until(self, now: datetime) -> datetime | None:
        """Until when a seat that comes free now is kept for the next who waits; None if it is given at once.

        Never beyond the start: nobody looks for offers once the event runs.
        """
        if not self.offer_minutes or now >= self.starts_at:
            return None
        return min(after(None, now=now) + timedelta(minutes=self.offer_minutes), self.starts_at)

    @property
    def over_at(self) -> datetime:
        """Its end plus its grace."""
        return self.ends_at + timedelta(minutes=self.grace_minutes)

    @property
    def closes_itself_at(self) -> datetime | None:
        """When the clock closes it; None if it is not open, or was opened when that instant had passed.

        Who opens an event that is over wants to do something with it, and closes it when that is done.
        """
        if self.status is not EventStatus.PUBLISHED or self.opened_at is None or self.over_at <= self.opened_at:
            return None
        return self.over_at

    @property
    def closed_early_at(self) -> datetime | None:
        """When it was closed, if that was by hand and before its end and its grace had passed."""
        if self.closing is None or self.closing.by is ClosedBy.CLOCK or self.closing.at >= self.over_at:
            return None
        return self.closing.at

    @property
    def counted_until(self) -> datetime:
        """Up to when whoever is still present is counted, once it is closed."""
        return self.closed_early_at or self.over_at

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
    published = _step(event, act="publish", only_from={EventStatus.DRAFT}, to=EventStatus.PUBLISHED, now=now)
    return published if published is event else replace(published, opened_at=published.changed_at)


def close(event: Event, *, now: datetime) -> Event:
    """Declare a published event over, by hand; one that is closed stays as it is.

    Raises:
        EventStateError: if it is a draft or cancelled.
    """
    closed = _step(event, act="close", only_from={EventStatus.PUBLISHED}, to=EventStatus.CLOSED, now=now)
    return closed if closed is event else replace(closed, closing=Closing(at=closed.changed_at, by=ClosedBy.HAND))


def close_by_clock(event: Event, *, now: datetime) -> Event:
    """Close an event whose time has come; any other stays as it is.

    It is closed as of its end plus its grace, however late somebody looks at the clock.
    """
    due = event.closes_itself_at
    if due is None or due > now:
        return event
    at = after(event.changed_at, now=due)
    return replace(event, status=EventStatus.CLOSED, changed_at=at, closing=Closing(at=at, by=ClosedBy.CLOCK))


def reopen(event: Event, *, now: datetime) -> Event:
    """Take the closing of an event back; one that is open stays as it is.

    Raises:
        EventStateError: if it is a draft or cancelled.
    """
    opened = _step(event, act="reopen", only_from={EventStatus.CLOSED}, to=EventStatus.PUBLISHED, now=now)
    return opened if opened is event else replace(opened, opened_at=opened.changed_at, closing=None)


def cancel(event: Event, *, now: datetime) -> Event:
    """Declare that a draft or published event does not take place; a cancelled one stays as it is.

    Raises:
        EventStateError: if it is closed.
    """
    before = {EventStatus.DRAFT, EventStatus.PUBLISHED}
    return _step(event, act="cancel", only_from=before, to=EventStatus.CANCELLED, now=now)


def archive(event: Event, *, now: datetime) -> Event:
    """Let lists leave an event out; one that is archived stays as it is.

    Raises:
        EventStateError: if it is published: people look for it.
    """
    if event.status is EventStatus.PUBLISHED:
        raise EventStateError(event_id=event.event_id, status=event.status, act="archive")
    return event if event.archived_at is not None else replace(event, archived_at=now)


def unarchive(event: Event) -> Event:
    """Let lists show an event again."""
    return replace(event, archived_at=None)


def require_known_conferences(event: Event, changed: Event) -> None:
    """Refuse online rooms that the event had not: whoever connects one is told who is in it, and may moderate it.

    Raises:
        InvalidValueError: naming the first such room.
    """
    known = {room.conference for room in event.rooms}
    for index, room in enumerate(changed.rooms):
        if room.conference is not None and room.conference not in known:
            raise InvalidValueError(pointer=f"/rooms/{index}/conference", rule=Rule.KNOWN_CONFERENCE)


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
    archived_at = None if to is EventStatus.PUBLISHED else event.archived_at
    return replace(event, status=to, changed_at=after(event.changed_at, now=now), archived_at=archived_at)
