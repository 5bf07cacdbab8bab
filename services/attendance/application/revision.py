"""A presence record with some intervals in place of others, at the cost of what becomes another.

How long somebody was here changes only between the first and the last instant of those intervals, so nothing before
them is measured again, and the texts of the others stay as they are.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Final, NamedTuple

import msgspec

from services.attendance.application.kept import KeptMovement, Words
from services.attendance.application.known import Row, UncommonError
from services.attendance.application.lasting import Lasting
from services.attendance.application.person import ChannelKey, Person, Unclosed, status_of
from services.attendance.application.recall import sealed_intervals
from services.attendance.application.records import seconds_text
from services.attendance.application.stays import (
    WrittenInterval,
    cut_of,
    end_of,
    interval_text,
    is_remote,
    start_of,
    stay_text,
    those_ended,
)
from services.attendance.application.wire import instant_text, milliseconds
from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import Interval

_REMOTE: Final = Mode.REMOTE
_read_interval: Final = msgspec.json.Decoder(WrittenInterval).decode
_Sums = tuple[int, int, int]
_Ended = tuple[bool, int, int]
"""Whether it was remote, its start and its end."""


class Added(NamedTuple):
    """An interval that comes in: its channel, the source, room and session of what opened it, and what it rests on.

    `facts` are those of which its stay tells: none if they stand elsewhere.
    """

    interval: Interval
    channel: ChannelKey
    where: tuple[str, str | None, str | None]
    facts: tuple[KeptMovement, ...]


class Revision:
    """What one person's record becomes if some of its intervals go and others come."""

    def __init__(self, person: Person, removed: Sequence[Row], added: Sequence[Added]) -> None:
        """Measure it. Nothing of the person changes.

        Raises:
            UncommonError: if only a whole fold can tell.
        """
        self._person = person
        self._removed = {row.place for row in removed}
        self._added = added
        self.in_person, self.remote, self.both = person.in_person, person.remote, person.both
        here = [0, 0]
        for row in removed:
            here[row.interval.mode == _REMOTE.value] -= row.end is None
        for one in added:
            here[one.interval.mode is _REMOTE] += one.interval.end is None
        self.here_in_person, self.here_remote = person.here_in_person + here[0], person.here_remote + here[1]
        if len(person.parts) == len(self._removed) and not added and person.sealed:
            raise UncommonError
        self.was_here = len(person.parts) > len(self._removed) or bool(added)
        starts = [row.start for row in removed] + [one.interval.start for one in added]
        self._since = min(starts, default=0)
        self._before = self._after = Lasting((), ())
        if starts:
            self._measure(removed)

    def words(self, *, counted_for: str | None, suspect: str | None) -> Words:
        """What an entry tells of where it leads."""
        status = status_of(self.here_in_person, self.here_remote, was_here=self.was_here)
        return Words(status, self.in_person, self.remote, self.both, counted_for, suspect)

    def write(self, finish: Callable[[KeptMovement], KeptMovement]) -> Person:
        """The person as they become; `finish` gives a fact the words that it was told in."""
        person, texts = self._person, []
        for number, one in enumerate(self._added):
            facts = [finish(fact) for fact in one.facts]
            item = stay_text(one.interval, facts) if facts else "null"
            texts.append((instant_text(one.interval.start), ~number, interval_text(one.interval), item))
        after = msgspec.structs.replace(
            person,
            was_here=self.was_here,
            here_in_person=self.here_in_person,
            here_remote=self.here_remote,
            in_person=self.in_person,
            remote=self.remote,
            both=self.both,
            seconds=seconds_text(self.in_person, self.remote, self.both),
        )
        if self._removed or texts:
            self._lay(after, texts)
        return after

    def _measure(self, removed: Iterable[Row]) -> None:
        gone = {
            (row.interval.mode == _REMOTE.value, row.start, row.end)
            for row in removed
            if row.end is not None and row.end > row.start
        }
        new = {
            (one.interval.mode is _REMOTE, one.interval.start, one.interval.end)
            for one in self._added
            if one.interval.end is not None and one.interval.end > one.interval.start
        }
        if gone == new and not any(one.interval.is_unclosed for one in self._added):
            return
        rest = list(ended_since(self._person, self._since, but=self._removed))
        self._before, self._after = lasting([*rest, *gone]), lasting([*rest, *new])
        change = [after - before for before, after in zip(self._before.in_all(), self._after.in_all(), strict=True)]
        self.in_person += change[0]
        self.remote += change[1]
        self.both += change[2]

    def _until(self, instant: int) -> _Sums:
        """How long they were here before an instant that is not before the first change."""
        in_person, remote, both = self._after.in_all()
        ours, theirs, common = self._after.until(instant)
        return self.in_person - in_person + ours, self.remote - remote + theirs, self.both - both + common

    def _lay(self, after: Person, texts: Sequence[tuple[str, int, str, str]]) -> None:
        """Put the new texts among the others, and see where the unclosed ones stand then."""
        person = self._person
        first = bisect_left(person.parts, instant_text(self._since), key=start_of)
        tail = [
            (start_of(person.parts[index]), index, person.parts[index], person.items[index])
            for index in range(first, len(person.parts))
            if index not in self._removed
        ]
        tail = sorted([*tail, *texts], key=itemgetter(0))
        if any(one[0] == other[0] for one, other in pairwise(tail)):
            tail.sort(key=lambda row: _order(row[2]))
        after.parts = [*person.parts[:first], *(row[2] for row in tail)]
        after.items = [*person.items[:first], *(row[3] for row in tail)]
        places = {row[1]: place for place, row in enumerate(tail, first)}
        after.unclosed = {
            channel: one if one.start < self._since else self._moved(one, places[one.index])
            for channel, one in person.unclosed.items()
            if one.index not in self._removed
        }
        last = person.last
        for number, added in enumerate(self._added):
            interval, place = added.interval, places[~number]
            last = max(last, interval.start if interval.end is None else interval.end)
            if interval.is_unclosed:
                until = self._until(interval.start)
                cut, ongoing = cut_of(after.parts[place]), interval.end is None
                after.unclosed[added.channel] = Unclosed(place, interval.start, *added.where, cut, *until, ongoing)
        after.last = last

    def _moved(self, one: Unclosed, place: int) -> Unclosed:
        before, after = self._before.until(one.start), self._after.until(one.start)
        return msgspec.structs.replace(
            one,
            index=place,
            in_person=one.in_person + after[0] - before[0],
            remote=one.remote + after[1] - before[1],
            both=one.both + after[2] - before[2],
        )


