"""What is to be done now and then, whether deliveries come or not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from services.chassis.clock import Clock
from services.streaming_bridge.application.door_log import DoorLog
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import StorageUnavailableError, UnstorableError

_PAUSE_SECONDS: Final = 2.0
_ROUNDS_TO_SWEEP: Final = 15
_ROUNDS_TO_WRITE: Final = 5

log = structlog.stdlib.get_logger(__name__)


class Inbox(Protocol):
    """Where deliveries wait for their room to be claimed."""

    async def sweep(self, *, now: datetime) -> int:
        """Publish what is kept for rooms that are claimed by now; how many there were."""
        ...

    async def unclaimed(self) -> tuple[int, datetime | None]:
        """How many deliveries are kept for unclaimed rooms, and when the oldest came."""
        ...


class Guests(Protocol):
    """Where the names of guests are kept."""

    async def forget(self, *, seen_before: datetime, now: datetime) -> int:
        """Delete the names kept for too long, or of who is to be forgotten; how many there were."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """Sources that another process changed, claims that met a delivery half-way, names whose time is over.

    What came to the door is written down every few seconds. `scrub` has what was deleted gone from the database's files
    too.
    """

    book: SourceBook
    door: DoorLog
    inbox: Inbox
    guests: Guests
    clock: Clock
    keep_names: timedelta
    unclaimed: Callable[[int, float], None]
    scrub: Callable[[], Awaitable[int]]

    async def run(self) -> None:
        """Go round until cancelled; a database that is away is tried again in the next round."""
        rounds = 0
        while True:
            try:
                await self.book.refresh()
                if rounds % _ROUNDS_TO_WRITE == 0:
                    await self._write_door_log()
                if rounds % _ROUNDS_TO_SWEEP == 0:
                    await self._sweep()
            except StorageUnavailableError:
                log.warning("housekeeping.storage_unavailable")
            rounds += 1
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _write_door_log(self) -> None:
        """Nothing else waits for what is only counted."""
        try:
            await self.door.write()
        except (StorageUnavailableError, UnstorableError) as error:
            log.warning("housekeeping.door_log_unwritten", error=type(error).__name__)

    async def _sweep(self) -> None:
        now = self.clock()
        # With PostgreSQL a delivery and the claim of its room can be written at the same time, unseen by each other.
        published = await self.inbox.sweep(now=now)
        forgotten = await self.guests.forget(seen_before=now - self.keep_names, now=now)
        await self.scrub()
        count, oldest = await self.inbox.unclaimed()
        self.unclaimed(count, (now - oldest).total_seconds() if oldest is not None else 0)
        if published or forgotten:
            log.info("housekeeping.done", published=published, names_forgotten=forgotten)
