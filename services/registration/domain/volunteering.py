"""Volunteers' hours: what was given to an event, counted apart from attendance, and what it is worth by a set method.

In France: règlement ANC n° 2018-06, art. 211-1 to 211-4, "contributions volontaires en nature".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from services.registration.domain.errors import RegistrationError

MOST_MINUTES: Final = 24 * 60
MOST_PEOPLE: Final = 1000
MOST_CENTS: Final = 100_000
LEAST_PERCENT, MOST_PERCENT = 100, 1000
_MINUTES_AN_HOUR: Final = 60


class ShiftNotFoundError(RegistrationError):
    """The event has no shift of this id."""

    def __init__(self, shift_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(shift_id)
        self.shift_id = shift_id


class Skill(StrEnum):
    """What a task takes; each is worth a share of the hourly rate."""

    SIMPLE = "simple"
    SKILLED = "skilled"
    EXPERT = "expert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What one person, or several alike, did for an event on one day: `minutes` each.

    `name` says who, if somebody wrote it down; it is deleted before the hours are.
    """

    shift_id: str
    event_id: str
    day: date
    task: str
    minutes: int
    noted_at: datetime
    people: int = 1
    skill: Skill = Skill.SIMPLE
    name: str | None = None

    @property
    def person_minutes(self) -> int:
        """Of all of them together."""
        return self.minutes * self.people


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """The method: an hourly rate in cents of a euro, what it rests on in words, and shares for tasks that take more.

    Without a rate hours are counted and not valued, which the rules allow where it is said why.
    """

    hourly_cents: int | None = None
    basis: str | None = None
    skilled_percent: int = 150
    expert_percent: int = 200

    def cents(self, shift: Shift) -> int | None:
        """What a shift is worth, to the nearest cent, half a cent up; None if hours are not valued."""
        if self.hourly_cents is None:
            return None
        percent = {Skill.SIMPLE: 100, Skill.SKILLED: self.skilled_percent, Skill.EXPERT: self.expert_percent}
        divisor = _MINUTES_AN_HOUR * 100
        return (2 * shift.person_minutes * self.hourly_cents * percent[shift.skill] + divisor) // (2 * divisor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What shifts add up to; `cents` is None if none of them is valued."""

    person_minutes: int
    cents: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtDesk:
    """When a door was scanned at on a day: the first and the last scan, and how many; somebody was there, then."""

    day: date
    gate: str | None
    first: datetime
    last: datetime
    scans: int

    @property
    def minutes(self) -> int:
        """From the first to the last, begun quarters of an hour counted: who scans is there before and after."""
        quarter = 15
        exact = (self.last - self.first).total_seconds() / _MINUTES_AN_HOUR
        return min(MOST_MINUTES, max(quarter, int(-(-exact // quarter)) * quarter))


def given(shifts: Iterable[Shift], valuation: Valuation) -> Given:
    """The sum of shifts that are valued by one method."""
    some = list(shifts)
    values = [cents for shift in some if (cents := valuation.cents(shift)) is not None]
    return Given(
        person_minutes=sum(shift.person_minutes for shift in some),
        cents=sum(values) if valuation.hourly_cents is not None else None,
    )


def by_task(shifts: Sequence[Shift], valuation: Valuation) -> list[tuple[str, Given]]:
    """The sums of each task, the longest first."""
    tasks = {shift.task for shift in shifts}
    sums = [(task, given((one for one in shifts if one.task == task), valuation)) for task in tasks]
    return sorted(sums, key=lambda one: (-one[1].person_minutes, one[0]))