def lasting(ended: Iterable[_Ended]) -> Lasting:
    """How long these last."""
    of_mode: tuple[list[tuple[int, int]], list[tuple[int, int]]] = [], []
    for remote, start, end in ended:
        of_mode[remote].append((start, end))
    return Lasting(*of_mode)


def ended_since(person: Person, since: int, *, but: Collection[int]) -> Iterator[_Ended]:
    """The presences that ended after an instant, wherever they stand, `but` for some of the record's own."""
    instant = instant_text(since)
    for sealed in person.sealed:
        if sealed.until > since:
            yield from _ended(sealed_intervals(sealed), instant)
    parts = person.parts if not but else [part for index, part in enumerate(person.parts) if index not in but]
    yield from _ended(parts, instant)


def _ended(parts: Iterable[str], since: str) -> Iterator[_Ended]:
    for part in those_ended(parts, since):
        start, end = milliseconds(start_of(part)), milliseconds(end_of(part) or since)
        if end > start:
            yield is_remote(part), start, end


def _order(part: str) -> tuple[str, bool, str, str, str, bool, str, list[str]]:
    """The order of `services.attendance.domain.intervals.in_order`."""
    one = _read_interval(part)
    return (
        one.start,
        one.end is None,
        one.end or "",
        one.mode,
        one.via,
        one.start_inferred,
        one.end_inferred or one.left_inferred or "",
        one.facts,
    )
