"""From the beats of a page to comings and goings: who watches a stream is present like who is in a meeting."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Never, Protocol

import structlog
from pydantic import BaseModel, ValidationError

from schemas.envelope import Identifier, Instant
from schemas.identifiers import fact_id
from schemas.participation import RoomKey
from services.chassis.allowances import Allowance
from services.chassis.clock import Clock
from services.chassis.secrets import BrokenSealError, ExpiredTokenError, SecretBox
from services.streaming_bridge.application.arrivals import Arrival
from services.streaming_bridge.application.room_names import room_key
from services.streaming_bridge.domain.errors import StorageUnavailableError, TooManyBeatsError, UnknownWatcherError
from services.streaming_bridge.domain.observations import Finding, Room
from services.streaming_bridge.domain.viewings import Beat, Movement

SOURCE: Final = "page"
SOURCE_URI: Final = "/bridge/player/page"
"""Our own player is no source that somebody makes: its beats are proved by what registration sealed."""
LATEST: Final = timedelta(minutes=30)
"""How long a page may keep beats that it cannot send. Older ones count for nothing."""
KEPT: Final = timedelta(hours=1)
"""How long a viewing that ended is known, so that what comes late finds it."""
_PAUSE_SECONDS: Final = 5.0

log = structlog.stdlib.get_logger(__name__)


class WatchPass(BaseModel):
    """What registration vouches for in a page's token: who watches, in which room of which event, and from when on.

    `room` is the room's key: its name, `@`, its id.
    """

    event_id: Identifier
    participant_id: Identifier
    room: RoomKey
    counts_from: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a page told at once: the beats that were not answered yet, in order, by how long ago they were.

    `page` is the random id of the page, `first` the number of its first beat here; with a True it stopped then.
    """

    page: str
    first: int
    ages: Sequence[tuple[timedelta, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Beats of one page, of somebody who is known."""

    watcher: WatchPass
    page: str
    beats: Sequence[Beat]
    received_at: datetime

    @property
    def viewing_id(self) -> str:
        """The same for the same page of the same person in the same room."""
        return fact_id("viewing", self.watcher.event_id, self.watcher.room, self.watcher.participant_id, self.page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """The use case of the beats: what it returns from is on disk.

    `box` is the one that registration seals tokens with; `allowance` counts beats, by participant. `store` says whether
    the seat is theirs still.
    """

    box: SecretBox
    store: Callable[[Heard], Awaitable[bool]]
    clock: Clock
    allowance: Allowance

    async def hear(self, token: str, told: Told) -> None:
        """Take in what a page tells.

        Raises:
            UnknownWatcherError: if the token is forged, expired, for something else, or of a seat that was given back.
            TooManyBeatsError: if this participant's pages tell too much.
            StorageUnavailableError: if it could not be stored; the page keeps it.
        """
        now = self.clock()
        watcher = self._watcher(token, now)
        wait = self.allowance.wait_for(watcher.participant_id, max(1, len(told.ages)))
        if wait:
            raise TooManyBeatsError(wait)
        beats = _counted(told, watcher, now)
        if beats and not await self.store(Heard(watcher=watcher, page=told.page, beats=beats, received_at=now)):
            raise UnknownWatcherError

    def _watcher(self, token: str, now: datetime) -> WatchPass:
        try:
            return WatchPass.model_validate(self.box.open_token(token, now=now))
        except (BrokenSealError, ExpiredTokenError, ValidationError):
            raise UnknownWatcherError from None


def _counted(told: Told, watcher: WatchPass, now: datetime) -> list[Beat]:
    """The beats that are neither too old nor of before anything counts, in the page's order."""
    from_when = max(now - LATEST, watcher.counts_from)
    beats = [Beat(number=told.first + place, at=now - age, stops=stops) for place, (age, stops) in enumerate(told.ages)]
    return [beat for beat in beats if beat.at >= from_when]


def arrival_of(movement: Movement, *, room: str, participant_id: str, page: str, received_at: datetime) -> Arrival:
    """The delivery of a coming or going, as the inbox keeps it."""
    identity = (room, participant_id, page, movement.kind, str(movement.number), movement.inferred or "told")
    finding = Finding(
        fact_id=fact_id(SOURCE_URI, *identity),
        source=SOURCE,
        source_uri=SOURCE_URI,
        kind=movement.kind,
        room_key=room_key(room),
        room=Room(name=room, key=room),
        time=movement.at,
        subject=participant_id,
        connection=page,
        inferred=movement.inferred,
    )
    return Arrival(
        fact_id=finding.fact_id, source=SOURCE, source_uri=SOURCE_URI, received_at=received_at, finding=finding
    )


class Viewings(Protocol):
    """Where viewings are kept."""

    async def end_silent(self, *, now: datetime) -> int:
        """End those of which nothing is heard any more; how many there were."""
        ...

    async def forget(self, *, ended_before: datetime) -> None:
        """Delete those that ended so long ago."""
        ...


class Silence:
    """Goes round the viewings, and ends those of which nothing is heard.

    A bridge that was away has heard nobody: after its start it first gives pages the time to tell what they kept.
    """

    def __init__(self, viewings: Viewings, clock: Clock, *, patience: timedelta = timedelta(minutes=1)) -> None:
        """`patience` counts from now."""
        self._viewings = viewings
        self._clock = clock
        self._begins_at = clock() + patience

    async def run(self) -> Never:
        """Go round until cancelled; a database that is away is tried again in the next round."""
        while True:
            try:
                await self.round()
            except StorageUnavailableError:
                log.warning("viewings.storage_unavailable")
            await asyncio.sleep(_PAUSE_SECONDS)

    async def round(self) -> None:
        """End what is silent by now.

        Raises:
            StorageUnavailableError: if the database is away.
        """
        now = self._clock()
        if now < self._begins_at:
            return
        if ended := await self._viewings.end_silent(now=now):
            log.info("viewings.ended_in_silence", viewings=ended)
        await self._viewings.forget(ended_before=now - KEPT)
