"""Comings and goings gathered, where a quarter of an hour each would be too many lines."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from services.attendance.web.report_answers import QuarterHour

QUARTER_SECONDS: Final = 900
_GATHERED: Final = (1, 2, 4, 8, 12, 24, 48, 96)
_COLUMNS: Final = ("arrived_in_person", "arrived_remote", "left_in_person", "left_remote")


def gathered(quarters: Sequence[QuarterHour], *, most: int) -> tuple[list[QuarterHour], int]:
    """The same by as many quarters of an hour as leave at most so many lines, if that can be; and how many that are."""
    every = next((one for one in _GATHERED if len(_places(quarters, one)) <= most), _GATHERED[-1])
    if every == 1:
        return list(quarters), 1
    found = []
    for place, group in _places(quarters, every).items():
        sums = {name: _sum([getattr(one, name) for one in group]) for name in _COLUMNS}
        found.append(group[0].model_copy(update={"at": datetime.fromtimestamp(place, UTC), **sums}))
    return found, every


def _places(quarters: Sequence[QuarterHour], every: int) -> dict[int, list[QuarterHour]]:
    places: dict[int, list[QuarterHour]] = {}
    for one in quarters:
        at = int(one.at.timestamp())
        places.setdefault(at - at % (QUARTER_SECONDS * every), []).append(one)
    return places


def _sum(counts: Sequence[int | None]) -> int | None:
    """None as soon as one is hidden."""
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
