"""The other services, asked over HTTP as services know each other."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from pydantic import BaseModel

from services.chassis.neighbour_calls import NeighbourCalls
from services.chassis.retention_views import RetentionView
from services.chassis.settings import CommonSettings
from services.registration.application.neighbours import KnownAttendance, SeenGuest

_PATIENCE_FOR_A_HINT_SECONDS: Final = 1.0


class _Names(BaseModel):
    names: dict[str, str]


class _Guests(BaseModel):
    guests: list[SeenGuest]


class _SourceNames(BaseModel):
    names: frozenset[str]


class RoomTroubles(BaseModel):
    """In how many rooms the platform counts others than we do, and into how many nobody can be sent by a link.

    `formerly` are those that the event has no more, and that still count there.
    """

    rooms: int = 0
    without_way_in: int = 0
    formerly: int = 0


class HttpNeighbours:
    """Asks attendance and the bridge; implements the port `Neighbours`."""

    def __init__(self, settings: CommonSettings) -> None:
        """Where the services are comes from `settings`."""
        self._settings = settings
        self._calls = NeighbourCalls(settings)

    async def attendance_of(self, event_id: str, participant_id: str) -> KnownAttendance | None:
        """See the port."""
        url = f"{self._settings.attendance_url}/internal/participant"
        return await self._calls.ask(url, {"event_id": event_id, "participant_id": participant_id}, KnownAttendance)

    async def guest_names(self, event_id: str, guest_ids: Collection[str]) -> Mapping[str, str] | None:
        """See the port."""
        if not guest_ids:
            return {}
        url = f"{self._settings.streaming_bridge_url}/internal/guest-names"
        known = await self._calls.ask(url, {"event_id": event_id, "ids": list(guest_ids)}, _Names)
        return None if known is None else known.names

    async def guests(self, event_id: str) -> Sequence[SeenGuest] | None:
        """See the port."""
        url = f"{self._settings.streaming_bridge_url}/internal/event-guests"
        known = await self._calls.ask(url, {"event_id": event_id}, _Guests)
        return None if known is None else known.guests

    async def retention(self) -> RetentionView | None:
        """The rules by which the bridge deletes, and what it did last; None if it is away."""
        return await self._calls.ask(f"{self._settings.streaming_bridge_url}/internal/retention", {}, RetentionView)

    async def source_names(self) -> frozenset[str] | None:
        """The conferencing sources that the bridge knows; None if it does not say so at once."""
        url = f"{self._settings.streaming_bridge_url}/internal/source-names"
        known = await self._calls.ask(url, {}, _SourceNames, patience=_PATIENCE_FOR_A_HINT_SECONDS)
        return None if known is None else known.names

    async def room_troubles(self, event_id: str) -> RoomTroubles:
        """What is wrong with an event's online rooms; nothing if the bridge does not say so at once."""
        url = f"{self._settings.streaming_bridge_url}/internal/drifting-rooms"
        known = await self._calls.ask(url, {"event_id": event_id}, RoomTroubles, patience=_PATIENCE_FOR_A_HINT_SECONDS)
        return known or RoomTroubles()
