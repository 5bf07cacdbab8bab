"""The figures of the moment, counted once for all who watch an event."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from schemas.registration import EventData
from services.attendance.application.reading import Reading
from services.attendance.application.statistics import Statistics
from services.attendance.web import figure_answers

_NOW_SECONDS: Final = 0.9
_CURVE_SECONDS: Final = 2.0

Counted = TypeVar("Counted")


@dataclass(slots=True)
class _Kept(Generic[Counted]):
    """An answer, and when its question was asked: what was stored since then may be missing in it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    asked_at: float = float("-inf")
    answer: Counted | None = None

    async def get(self, count: Callable[[], Awaitable[Counted]], *, fresh_seconds: float) -> Counted:
        clock = asyncio.get_running_loop().time
        async with self.lock:
            if self.answer is None or clock() - self.asked_at > fresh_seconds:
                asked_at = clock()
                self.answer = await count()
                self.asked_at = asked_at
            return self.answer


class SharedFigures:
    """Counts for the first who asks, and answers the others with the same for a moment."""

    def __init__(self, reading: Reading) -> None:
        """Count what `reading` tells."""
        self._reading = reading
        self._now: dict[str, _Kept[figure_answers.Now]] = {}
        self._statistics: dict[str, _Kept[tuple[int | None, Statistics]]] = {}

    async def of(self, event_id: str) -> figure_answers.Now:
        """The figures of an event, less than a second old.

        Raises:
            UnknownEventError: if no fact tells of it.
        """
        kept = self._now.setdefault(event_id, _Kept())
        return await kept.get(lambda: self._count(event_id), fresh_seconds=_NOW_SECONDS)

    async def statistics(self, event: EventData) -> tuple[int | None, Statistics]:
        """The horizon of an event and all its figures, at most two seconds old."""
        kept = self._statistics.setdefault(event.event_id, _Kept())
        return await kept.get(lambda: self._reading.statistics(event), fresh_seconds=_CURVE_SECONDS)

    async def _count(self, event_id: str) -> figure_answers.Now:
        event = await self._reading.event(event_id)
        horizon, counted = await self._reading.figures(event_id)
        return figure_answers.now(counted, event=event, horizon=horizon)
