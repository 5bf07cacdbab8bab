"""Send a participant to the meeting of an event, by a link that the platform trusts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from services.chassis.clock import Clock
from services.streaming_bridge.adapters.platforms.anatomy import Platform, Visitor
from services.streaming_bridge.application.room_names import room_name
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import (
    NoMeetingError,
    PlatformAwayError,
    PlatformRefusedError,
    UnknownSourceError,
)
from services.streaming_bridge.domain.sources import PlatformName, Source

_OPENS_EARLY: Final = timedelta(hours=1)
"""How long before an event the first who comes has its meeting made."""
_NOBODY: Final = "par_nobody"

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingRoom:
    """A room of an event that is on a platform too; `label` is its name in the event."""

    room_id: str
    label: str
    source: str
    room: str


class MeetingRooms(Protocol):
    """Knows the rooms of events."""

    async def rooms_of(self, event_id: str) -> Sequence[MeetingRoom]:
        """The rooms of an event that are on a platform, in its own order."""
        ...


class Usher(Protocol):
    """A platform on which somebody can only be let in while the meeting runs, so that it is asked first."""

    async def way_in(self, source: Source, visitor: Visitor, *, title: str, may_open: bool) -> str:
        """The signed address of a meeting that runs; `may_open`: it is time to have it made if it does not.

        Raises:
            NoMeetingError: `not_open`; or if the source was not told where the platform is.
            PlatformRefusedError: as `RoomService`.
            PlatformAwayError: as `RoomService`.
        """
        ...


class Joining:
    """Makes the address of a meeting for one participant."""

    def __init__(
        self,
        *,
        rooms: MeetingRooms,
        book: SourceBook,
        platforms: Mapping[PlatformName, Platform],
        ushers: Mapping[PlatformName, Usher],
        clock: Clock,
        lifetime: timedelta,
    ) -> None:
        """Links are good for `lifetime`: the platform asks for them again after a broken connection."""
        self._rooms = rooms
        self._book = book
        self._platforms = platforms
        self._ushers = ushers
        self._clock = clock
        self._lifetime = lifetime

    async def rooms(self, event_id: str) -> Sequence[MeetingRoom]:
        """Where one can go.

        Raises:
            NoMeetingError: if the event has no such room, or is unknown or cancelled.
        """
        rooms = await self._rooms.rooms_of(event_id)
        if not rooms:
            raise NoMeetingError("no_room")
        return rooms

    async def rooms_without_way_in(self, event_id: str) -> frozenset[str]:
        """The rooms, by id, for which no link can be made as their source is set up; no platform is asked.

        A source that is gone is another matter: that is told by its name.
        """
        found = set()
        for room in await self._rooms.rooms_of(event_id):
            visitor = Visitor(participant_id=_NOBODY, display_name=_NOBODY, room=room_name(room.room))
            try:
                source = await self._book.get(room.source)
                self._platforms[source.platform].join_url(source, visitor, now=self._clock(), lifetime=self._lifetime)
            except NoMeetingError:
                found.add(room.room_id)
            except UnknownSourceError:
                continue
        return frozenset(found)

    async def address(
        self,
        room: MeetingRoom,
        *,
        participant_id: str,
        display_name: str,
        starts_at: datetime | None = None,
        moderates: bool = False,
    ) -> str:
        """The signed address. It is a secret: it is neither logged nor kept. `starts_at` is when the event does.

        `moderates`: somebody who leads the meeting, and may come as early as they want.

        Raises:
            NoMeetingError: if the source is gone, or was not told how to let people in; `not_open` or `platform_away`
                where that may be otherwise in a while.
        """
        try:
            source = await self._book.get(room.source)
        except UnknownSourceError:
            raise NoMeetingError("no_source") from None
        visitor = Visitor(
            participant_id=participant_id,
            display_name=display_name,
            room=room_name(room.room),
            moderates=moderates,
        )
        usher = self._ushers.get(source.platform)
        if usher is None:
            platform = self._platforms[source.platform]
            return platform.join_url(source, visitor, now=self._clock(), lifetime=self._lifetime)
        may_open = moderates or starts_at is None or self._clock() >= starts_at - _OPENS_EARLY
        try:
            return await usher.way_in(source, visitor, title=room.label, may_open=may_open)
        except PlatformAwayError as error:
            log.warning("join.platform_away", source=source.name, reason=error.reason)
            raise NoMeetingError("platform_away") from None
        except PlatformRefusedError as error:
            log.warning("join.platform_refused", source=source.name, reason=error.reason)
            raise NoMeetingError("platform_refused") from None
