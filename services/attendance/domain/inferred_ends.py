"""The ends that nobody reported, as values: what attendance tells of its own on the timeline."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import EndInferred, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class InferredEnd:
    """A presence taken for ended: `opening` and `cause` are the ids of the facts it rests on.

    The two make it the same end, for one person. `recorded` is when the later known of them was recorded.
    """

    mode: Mode
    via: str
    start: int
    end: int
    reason: EndInferred
    opening: str
    cause: str
    recorded: int


def inferred_ends(intervals: Iterable[Interval], *, recorded: Callable[[str], int]) -> tuple[InferredEnd, ...]:
    """The inferred ends among one person's intervals, in their order. `recorded` knows when each fact was recorded."""
    return tuple(
        InferredEnd(
            mode=interval.mode,
            via=interval.via,
            start=interval.start,
            end=interval.end,
            reason=interval.end_inferred,
            opening=interval.facts[0],
            cause=interval.facts[1],
            recorded=max(recorded(interval.facts[0]), recorded(interval.facts[1])),
        )
        for interval in intervals
        if interval.is_unclosed and interval.end is not None and interval.end_inferred is not None
    )
