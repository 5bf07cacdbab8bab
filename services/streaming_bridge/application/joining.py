"""Send a participant to the meeting of an event, by a link that the platform trusts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from services.chassis.clock import Clock
from services.streaming_bridge.adapters.platforms.anatomy import Platform, Visitor
from services.streaming_bridge.application.room_names import room_name
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import NoMeetingError, UnknownSourceError
from services.streaming_bridge.domain.sources import PlatformName


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRoom:
    """A room of an event that is on a platform too; `label` is its name in the event."""

    room_id: str
    label: str
    source: str
    room: str


class Meetings(Protocol):
    """Knows the rooms of events."""

    async def rooms_of(self, event_id: str) -> Sequence[MeetingRoom]:
        """The rooms of an event that are on a platform, in its own order."""
        ...


class Joining:
    """Makes the address of a meeting for one participant."""

    def __init__(
        self,
        *,
        meetings: Meetings,
        book: SourceBook,
        platforms: Mapping[PlatformName, Platform],
        clock: Clock,
        lifetime: timedelta,
    ) -> None:
        """Links are good for `lifetime`: the platform asks for them again after a broken connection."""
        self._meetings = meetings
        self._book = book
        self._platforms = platforms
        self._clock = clock
        self._lifetime = lifetime

    async def rooms(self, event_id: str) -> Sequence[MeetingRoom]:
        """Where one can go.

        Raises:
            NoMeetingError: if the event has no such room, or is unknown or cancelled.
        """
        rooms = await self._meetings.rooms_of(event_id)
        if not rooms:
            raise NoMeetingError("no_room")
        return rooms

    async def address(self, room: MeetingRoom, *, participant_id: str, display_name: str) -> str:
        """The signed address. It is a secret: it is neither logged nor kept.

        Raises:
            NoMeetingError: if the source is gone, or was not told how to let people in.
        """
        try:
            source = await self._book.get(room.source)
        except UnknownSourceError:
            raise NoMeetingError("no_source") from None
        visitor = Visitor(participant_id=participant_id, display_name=display_name, room=room_name(room.room))
        platform = self._platforms[source.platform]
        return platform.join_url(source, visitor, now=self._clock(), lifetime=self._lifetime)
