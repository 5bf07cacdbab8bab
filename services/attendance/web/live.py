"""Server-Sent Events of one event: each entry as it is stored, and the figures, at most once a second.

The `id:` of a message is an opaque cursor: a reader that comes back with it (`Last-Event-ID`, or `?after=` the first
time) gets what it missed. With none, one of another copy of the read model, or one too old to catch up from, it gets a
`snapshot` and goes on from there.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from aiohttp import web

from services.attendance.adapters.timeline import Moment, SqlTimeline
from services.attendance.domain.reading import Entry
from services.attendance.web.feed import Feed, Watcher, WatcherGoneError
from services.chassis.paging import decode_cursor, encode_cursor
from services.chassis.problems import FieldError, Problem, bad_request

RETRY_MS: Final = 2000
HEARTBEAT_SECONDS: Final = 15.0
FIGURES_SECONDS: Final = 1.0
WRITE_SECONDS: Final = 20.0
LONGEST_SECONDS: Final = 900.0
"""A stream ends after a while and its reader comes back: by then the token may have been revoked."""
FARTHEST_BEHIND: Final = 1000
"""Entries a reader may have missed and still get one by one."""
_PAGE: Final = 200


class Telling(Protocol):
    """How a stream tells what happens; each text is the `data:` of a message."""

    async def entries(self, entries: Sequence[Entry]) -> Sequence[tuple[Entry, str]]:
        """Those entries this reader wants, each as it is told."""
        ...

    async def figures(self) -> str:
        """The figures of the moment."""
        ...

    async def snapshot(self, reason: str) -> str:
        """How things stand, for a reader who cannot be told what they missed, and why."""
        ...


class LiveStream:
    """One answer to one reader, until they leave, fall behind, or the service stops."""

    def __init__(self, *, timeline: SqlTimeline, feed: Feed, telling: Telling, event_id: str) -> None:
        """Tell what `feed` says of one event in the words of `telling`."""
        self._timeline = timeline
        self._feed = feed
        self._telling = telling
        self._event_id = event_id
        self._moment = Moment(epoch="", position=0)
        self._response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Stream to the reader who asks.

        Raises:
            Problem: 400 naming `after`, if that is no cursor. A reader cannot help what it sends as `Last-Event-ID`.
        """
        after = request.query.get("after")
        if after is not None and _read_cursor(after) is None:
            wrong = FieldError(parameter="after", detail="not the `id` of a message of this stream")
            raise bad_request("The query is not valid: see after.", errors=[wrong])
        given = request.headers.get("Last-Event-ID") or after
        async with self._feed.watch(self._event_id) as watcher:
            await self._response.prepare(request)
            try:
                await self._write(f"retry: {RETRY_MS}\n\n")
                await self._catch_up(given)
                await self._follow(watcher)
            except (WatcherGoneError, ConnectionResetError):
                pass
            except TimeoutError:
                # The reader takes nothing any more: what is left in the buffers would keep the connection open.
                if request.transport is not None:
                    request.transport.abort()
        return self._response

    async def _catch_up(self, given: str | None) -> None:
        present = await self._timeline.moment()
        cursor = _read_cursor(given)
        self._moment = present if cursor is None else cursor
        reason = await self._why_snapshot(given, cursor, present)
        if reason is not None:
            self._moment = present
            await self._send("snapshot", await self._telling.snapshot(reason))
            return
        while True:
            missed = await self._timeline.since(self._event_id, position=self._moment.position, limit=_PAGE)
            await self._tell(missed)
            if len(missed) < _PAGE:
                break
        await self._send("stats", await self._telling.figures())

    async def _why_snapshot(self, given: str | None, cursor: Moment | None, present: Moment) -> str | None:
        if given is None:
            return "start"
        if cursor is None or cursor.epoch != present.epoch or cursor.position > present.position:
            return "unknown"
        missed = await self._timeline.count_since(self._event_id, position=cursor.position)
        return "expired" if missed > FARTHEST_BEHIND else None

    async def _follow(self, watcher: Watcher) -> None:
        clock = asyncio.get_running_loop().time
        ends_at = clock() + LONGEST_SECONDS
        told_at, owed = clock(), False
        while clock() < ends_at:
            within = max(0.0, told_at + FIGURES_SECONDS - clock()) if owed else HEARTBEAT_SECONDS
            changes = await watcher.changes(within=within)
            if changes is not None:
                await self._tell([entry for entry in changes if entry.position > self._moment.position])
                owed = True
            elif not owed:
                await self._write(":\n\n")
            if owed and clock() >= told_at + FIGURES_SECONDS:
                await self._send("stats", await self._telling.figures())
                told_at, owed = clock(), False

    async def _tell(self, entries: Sequence[Entry]) -> None:
        """Send the wanted entries, and let the cursor pass over the others."""
        told = []
        for entry, data in await self._telling.entries(entries):
            self._moment = Moment(epoch=self._moment.epoch, position=entry.position)
            told.append(self._message("entry", data))
        if entries:
            self._moment = Moment(epoch=self._moment.epoch, position=entries[-1].position)
        if told:
            await self._write("".join(told))

    async def _send(self, name: str, data: str) -> None:
        await self._write(self._message(name, data))

    def _message(self, name: str, data: str) -> str:
        lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
        return f"id: {cursor_at(self._moment)}\nevent: {name}\n{lines}\n"

    async def _write(self, text: str) -> None:
        async with asyncio.timeout(WRITE_SECONDS):
            await self._response.write(text.encode())


def cursor_at(moment: Moment) -> str:
    """The cursor from which a stream tells what came after a moment."""
    return encode_cursor((moment.epoch, moment.position))


def _read_cursor(given: str | None) -> Moment | None:
    if given is None:
        return None
    try:
        epoch, position = decode_cursor(given, str, int)
    except Problem:
        return None
    return Moment(epoch=str(epoch), position=int(position))
