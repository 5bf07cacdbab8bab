"""Events beside each other: each with its figures, and what those of one year, or of one series, add up to. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

Heads: TypeAlias = int | None
"""A number of people; None where it is hidden, because it would tell of too few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """How an event, or several, were attended. Who came in both modes at some time is in neither `…_only`.

    `seats` are confirmed registrations, `came_with_seat` those of them who came; guests come without one. Seconds are
    of people: two devices at once count once; who is there in both modes at once counts in each, and once in `seconds`.
    """

    seats: Heads
    came_with_seat: Heads
    in_person_only: Heads
    remote_only: Heads
    both: Heads
    came: Heads
    seconds_in_person: int | None
    seconds_remote: int | None
    seconds: int | None

    @property
    def turnout(self) -> float | None:
        """The share of the seats that was used; None where that is hidden, or there are none."""
        return None if not self.seats or self.came_with_seat is None else self.came_with_seat / self.seats

    @property
    def mean_seconds(self) -> float | None:
        """How long those who came were there; None where that is hidden, or nobody came."""
        return None if not self.came or self.seconds is None else self.seconds / self.came


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An event with its figures; `day` is that of its start where it takes place, `open` until it is closed."""

    event_id: str
    title: str
    series: str | None
    starts_at: datetime
    day: date
    open: bool
    attended: Attended

    @property
    def year(self) -> int:
        """In which it begins."""
        return self.day.year


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What the events of a series (of None: those without one) in a year add up to."""

    year: int
    series: str | None
    events: int
    attended: Attended


def totals(held: Iterable[Held]) -> list[Total]:
    """Year by year for each series, in the order of their names, and those without a series last."""
    groups: dict[tuple[str | None, int], list[Attended]] = {}
    for event in held:
        groups.setdefault((event.series, event.year), []).append(event.attended)
    order = sorted(groups, key=lambda group: (group[0] is None, group[0] or "", group[1]))
    return [
        Total(series=series, year=year, events=len(groups[series, year]), attended=added(groups[series, year]))
        for series, year in order
    ]


def added(some: Sequence[Attended]) -> Attended:
    """The sums. People are counted once an event: who came to two is two, for nobody can tell.

    What is hidden of one is hidden of the sum, from which the others could be taken away.
    """

    def total(values: Iterable[int | None]) -> int | None:
        seen = list(values)
        return None if None in seen else sum(value for value in seen if value is not None)

    return Attended(
        seats=total(one.seats for one in some),
        came_with_seat=total(one.came_with_seat for one in some),
        in_person_only=total(one.in_person_only for one in some),
        remote_only=total(one.remote_only for one in some),
        both=total(one.both for one in some),
        came=total(one.came for one in some),
        seconds_in_person=total(one.seconds_in_person for one in some),
        seconds_remote=total(one.seconds_remote for one in some),
        seconds=total(one.seconds for one in some),
    )
