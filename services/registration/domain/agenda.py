"""What an event is made of: sessions, possibly several at once, and the rooms they are in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.registration.domain.seats import Capacity
from services.registration.domain.streams import Stream

_MOST_REMOVED: Final = 200
_BRIDGE: Final = "/bridge/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """A platform's room: the bridge's name of the source, and the platform's own name of the room."""

    source: str
    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A place to be: physical (`address` says where), virtual, or both.

    `conference` claims the deliveries of a platform's room for the event. `stream` is what else can be followed of it
    from afar: whoever watches it on the page of the event is present by that.
    """

    room_id: str
    name: str
    conference: Conference | None = None
    address: str | None = None
    stream: Stream | None = None

    @property
    def physical(self) -> bool:
        """Whether people can go there: it has an address, or is nothing else than a place."""
        return self.address is not None or (self.conference is None and self.stream is None)

    @property
    def whereabouts(self) -> str:
        """Its name, with its address if it has one."""
        return self.name if self.address is None else f"{self.name}, {self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A part of the agenda; `room` is the name of a room of the event.

    `speakers` are names that the organizer makes public: personal data, which never leave this service's database but
    for the pages. With `registration_needed` people register for it, each for a seat in the mode of their registration,
    and `capacity` is held to; else whoever is at the event may come, and it is told.
    """

    session_id: str
    title: str
    starts_at: datetime
    ends_at: datetime
    room: str | None = None
    description: str | None = None
    speakers: tuple[str, ...] = ()
    capacity: Capacity = field(default_factory=Capacity)
    cancelled: bool = False
    registration_needed: bool = False


def seen_in(rooms: Sequence[Room], via: str) -> str:
    """What people call where somebody was seen: the room of a connection and whose word it is; a gate as it is.

    Platforms lengthen what a room is called by their own name (`room@conference.meet.example.org`, `app/room`).
    """
    if not via.startswith(_BRIDGE):
        return via
    platform, _, seen = via.removeprefix(_BRIDGE).partition("/")
    last = seen.rpartition("/")[2]
    for room in rooms:
        known = room.conference
        if known is not None and seen.startswith(f"{known.source}/"):
            within = seen.removeprefix(f"{known.source}/")
            if known.room in {within, within.partition("@")[0], last, last.partition("@")[0]}:
                return f"{room.name}, {platform}"
        if last == room.room_id:
            return room.name
    return f"{last.partition('@')[0]}, {platform}"


def removed_from(before: Sequence[Session], removed: Sequence[Session], now: Sequence[Session]) -> tuple[Session, ...]:
    """What an agenda had once and has not `now`, after it was `before` with some `removed` already.

    No more is kept of each than calendars need, and no speakers: they may have asked to be forgotten. The latest come
    last, and are kept where they are too many.
    """
    there = {session.session_id for session in now}
    gone = [
        Session(
            session_id=session.session_id,
            title=session.title,
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            registration_needed=session.registration_needed,
            cancelled=True,
        )
        for session in (*removed, *before)
        if session.session_id not in there
    ]
    return tuple(gone[-_MOST_REMOVED:])
