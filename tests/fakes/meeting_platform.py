"""A platform that can be asked who is in its rooms: what it says is set by the test."""

from collections.abc import Sequence
from datetime import datetime

from services.streaming_bridge.adapters.platforms.room_service import Present
from services.streaming_bridge.domain.errors import PlatformAwayError, PlatformRefusedError
from services.streaming_bridge.domain.observations import Connection
from services.streaming_bridge.domain.sources import Source


class MeetingPlatform:
    """Implements the port `RoomService`; counts how often it was asked."""

    def __init__(self) -> None:
        self.rooms: dict[str, list[Present]] = {}
        self.failure: PlatformAwayError | PlatformRefusedError | None = None
        self.asked = 0

    def enter(self, room: str, *keys: str, user_id: str | None = None, since: datetime | None = None) -> None:
        """Let connections be in a room."""
        self.rooms.setdefault(room, []).extend(
            Present(connection=Connection(key=key, user_id=user_id), since=since) for key in keys
        )

    async def open_room(self, source: Source, room: str, *, title: str) -> None:  # noqa: ARG002  (of the port)
        self._answer()
        self.rooms.setdefault(room, [])

    async def close_room(self, source: Source, room: str) -> None:  # noqa: ARG002
        self._answer()
        self.rooms.pop(room, None)

    async def present(self, source: Source, room: str) -> Sequence[Present] | None:  # noqa: ARG002
        self._answer()
        return self.rooms.get(room)

    def _answer(self) -> None:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
