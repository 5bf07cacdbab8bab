"""Periods as people say them: `3 years`, `18 months`, `30 days`."""

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

_WORDED: Final = re.compile(r"\s*(\d{1,4})\s+(day|month|year)s?\s*", re.ASCII)
_MONTHS_A_YEAR: Final = 12
_DAYS_A_MONTH: Final = 30


class Unit(StrEnum):
    """What a period is counted in."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A number of days, months or years of the calendar."""

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str) -> Self:
        """The period that somebody wrote.

        Raises:
            ValueError: if it is none.
        """
        worded = _WORDED.fullmatch(text)
        if worded is None:
            raise ValueError
        return cls(count=int(worded[1]), unit=Unit(worded[2]))

    def __str__(self) -> str:
        """As it is parsed."""
        return f"{self.count} {self.unit}{'' if self.count == 1 else 's'}"

    def before(self, now: datetime) -> datetime:
        """The instant this long ago; from the end of a longer month it is the last day of the shorter one."""
        return self._moved(now, -1)

    def after(self, then: datetime) -> datetime:
        """The instant this long afterwards, likewise."""
        return self._moved(then, 1)

    @property
    def about_days(self) -> int:
        """Its length, to compare: a month is taken for 30 days, and a year for twelve of those and five days."""
        if self.unit is Unit.DAY:
            return self.count
        years, months = divmod(self._months, _MONTHS_A_YEAR)
        return years * 365 + months * _DAYS_A_MONTH

    @property
    def _months(self) -> int:
        return self.count * (_MONTHS_A_YEAR if self.unit is Unit.YEAR else 1)

    def _moved(self, instant: datetime, sign: int) -> datetime:
        if self.unit is Unit.DAY:
            return instant + sign * timedelta(days=self.count)
        year, month = divmod(instant.year * _MONTHS_A_YEAR + instant.month - 1 + sign * self._months, _MONTHS_A_YEAR)
        return instant.replace(year=year, month=month + 1, day=min(instant.day, monthrange(year, month + 1)[1]))


def period_of(*, shortest_days: int = 1, longest_years: int = 50) -> Callable[[object], Period]:
    """What reads a setting that is a period, or refuses it."""

    def read(value: object) -> Period:
        period = value if isinstance(value, Period) else Period.parse(str(value))
        if not shortest_days <= period.about_days <= longest_years * 365:
            raise ValueError
        return period

    return read


PERIOD: Final = "a period between 1 day and 50 years, such as 30 days, 18 months or 3 years"
KeptFor = Annotated[Period, NoDecode, BeforeValidator(period_of()), Field(description=PERIOD)]
"""The type of a setting that says how long something is kept."""
