"""Heads: how many people were here, by mode, at each minute and at most.

People count once. Two devices are one presence, and whoever is here in both modes is in `in_person`, in `remote` and in
`both`, so that total = in_person + remote - both, as with the durations.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import Interval, Span, intersection, union

MINUTE: Final = 60_000
"""In milliseconds, as all instants and spans here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """When one person was here: disjoint spans in order, in one mode, in the other, in both at once, and in any."""

    in_person: Sequence[Span]
    remote: Sequence[Span]
    both: Sequence[Span]
    total: Sequence[Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """How many people, by mode."""

    in_person: int = 0
    remote: int = 0
    both: int = 0

    @property
    def total(self) -> int:
        """Each person once."""
        return self.in_person + self.remote - self.both


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """Who was here at an instant, the beginning of a minute."""

    at: int
    heads: Heads


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The most people at once, and when that was first so."""

    count: int
    at: int


def spans_of(intervals: Iterable[Interval], *, horizon: int) -> Spans:
    """When one person was here; what goes on is here at the horizon too, and for the minute after it."""
    by_mode: dict[Mode, list[Span]] = {Mode.IN_PERSON: [], Mode.REMOTE: []}
    for interval in intervals:
        end = max(horizon, interval.start) + MINUTE if interval.end is None else interval.end
        if end > interval.start:
            by_mode[interval.mode].append((interval.start, end))
    in_person, remote = union(by_mode[Mode.IN_PERSON]), union(by_mode[Mode.REMOTE])
    return Spans(
        in_person=in_person, remote=remote, both=intersection(in_person, remote), total=union([*in_person, *remote])
    )


def curve(people: Sequence[Spans], *, start: int, end: int) -> list[Minute]:
    """Who was here at the beginning of each minute from `start` to `end`, both cut to the minute and both included."""
    first = start - start % MINUTE
    count = (end - first) // MINUTE + 1
    if count <= 0:
        return []
    in_person = _sampled((span for person in people for span in person.in_person), first, count)
    remote = _sampled((span for person in people for span in person.remote), first, count)
    both = _sampled((span for person in people for span in person.both), first, count)
    return [
        Minute(at=first + number * MINUTE, heads=Heads(in_person=a, remote=b, both=c))
        for number, (a, b, c) in enumerate(zip(in_person, remote, both, strict=True))
    ]


def peak(people: Iterable[Spans], chosen: Callable[[Spans], Iterable[Span]]) -> Peak | None:
    """The most people at once in the chosen spans of each, exact to the instant; None if nobody ever was."""
    return peak_of([span for person in people for span in chosen(person)])


def peak_of(spans: Sequence[Span]) -> Peak | None:
    """The most spans at once, and when that was first so; None if there are none."""
    ends = sorted([end for _, end in spans])
    gone, most, since = 0, 0, 0
    for come, at in enumerate(sorted([start for start, _ in spans]), start=1):
        while ends[gone] <= at:
            gone += 1
        if come - gone > most:
            most, since = come - gone, at
    return Peak(count=most, at=since) if most else None


def _sampled(spans: Iterable[Span], first: int, count: int) -> list[int]:
    """How many spans hold each of `count` instants, a minute apart from `first` on."""
    changes = [0] * (count + 1)
    for start, end in spans:
        changes[_sample_at_or_after(start, first, count)] += 1
        changes[_sample_at_or_after(end, first, count)] -= 1
    return list(accumulate(changes))[:count]


def _sample_at_or_after(instant: int, first: int, count: int) -> int:
    return min(max(-((first - instant) // MINUTE), 0), count)
