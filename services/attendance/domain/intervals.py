"""Intervals of presence: what they are, how they unite, and how long they last."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from services.attendance.domain.errors import BackwardIntervalError
from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import Mode

Span: TypeAlias = tuple[int, int]
"""Start and end in milliseconds; the end is not part of it."""


class EndInferred(StrEnum):
    """What an end rests on that nobody saw.

    `SILENCE` is told by a leave of the channel's own that was inferred; the others follow from the event's facts.
    """

    ROOM_CLOSED = "room_closed"
    ROOM_REOPENED = "room_reopened"
    EVENT_CLOSED = "event_closed"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A span of presence through one channel; `end` is None while it goes on.

    `facts` are the ids of what it rests on: what opened it, then what closed it or let its end be inferred. `sources`
    are who told those. `contradicted_by` are the facts that do not fit it.

    Raises:
        BackwardIntervalError: on construction, when the end lies before the start.
    """

    mode: Mode
    start: int
    end: int | None
    via: str
    start_inferred: bool = False
    end_inferred: EndInferred | None = None
    facts: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    contradicted_by: tuple[str, ...] = ()

    @property
    def is_unclosed(self) -> bool:
        """Whether no fact of its own channel tells its end."""
        return self.end is None or self.end_inferred not in (None, EndInferred.SILENCE)

    @property
    def grade(self) -> Grade:
        """How good its evidence is."""
        if self.contradicted_by:
            return Grade.CONTRADICTED
        return Grade.INFERRED if self.start_inferred or self.end_inferred is not None else Grade.OBSERVED

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise BackwardIntervalError(start=self.start, end=self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """Milliseconds of presence. Two devices at once count once: total = in_person + remote - both, exactly."""

    in_person: int = 0
    remote: int = 0
    both: int = 0

    @property
    def total(self) -> int:
        """Milliseconds present in any mode."""
        return self.in_person + self.remote - self.both


def durations(intervals: Iterable[Interval], *, horizon: int | None = None) -> Durations:
    """How long the intervals last. One that goes on counts up to `horizon`, and not at all without one."""
    by_mode: dict[Mode, list[Span]] = {Mode.IN_PERSON: [], Mode.REMOTE: []}
    for interval in intervals:
        end = horizon if interval.end is None else interval.end
        if end is not None and end > interval.start:
            by_mode[interval.mode].append((interval.start, end))
    in_person, remote = union(by_mode[Mode.IN_PERSON]), union(by_mode[Mode.REMOTE])
    return Durations(
        in_person=measure(in_person), remote=measure(remote), both=measure(intersection(in_person, remote))
    )


def union(spans: Iterable[Span]) -> list[Span]:
    """The same instants as disjoint spans in order; spans that touch become one."""
    merged: list[Span] = []
    known = sorted(spans)
    if len(known) < 2:  # noqa: PLR2004  (of most people there is one, or none)
        return known
    for start, end in known:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def intersection(ours: Sequence[Span], theirs: Sequence[Span]) -> list[Span]:
    """The instants in both of two lists of disjoint spans in order."""
    common: list[Span] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        start, end = max(ours[i][0], theirs[j][0]), min(ours[i][1], theirs[j][1])
        if start < end:
            common.append((start, end))
        if ours[i][1] < theirs[j][1]:
            i += 1
        else:
            j += 1
    return common


def without(spans: Sequence[Span], taken: Sequence[Span]) -> list[Span]:
    """The instants in the first of two lists of disjoint spans in order, and not in the second."""
    left: list[Span] = []
    for start, end in spans:
        first = bisect_right(taken, start, key=lambda span: span[1])
        after = bisect_left(taken, end, key=lambda span: span[0])
        at = start
        for lost, regained in taken[first:after]:
            if lost > at:
                left.append((at, lost))
            at = regained
        if at < end:
            left.append((at, end))
    return left


def measure(spans: Iterable[Span]) -> int:
    """The milliseconds in disjoint spans."""
    return sum([end - start for start, end in spans])


def bridged(intervals: Iterable[Interval], *, grace: int) -> tuple[Interval, ...]:
    """The report's view: remote intervals no more than `grace` milliseconds apart become one; in person stays.

    The joined interval has the start, its mark and the `via` of its first, the end and its mark of its last, and the
    evidence of all.
    """
    kept: list[Interval] = []
    joined: list[Interval] = []
    for interval in in_order(intervals):
        if interval.mode is not Mode.REMOTE:
            kept.append(interval)
            continue
        last = joined[-1] if joined else None
        if last is None or (last.end is not None and interval.start - last.end > grace):
            joined.append(interval)
        else:
            joined[-1] = _joined(last, interval)
    return in_order([*kept, *joined])


def _joined(one: Interval, following: Interval) -> Interval:
    """Two intervals as one, of which the second does not start before the first."""
    ends = one if one.end is None or (following.end is not None and following.end <= one.end) else following
    return replace(
        one,
        end=ends.end,
        end_inferred=ends.end_inferred,
        facts=tuple(dict.fromkeys((*one.facts, *following.facts))),
        sources=tuple(sorted({*one.sources, *following.sources})),
        contradicted_by=tuple(dict.fromkeys((*one.contradicted_by, *following.contradicted_by))),
    )


def in_order(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The one order of a set of intervals: by start, then end (going on is last), then all else."""
    return tuple(sorted(intervals, key=_order))


def _order(interval: Interval) -> tuple[int, bool, int, str, str, bool, str, tuple[str, ...]]:
    return (
        interval.start,
        interval.end is None,
        interval.end or 0,
        interval.mode,
        interval.via,
        interval.start_inferred,
        interval.end_inferred or "",
        interval.facts,
    )
