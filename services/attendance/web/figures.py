"""The figures of the moment, counted at most once a second for each event, however many watch it."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

from schemas.registration import EventData
from services.attendance.application.reading import Reading
from services.attendance.application.statistics import figures
from services.attendance.web import answers

_FRESH_SECONDS: Final = 0.9


@dataclass(slots=True)
class _Counted:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    at: float = float("-inf")
    now: answers.Now | None = None


class SharedFigures:
    """Counts for the first who asks, and answers the others with the same."""

    def __init__(self, reading: Reading) -> None:
        """Count what `reading` tells."""
        self._reading = reading
        self._counted: dict[str, _Counted] = {}

    async def of(self, event_id: str) -> answers.Now:
        """The figures of an event, less than a second old.

        Raises:
            UnknownEventError: if no fact tells of it.
        """
        clock = asyncio.get_running_loop().time
        counted = self._counted.setdefault(event_id, _Counted())
        async with counted.lock:
            if counted.now is None or clock() - counted.at > _FRESH_SECONDS:
                # The age is that of the question: what is stored while it is answered may be missing in the answer.
                asked_at = clock()
                counted.now = await self._count(event_id)
                counted.at = asked_at
            return counted.now

    async def _count(self, event_id: str) -> answers.Now:
        event: EventData = await self._reading.event(event_id)
        report = await self._reading.people(event_id)
        return answers.now(figures(report.standings), event=event, horizon=report.horizon)
