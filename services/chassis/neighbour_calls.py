"""One service asking another over HTTP, as the services of a deployment know each other."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import aiohttp
import structlog
from pydantic import BaseModel, ValidationError

from services.chassis.access import internal_headers
from services.chassis.settings import CommonSettings

PATIENCE_SECONDS: Final = 5.0
_LARGE: Final = 100_000
"""Bytes of an answer."""
Model = TypeVar("Model", bound=BaseModel)
Answer = TypeVar("Answer")

log = structlog.stdlib.get_logger(__name__)


class NeighbourAwayError(Exception):
    """Nobody listens there."""


class NeighbourFailedError(Exception):
    """Somebody listens, and answered this too late, with an error, or with something else."""


class NeighbourCalls:
    """Asks, and says nothing came where nothing did: what a neighbour adds to a page must never cost the page."""

    def __init__(self, settings: CommonSettings) -> None:
        """What proves us comes from `settings`."""
        self._settings = settings
        self._away: set[str] = set()

    async def ask(
        self, url: str, body: Mapping[str, Any], model: type[Model], *, patience: float = PATIENCE_SECONDS
    ) -> Model | None:
        """The answer to a `POST` of some JSON; None if the neighbour is away, slow, or answers something else."""
        try:
            return await self.get(url, body, model, patience=patience)
        except (NeighbourAwayError, NeighbourFailedError):
            return None

    async def get(
        self, url: str, body: Mapping[str, Any], model: type[Model], *, patience: float = PATIENCE_SECONDS
    ) -> Model:
        """The answer to a `POST` of some JSON, for whoever must know why there is none.

        Raises:
            NeighbourAwayError: if it cannot be reached.
            NeighbourFailedError: if it can, and did not answer this as it should.
        """
        return await self._answered(url, body, model.model_validate_json, patience=patience)

    async def tell(self, url: str, body: Mapping[str, Any], *, patience: float = PATIENCE_SECONDS) -> bool:
        """Whether the neighbour took a `POST` of some JSON, whatever it answers to it."""
        try:
            return await self._answered(url, body, lambda _: True, patience=patience)
        except (NeighbourAwayError, NeighbourFailedError):
            return False

    async def _answered(
        self, url: str, body: Mapping[str, Any], read: Callable[[bytes], Answer], *, patience: float
    ) -> Answer:
        headers = internal_headers(self._settings)
        try:
            # It is asked once in a while, for somebody's page: a session kept for that would be idle for days.
            async with (
                asyncio.timeout(patience),
                aiohttp.ClientSession(headers=headers) as session,
                session.post(url, json=body) as response,
            ):
                response.raise_for_status()
                said = await response.read()
                # One that is large takes a moment to read, in which this process has others to answer.
                answered = await asyncio.to_thread(read, said) if len(said) > _LARGE else read(said)
        except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
            # Only the kind of error is logged: its text may quote what was answered.
            if url not in self._away:
                log.warning("neighbour.away", url=url, error=type(error).__name__)
            self._away.add(url)
            if isinstance(error, aiohttp.ClientConnectorError):
                raise NeighbourAwayError(url) from None
            raise NeighbourFailedError(url) from None
        if url in self._away:
            self._away.discard(url)
            log.info("neighbour.back", url=url)
        return answered
