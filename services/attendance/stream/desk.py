"""The desk: where agents lay their batches, and where they are taken from, all at hand at once, for a round."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import chain
from operator import attrgetter
from typing import Any, Final

from faust.types import EventT

from services.attendance.stream.batches import Record

MOST_RECORDS: Final = 8192
MOST_BYTES: Final = 4 * 1024 * 1024


class Desk:
    """Holds at most so many records and bytes (and one batch more); agents wait for room.

    Batches of before a rebalance are thrown away: those partitions are read again from what is committed, by
    whoever has them now.
    """

    def __init__(self, *, records: int = MOST_RECORDS, bytes_: int = MOST_BYTES) -> None:
        """At most so many `records` and `bytes_` of keys and values wait for a round."""
        self._most_records = records
        self._most_bytes = bytes_
        self._waiting: list[EventT[Any]] = []
        self._records = 0
        self._bytes = 0
        self._epoch = 0
        self._in_work = 0
        self._is_closed = False
        self._changed = asyncio.Condition()

    @property
    def epoch(self) -> int:
        """Counts the rebalances."""
        return self._epoch

    async def lay(self, event: EventT[Any], *, epoch: int) -> None:
        """Leave a batch that came in `epoch`; waits while there is no room."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._has_room() or epoch != self._epoch)
            if epoch != self._epoch or self._is_closed:
                return
            self._waiting.append(event)
            self._records += len(event.value)
            self._bytes += size(event.value)
            self._changed.notify_all()

    async def take(self) -> list[EventT[Any]]:
        """Take all that waits, at least one batch, for a round: whoever takes says `finished` in the end."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting)
            taken, self._waiting, self._records, self._bytes = self._waiting, [], 0, 0
            self._in_work += 1
            self._changed.notify_all()
        return taken

    async def finished(self) -> None:
        """A round is over, or given up."""
        async with self._changed:
            self._in_work -= 1
            self._changed.notify_all()

    async def clear(self) -> None:
        """Throw away what waits, and return when no round is in work."""
        async with self._changed:
            self._epoch += 1
            self._waiting, self._records, self._bytes = [], 0, 0
            self._changed.notify_all()
            await self._changed.wait_for(lambda: not self._in_work)

    async def close(self) -> None:
        """As `clear`, and take nothing more: what came later would be folded without what was thrown away."""
        self._is_closed = True
        await self.clear()

    def _has_room(self) -> bool:
        return self._records < self._most_records and self._bytes < self._most_bytes


def size(records: Sequence[Record]) -> int:
    """Bytes of keys and values."""
    return sum(len(record.value or b"") + len(record.key or b"") for record in records)


def as_they_came(batches: Sequence[list[Record]]) -> Iterator[Record]:
    """The records of one partition: those of each topic in their order, and the topics side by side in time.

    A backlog of several topics is folded as it would have been had the worker been there, for the most part: a fact
    that comes in order costs a tenth of one that does not.
    """
    by_topic: defaultdict[str, list[list[Record]]] = defaultdict(list)
    for batch in batches:
        by_topic[batch[0].topic].append(batch)
    if len(by_topic) == 1:
        return chain.from_iterable(batches)
    return merge(*map(chain.from_iterable, by_topic.values()), key=attrgetter("timestamp"))
