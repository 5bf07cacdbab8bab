"""The walk through one channel: from comings and goings to intervals, and to what contradicts them."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Final, Protocol

from services.attendance.domain.context import EventContext
from services.attendance.domain.evidence import Contradiction, ContradictionKind
from services.attendance.domain.facts import Channel, Mode, Place, Unheard
from services.attendance.domain.intervals import EndInferred, Interval

_NOBODY: Final = frozenset({""})


class Move(Protocol):
    """What the walk has to know of a coming or going: of a `Movement`, or of what is remembered of one."""

    @property
    def id(self) -> str:
        """Of the fact."""

    @property
    def time(self) -> int:
        """When it happened."""

    @property
    def source(self) -> str:
        """Who tells it."""

    @property
    def channel(self) -> Channel:
        """That of all facts of one walk."""

    @property
    def opens(self) -> bool:
        """Whether it is a coming."""

    @property
    def via(self) -> str:
        """The door or the room."""

    @property
    def place(self) -> Place | None:
        """The room."""

    @property
    def joined_at(self) -> int | None:
        """The platform's word, on a leave, of when it began."""

    @property
    def inferred(self) -> Unheard | None:
        """What a leave rests on that was not seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPresence:
    """The intervals of one channel, in order and without overlap, of which only the last can be going on.

    A contradiction marks the last interval that ended at or before it. Contradictions are by (time, id).
    """

    intervals: tuple[Interval, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()


def fold_channel(facts: Iterable[Move], context: EventContext) -> ChannelPresence:
    """Walk through one channel.

    `facts` are distinct, none is voided, and none is left out. Where a leave says that it began before an earlier leave
    of the same channel, the two become one interval: nobody is in one channel twice.
    """
    walk = _Walk()
    moves = sorted(facts, key=attrgetter("time", "id"))
    start, count = 0, len(moves)
    while start < count:
        instant, end = moves[start].time, start + 1
        while end < count and moves[end].time == instant:
            end += 1
        if end - start == 1:
            walk.step(moves[start])
        else:
            walk.step_of_many(moves[start:end])
        start = end
    if walk.opening is not None:
        walk.intervals.append(_still_open(walk.opening, context))
    return ChannelPresence(
        intervals=_marked(walk.intervals, walk.contradictions), contradictions=tuple(walk.contradictions)
    )


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Where a walk stands: what has ended, and what opened the channel if it is open."""

    intervals: list[Interval] = field(default_factory=list)
    contradictions: list[Contradiction] = field(default_factory=list)
    opening: Move | None = None

    def step(self, move: Move) -> None:
        """Take what alone happened in its instant."""
        if move.opens:
            if self.opening is None:
                self.opening = move
        elif self.opening is not None:
            self.intervals.append(_between(self.opening, move))
            self.opening = None
        else:
            self._close_what_is_closed([move])

    def step_of_many(self, moves: Sequence[Move]) -> None:
        """Take all that happened in one instant, by id."""
        opens = next((move for move in moves if move.opens), None)
        closes = [move for move in moves if not move.opens]
        if opens is not None and closes:
            if self.opening is None:
                self.intervals.append(_between(opens, _best(closes)))
        elif opens is not None:
            self.opening = self.opening or opens
        elif self.opening is not None:
            self.intervals.append(_between(self.opening, _best(closes)))
            self.opening = None
        else:
            self._close_what_is_closed(closes)

    def _close_what_is_closed(self, closes: Sequence[Move]) -> None:
        """Add what a leave of a closed channel says by its `joined_at`; of leaves of one instant the longest counts.

        A `joined_at` later than the leave is no word to trust, and the leave says no more than one without it. Where
        the channel is closed by silence alone, it was open until the leave after all. A leave that is inferred itself
        tells nothing new of a closed channel.
        """
        seen = [move for move in closes if move.inferred is None]
        told = [
            (move.joined_at, move.id, move)
            for move in seen
            if move.joined_at is not None and move.joined_at <= move.time
        ]
        if not told:
            if seen and self.intervals and self.intervals[-1].end_inferred is not None:
                self.intervals[-1] = _continued(self.intervals[-1], seen[0])
            else:
                self.contradictions += [_contradiction(move) for move in seen]
            return
        start, _, leave = min(told)
        interval = _lost_join(leave, start)
        while self.intervals and (self.intervals[-1].end or 0) > interval.start:  # each has an end: it is closed
            overlapped = self.intervals.pop()
            if overlapped.start <= interval.start:
                interval = _continued(overlapped, leave)
        self.intervals.append(interval)
        # What went while, as we know now, the channel was open was no contradiction.
        while self.contradictions and self.contradictions[-1].time > interval.start:
            self.contradictions.pop()


def _best(closes: Sequence[Move]) -> Move:
    """Of leaves of one instant the first, and one that was seen before one that is inferred."""
    return next((move for move in closes if move.inferred is None), closes[0])


def _between(opening: Move, closing: Move) -> Interval:
    return Interval(
        mode=opening.channel.mode,
        start=opening.time,
        end=closing.time,
        via=opening.via,
        end_inferred=None if closing.inferred is None else EndInferred.SILENCE,
        facts=(opening.id, closing.id),
        sources=_sources(opening.source, closing.source),
    )


def _still_open(opening: Move, context: EventContext) -> Interval:
    """An open channel goes on, unless the event's facts tell that it ended."""
    begun = Interval(
        mode=opening.channel.mode,
        start=opening.time,
        end=None,
        via=opening.via,
        facts=(opening.id,),
        sources=_sources(opening.source),
    )
    ending = context.inferred_end(start=opening.time, place=opening.place)
    if ending is None:
        return begun
    return replace(
        begun,
        end=ending.time,
        end_inferred=ending.reason,
        facts=(opening.id, ending.fact_id),
        sources=_sources(opening.source, ending.source),
    )


def _lost_join(leave: Move, start: int) -> Interval:
    return Interval(
        mode=leave.channel.mode,
        start=start,
        end=leave.time,
        via=leave.via,
        start_inferred=True,
        facts=(leave.id,),
        sources=_sources(leave.source),
    )


def _continued(interval: Interval, leave: Move) -> Interval:
    """An interval that ended later than was thought; its start stays what it was, and what tells it."""
    return replace(
        interval,
        end=leave.time,
        end_inferred=None,
        facts=(interval.facts[0], leave.id),
        sources=_sources(*interval.sources, leave.source),
    )


def _contradiction(move: Move) -> Contradiction:
    in_person = move.channel.mode is Mode.IN_PERSON
    kind = ContradictionKind.EXIT_WITHOUT_ENTRY if in_person else ContradictionKind.LEAVE_WITHOUT_JOIN
    return Contradiction(fact_id=move.id, time=move.time, kind=kind)


def _marked(intervals: Sequence[Interval], contradictions: Sequence[Contradiction]) -> tuple[Interval, ...]:
    if not contradictions:
        return tuple(intervals)
    ends = [interval.end for interval in intervals if interval.end is not None]
    against: defaultdict[int, list[str]] = defaultdict(list)
    for contradiction in contradictions:
        against[bisect_right(ends, contradiction.time) - 1].append(contradiction.fact_id)
    return tuple(
        replace(interval, contradicted_by=tuple(against[number])) if number in against else interval
        for number, interval in enumerate(intervals)
    )


def _sources(*sources: str) -> tuple[str, ...]:
    return tuple(sorted(set(sources) - _NOBODY))
