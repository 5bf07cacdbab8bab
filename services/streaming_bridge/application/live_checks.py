"""Compare every minute how many people a platform has in a room with how many we have; a lasting drift is an alert."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Never

import structlog

from services.chassis.clock import Clock
from services.streaming_bridge.adapters.platforms.room_service import Present, RoomService
from services.streaming_bridge.adapters.room_watch import SqlRoomWatch
from services.streaming_bridge.application.findings import subject_of
from services.streaming_bridge.application.room_names import room_name
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.drift import (
    COUNTS_SETTLE,
    Comparison,
    Listed,
    compare_counts,
    compare_lists,
    drifting_since,
    is_alert,
)
from services.streaming_bridge.domain.errors import (
    PlatformAwayError,
    PlatformRefusedError,
    StorageUnavailableError,
    UnknownSourceError,
)
from services.streaming_bridge.domain.pseudonyms import connection_pseudonym
from services.streaming_bridge.domain.room_checks import Check, ClaimedRoom
from services.streaming_bridge.domain.room_state import RoomState
from services.streaming_bridge.domain.sources import PlatformName, Source

MINUTE_SECONDS: Final = 60.0
NOT_SET_UP: Final = "not_set_up"
_AT_ONCE: Final = 4

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChecks:
    """The watch over the rooms of events that are going on.

    `services` can be asked who is there; of the other platforms, those are compared that count in their deliveries.
    `checked` is told the platform and the outcome of each check, `drifting` how many rooms have an alert.
    """

    watch: SqlRoomWatch
    book: SourceBook
    services: Mapping[PlatformName, RoomService]
    clock: Clock
    pseudonym_key: bytes
    checked: Callable[[str, str], None]
    drifting: Callable[[int], None]
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def run(self) -> Never:
        """Go round once a minute until cancelled; a database that is away is tried again in the next round."""
        while True:
            try:
                await self.check_all()
            except StorageUnavailableError:
                log.warning("live_checks.storage_unavailable")
            await asyncio.sleep(MINUTE_SECONDS)

    async def check_all(self) -> None:
        """Check each room that is open or expected to be, unless another process does."""
        now = self.clock()
        rooms = await self.watch.watched(now)
        taken = await self.watch.take(rooms, now)
        await asyncio.gather(*(self._check(room, now) for room in taken))
        await self.watch.end_others(rooms, now)
        self.drifting(await self.watch.drifting())

    async def _check(self, room: ClaimedRoom, now: datetime) -> None:
        try:
            source = await self.book.get(room.source)
        except UnknownSourceError:
            return
        state = await self.watch.state(room, counted_until=now - COUNTS_SETTLE)
        before = await self.watch.last_check(room)
        failure, comparison = None, None
        try:
            comparison = await self._compared(room, source, state, now)
        except (PlatformAwayError, PlatformRefusedError) as error:
            failure = error.reason
        # While a platform does not answer, nobody knows: what was known before stands.
        since = before.drifting_since if before is not None else None
        if comparison is not None:
            since = drifting_since(since, comparison, now=now)
        elif failure is None:
            since = None
        alert = comparison if is_alert(since, now=now) else None
        check = Check(
            checked_at=now,
            ours=len(state.attending) if comparison is None else comparison.ours,
            theirs=None if comparison is None else comparison.theirs,
            failure=failure,
            drifting_since=since,
        )
        began = await self.watch.keep(room, check, alert=alert)
        self.checked(source.platform, _outcome(comparison, failure, since))
        if began and comparison is not None:
            log.warning(
                "live_checks.drift",
                event_id=room.event_id,
                platform=source.platform.value,
                ours=comparison.ours,
                theirs=comparison.theirs,
                suspects=len(comparison.suspects),
            )

    async def _compared(self, room: ClaimedRoom, source: Source, state: RoomState, now: datetime) -> Comparison | None:
        """The comparison, where there is anything to compare with."""
        service = self.services.get(source.platform)
        if service is None:
            return compare_counts(state)
        if state.opened_at is None and not room.is_expected(now):
            return None
        try:
            async with self._turns:
                present = await service.present(source, room_name(room.room))
        except PlatformRefusedError as error:
            if error.reason != NOT_SET_UP:
                raise
            return compare_counts(state)
        return compare_lists(state.attending, self._listed(present or (), source), now=now)

    def _listed(self, present: Sequence[Present], source: Source) -> list[Listed]:
        """Who is there, under the ids that their deliveries have."""
        return [
            Listed(
                connection=None if one.by_person else connection_pseudonym(one.connection.key, key=self.pseudonym_key),
                subject=subject_of(one.connection, source, pseudonym_key=self.pseudonym_key),
                since=one.since,
            )
            for one in present
        ]


def _outcome(comparison: Comparison | None, failure: str | None, since: datetime | None) -> str:
    """A stable word for the metric."""
    if comparison is None:
        return "nothing_to_compare" if failure is None else "failed"
    return "agreed" if since is None else "drifted"
