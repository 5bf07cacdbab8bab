"""Who is watching which event: hands each stored change to every watcher, and waits for none of them.

The projector calls `advance` after each commit. A watcher that does not keep up is let go: it comes back with the last
cursor it saw and reads the rest from the read model.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, Final

import msgspec

from services.attendance.adapters.projection import Stored
from services.attendance.adapters.rows import entry_of
from services.attendance.adapters.timeline import SqlTimeline
from services.attendance.domain.reading import Entry

LONGEST_QUEUE: Final = 2000
"""Entries that wait for one watcher, beyond which it is let go."""
_PAGE: Final = 500


class WatcherGoneError(Exception):
    """The watcher was let go, because it was too slow or because the service stops."""


class Watcher:
    """One reader of one event's changes."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._waiting: deque[Entry] = deque()
        self._news = asyncio.Event()
        self._gone = False

    def offer(self, entries: Iterable[Entry]) -> None:
        """Tell of changes, perhaps of presence alone; never waits."""
        self._waiting.extend(entries)
        if len(self._waiting) > LONGEST_QUEUE:
            self.let_go()
        self._news.set()

    def let_go(self) -> None:
        """End the watch."""
        self._gone = True
        self._waiting.clear()
        self._news.set()

    async def changes(self, *, within: float) -> list[Entry] | None:
        """The entries changed since the last call, perhaps none; `None` when nothing happened within some seconds.

        Raises:
            WatcherGoneError: when the watch has ended.
        """
        try:
            async with asyncio.timeout(within):
                await self._news.wait()
        except TimeoutError:
            return None
        if self._gone:
            raise WatcherGoneError
        self._news.clear()
        entries = list(self._waiting)
        self._waiting.clear()
        return entries


class _Hub:
    """The watchers of one event, and the position up to which they have been told of everything."""

    def __init__(self, event_id: str, position: int) -> None:
        self.event_id = event_id
        self.position = position
        self.watchers: set[Watcher] = set()
        self.telling = asyncio.Lock()


class Feed:
    """The watchers of all events in this process."""

    def __init__(self, timeline: SqlTimeline) -> None:
        """Read from `timeline` what is not told."""
        self._timeline = timeline
        self._hubs: dict[str, _Hub] = {}

    async def advance(self, event_ids: Iterable[str], stored: Stored | None = None) -> None:
        """Tell the watchers of these events what was stored since they were last told.

        `stored` is what this process has just stored: who knows all before it is told of it without another look at the
        database. Without it, and for those who do not, the read model is asked.
        """
        concerned = frozenset(event_ids)
        for hub in list(self._hubs.values()):
            if hub.event_id in concerned:
                await self._tell(hub, stored)
            elif stored is not None and hub.position == stored.before:
                hub.position = stored.after

    @asynccontextmanager
    async def watch(self, event_id: str) -> AsyncIterator[Watcher]:
        """Watch an event: all that is stored from now on is offered, and perhaps a little of what was before."""
        moment = await self._timeline.moment()
        hub = self._hubs.setdefault(event_id, _Hub(event_id, moment.position))
        watcher = Watcher()
        hub.watchers.add(watcher)
        try:
            # What was stored while this hub was made had no hub to be told to.
            await self._tell(hub)
            yield watcher
        finally:
            hub.watchers.discard(watcher)
            if not hub.watchers:
                self._hubs.pop(event_id, None)

    def close(self) -> None:
        """Let every watcher go: the service stops."""
        for hub in self._hubs.values():
            for watcher in hub.watchers:
                watcher.let_go()

    async def _tell(self, hub: _Hub, stored: Stored | None = None) -> None:
        async with hub.telling:
            if stored is not None and stored.before <= hub.position:
                fresh = _entries(hub, stored)
                if fresh is not None:
                    _offer(hub, fresh)
                    hub.position = max(hub.position, stored.after)
                    return
            while True:
                fresh = await self._timeline.since(hub.event_id, position=hub.position, limit=_PAGE)
                _offer(hub, fresh)
                if fresh:
                    hub.position = fresh[-1].position
                if len(fresh) < _PAGE:
                    return


def _offer(hub: _Hub, fresh: list[Entry]) -> None:
    for watcher in hub.watchers:
        watcher.offer(fresh)


def _entries(hub: _Hub, stored: Stored) -> list[Entry] | None:
    """The stored entries of an event that its watchers have not been told of; None if one needs more than its row."""
    rows = [row for row in stored.entries if row["event_id"] == hub.event_id and row["position"] > hub.position]
    if any((hub.event_id, row["id"]) in stored.suspect for row in rows):
        return None
    return [entry_of(_as_read(row)) for row in rows]


def _as_read(row: dict[str, Any]) -> Any:  # noqa: ANN401  (what a Row of these columns would be)
    """A row as it would be read again."""
    read = {
        name: None if row[name] is None else msgspec.json.decode(row[name].encode()) for name in ("reached", "fact")
    }
    return SimpleNamespace(**{**row, **read})
