"""What comes to the door and what becomes of it, by source: an organizer sees from it why nothing arrives.

Nothing of a request is kept but its instant and the reason of its refusal. A flood of forged requests is as cheap as
one: it is counted in memory, and written every few seconds in one small transaction. A crash loses those few seconds of
counting, and no delivery.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from services.chassis.clock import Clock
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.domain.errors import StorageUnavailableError
from services.streaming_bridge.domain.sources import PlatformName

UNKNOWN_SOURCE: Final = "unknown_source"
WRONG_ADDRESS: Final = "wrong_address"
NAMING_NOBODY: Final = frozenset({UNKNOWN_SOURCE, WRONG_ADDRESS})
"""The reasons that come with a name which anybody may have made up."""
LAST_SHOWN: Final = 10
"""How many refusals of a source are kept one by one; of all others the number is kept."""
OTHER_NAMES: Final = ""
"""Stands for the names of no source that are too many, or too odd, to be kept each."""
_MOST_COUNTERS: Final = 1000
_MOST_NAMES: Final = 20
_Key = tuple[str, str, PlatformName, bool]
"""Source, word, platform, refused."""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of requests: the platform and the source that their address names, and a stable word."""

    platform: PlatformName
    source: str
    word: str
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many requests had a fate, and when the last one came."""

    fate: Fate
    number: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that was refused."""

    platform: PlatformName
    source: str
    reason: str
    at: datetime


class DoorBook(Protocol):
    """Where it is kept."""

    async def add(self, counts: Sequence[Count], refusals: Sequence[Refusal]) -> None:
        """Add to what is counted, and keep the last refusals of each source, in one transaction.

        Raises:
            StorageUnavailableError: if nothing can be written now; nothing is then.
        """
        ...


class DoorLog:
    """Counts in memory, and writes when it is told to."""

    def __init__(self, book: DoorBook, clock: Clock, *, is_source: Callable[[str], bool]) -> None:
        """Join the parts; `is_source` says which names are not made up."""
        self._book = book
        self._is_source = is_source
        self._clock = clock
        # Plain tuples, and as little as can be: each delivery comes by here.
        self._counts: dict[_Key, tuple[int, datetime]] = {}
        self._refusals: dict[str, deque[Refusal]] = {}
        self._names: set[str] = set()

    def kept(self, platform: PlatformName, source: str, outcome: Outcome) -> None:
        """A delivery that is on disk."""
        self._count((source, outcome, platform, False), self._clock())

    def refused(self, platform: PlatformName, source: str, reason: str) -> None:
        """A request that was refused; `reason` is a stable word."""
        if not self._is_source(source):
            # What is refused before its source is looked up may bear any name too.
            source = self._name_to_keep(source) if reason in NAMING_NOBODY else OTHER_NAMES
        now = self._clock()
        self._count((source, reason, platform, True), now)
        last = self._refusals.setdefault(source, deque(maxlen=LAST_SHOWN))
        last.append(Refusal(platform=platform, source=source, reason=reason, at=now))

    async def write(self) -> None:
        """Write what was counted since the last time; nothing is written where nothing came.

        Raises:
            StorageUnavailableError: if the database is away; what was counted waits for the next time.
            UnstorableError: if it cannot be written, now or ever; it is let go of.
        """
        if not self._counts:
            return
        counts, refusals, names = self._counts, self._refusals, self._names
        self._counts, self._refusals, self._names = {}, {}, set()
        try:
            await self._book.add(
                [_counted(key, number, last_at) for key, (number, last_at) in counts.items()],
                [refusal for last in refusals.values() for refusal in last],
            )
        except StorageUnavailableError:
            self._put_back(counts, refusals)
            # No further names each time that it fails.
            self._names |= names
            raise

    def _count(self, key: _Key, now: datetime) -> None:
        known = self._counts.get(key)
        if known is not None:
            self._counts[key] = known[0] + 1, now
        elif len(self._counts) < _MOST_COUNTERS:
            self._counts[key] = 1, now

    def _name_to_keep(self, name: str) -> str:
        """The first few names that are made up are kept until they are written, if they could be a source's."""
        if _NAME.fullmatch(name) and (name in self._names or len(self._names) < _MOST_NAMES):
            self._names.add(name)
            return name
        return OTHER_NAMES

    def _put_back(self, counts: Mapping[_Key, tuple[int, datetime]], refusals: Mapping[str, deque[Refusal]]) -> None:
        for key, (number, last_at) in counts.items():
            since, later = self._counts.get(key, (0, last_at))
            self._counts[key] = number + since, max(last_at, later)
        for source, last in refusals.items():
            self._refusals[source] = deque([*last, *self._refusals.get(source, ())], maxlen=LAST_SHOWN)


def _counted(key: _Key, number: int, last_at: datetime) -> Count:
    source, word, platform, refused = key
    fate = Fate(platform=platform, source=source, word=word, refused=refused)
    return Count(fate=fate, number=number, last_at=last_at)
