"""Who of an event attended enough, kept while nothing new is known: thousands are judged once and not at each look."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from services.registration.application.attendance_records import AttendanceReckoning, pages_after
from services.registration.domain.attendance_records import (
    AttendanceRecord,
    AttendanceRecords,
    Evidence,
    HalfDay,
    HeldSession,
    Schedule,
)
from services.registration.domain.eligibility import Rules, judge
from services.registration.domain.seats import SeatStatus

_KEPT: Final = 8
"""Rolls in memory; the one not asked for the longest goes first."""
_AGE: Final = timedelta(seconds=60)
"""How long a roll of an open event is given again while nothing new is known: what goes on goes on."""

_Known: TypeAlias = tuple[Evidence, datetime | None, bool, tuple[HalfDay, ...], tuple[HeldSession, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """Everybody of an event whom its rules concern, by id, and whether they are eligible by what was seen alone."""

    schedule: Schedule
    eligible: Mapping[str, bool]


@dataclass(slots=True)
class _Kept:
    """A roll, and all that it was judged from; nothing else that is asked of attendance changes a verdict."""

    known: _Known | None = None
    roll: Roll | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class EligibilityRolls:
    """The rolls of all events, each by the rules it was judged by."""

    def __init__(self, reckoning: AttendanceReckoning) -> None:
        """Ask attendance for records."""
        self._reckoning = reckoning
        self._kept: OrderedDict[tuple[str, Rules], _Kept] = OrderedDict()

    async def of(self, event_id: str, rules: Rules) -> Roll:
        """The roll of an event as it stands now; a fact more, however late, and it is judged anew.

        Raises:
            AttendanceAwayError: if attendance does not answer.
        """
        kept = self._kept.setdefault((event_id, rules), _Kept())
        self._kept.move_to_end((event_id, rules))
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        async with kept.lock:  # so that it is judged once for those who look at the same time
            first = await self._reckoning.page(event_id, limit=1)
            schedule = first.schedule
            known = (first.evidence, first.horizon, schedule.open, schedule.half_days, schedule.sessions)
            aged = kept.roll is not None and schedule.open and schedule.as_of - kept.roll.schedule.as_of > _AGE
            if kept.roll is None or kept.known != known or aged:
                kept.roll = await self._judged(event_id, rules, first)
                kept.known = known
            return kept.roll

    async def _judged(self, event_id: str, rules: Rules, first: AttendanceRecords) -> Roll:
        eligible = await asyncio.to_thread(_eligible, rules, first)
        async for page in pages_after(self._reckoning, event_id, first):
            eligible |= await asyncio.to_thread(_eligible, rules, page)
        return Roll(schedule=first.schedule, eligible=eligible)


def concerned(records: AttendanceRecords) -> Sequence[AttendanceRecord]:
    """Whoever is registered, and whoever was there all the same."""
    return [each for each in records.people if each.registration != SeatStatus.CANCELLED or each.whole.total]


def _eligible(rules: Rules, records: AttendanceRecords) -> dict[str, bool]:
    return {each.participant_id: judge(rules, each).eligible for each in concerned(records)}
