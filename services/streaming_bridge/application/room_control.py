"""Open and close the rooms of an event at their platforms, when an organizer asks for it."""

from collections.abc import Mapping

import structlog

from services.streaming_bridge.adapters.platforms.room_service import RoomService
from services.streaming_bridge.application.joining import MeetingRoom, MeetingRooms
from services.streaming_bridge.application.room_names import room_name
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import PlatformRefusedError, UnknownRoomError, UnknownSourceError
from services.streaming_bridge.domain.sources import PlatformName, Source

log = structlog.stdlib.get_logger(__name__)


class RoomControl:
    """Tells a platform what to do with a room. What happened there comes back as its webhooks, and counts only then."""

    def __init__(
        self, *, rooms: MeetingRooms, book: SourceBook, room_services: Mapping[PlatformName, RoomService]
    ) -> None:
        """`room_services` are of the platforms that have such an API."""
        self._rooms = rooms
        self._book = book
        self._room_services = room_services

    def controls(self, source: Source) -> bool:
        """Whether the platform of a source has an API for it; that it was told how to reach it is another matter."""
        return source.platform in self._room_services

    async def open(self, event_id: str, room_id: str) -> None:
        """Have a room open; nothing changes if it is.

        Raises:
            UnknownRoomError: if the event has no such room on a platform, is unknown or cancelled.
            PlatformRefusedError: `no_source` or `no_api`; and as `RoomService`.
            PlatformAwayError: as `RoomService`.
        """
        room = await self._room(event_id, room_id)
        service, source = await self._reach(room)
        await service.open_room(source, room_name(room.room), title=room.label)
        log.info("room.opened_by_api", event_id=event_id, room_id=room_id, platform=source.platform.value)

    async def close(self, event_id: str, room_id: str) -> None:
        """Have a room closed, and everybody in it sent away; nothing changes if it is not open. Raises as `open`."""
        room = await self._room(event_id, room_id)
        service, source = await self._reach(room)
        await service.close_room(source, room_name(room.room))
        log.info("room.closed_by_api", event_id=event_id, room_id=room_id, platform=source.platform.value)

    async def _room(self, event_id: str, room_id: str) -> MeetingRoom:
        for room in await self._rooms.rooms_of(event_id):
            if room.room_id == room_id:
                return room
        raise UnknownRoomError(event_id, room_id)

    async def _reach(self, room: MeetingRoom) -> tuple[RoomService, Source]:
        try:
            source = await self._book.get(room.source)
        except UnknownSourceError:
            raise PlatformRefusedError("no_source") from None
        service = self._room_services.get(source.platform)
        if service is None:
            raise PlatformRefusedError("no_api")
        return service, source
