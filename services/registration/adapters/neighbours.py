"""The other services, asked over HTTP as services know each other."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Final, TypeVar

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError

from services.chassis.access import internal_headers
from services.chassis.retention_views import RetentionView
from services.chassis.settings import CommonSettings
from services.registration.application.neighbours import KnownAttendance

_PATIENCE_SECONDS: Final = 5.0
_PATIENCE_FOR_A_HINT_SECONDS: Final = 1.0
Model = TypeVar("Model", bound=BaseModel)

log = structlog.stdlib.get_logger(__name__)


class _Names(BaseModel):
    names: dict[str, str]


class _SourceNames(BaseModel):
    names: frozenset[str]


class HttpNeighbours:
    """Asks attendance and the bridge; implements the port `Neighbours`."""

    def __init__(self, settings: CommonSettings) -> None:
        """Where the services are comes from `settings`."""
        self._settings = settings

    async def attendance_of(self, event_id: str, participant_id: str) -> KnownAttendance | None:
        """See the port."""
        url = f"{self._settings.attendance_url}/internal/participant"
        return await self._ask(url, {"event_id": event_id, "participant_id": participant_id}, KnownAttendance)

    async def guest_names(self, event_id: str, guest_ids: Collection[str]) -> Mapping[str, str] | None:
        """See the port."""
        if not guest_ids:
            return {}
        url = f"{self._settings.streaming_bridge_url}/internal/guest-names"
        known = await self._ask(url, {"event_id": event_id, "ids": list(guest_ids)}, _Names)
        return None if known is None else known.names

    async def retention(self) -> RetentionView | None:
        """The rules by which the bridge deletes, and what it did last; None if it is away."""
        return await self._ask(f"{self._settings.streaming_bridge_url}/internal/retention", {}, RetentionView)

    async def source_names(self) -> frozenset[str] | None:
        """The conferencing sources that the bridge knows; None if it does not say so at once."""
        url = f"{self._settings.streaming_bridge_url}/internal/source-names"
        known = await self._ask(url, {}, _SourceNames, patience=_PATIENCE_FOR_A_HINT_SECONDS)
        return None if known is None else known.names

    async def _ask(
        self, url: str, body: Mapping[str, Any], model: type[Model], *, patience: float = _PATIENCE_SECONDS
    ) -> Model | None:
        headers = internal_headers(self._settings)
        try:
            # Somebody takes their data along once in a while: a session kept for that would be idle for days.
            async with (
                asyncio.timeout(patience),
                aiohttp.ClientSession(headers=headers) as session,
                session.post(url, json=body) as response,
            ):
                response.raise_for_status()
                return model.model_validate_json(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
            # Only the kind of error is logged: its text may quote what was answered.
            log.warning("neighbour.away", url=url, error=type(error).__name__)
            return None
