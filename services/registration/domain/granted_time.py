"""Time that an organizer grants to somebody who contested their attendance, beside what was seen of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.registration.domain.seats import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A span in which somebody counts as having been there; `session_id` says in which of several at one time.

    It rests on an organizer's word `granted_at`, as the answer to a contest.
    """

    contest_id: str
    mode: Mode
    start: datetime
    end: datetime
    granted_at: datetime
    session_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """From an instant to another, which is not before it."""

    start: datetime
    end: datetime


def granted_beside(grants: Iterable[Grant], seen: Iterable[Spell]) -> int:
    """The whole seconds that grants tell of and nothing saw: what is granted twice counts once."""
    there = _united(seen)
    granted = [Spell(start=each.start, end=each.end) for each in grants]
    return (_length(_united([*granted, *there])) - _length(there)) // timedelta(seconds=1)


class GrantedIn:
    """What grants add within some spans that do not overlap, to presence that was seen."""

    def __init__(self, spans: Sequence[Spell], grants: Iterable[Grant], seen: Iterable[Spell]) -> None:
        """`seen` are the spells of presence that count, in whatever order."""
        granted = _within(spans, [Spell(start=each.start, end=each.end) for each in grants])
        there = _within(spans, seen)
        self._granted = _length(granted)
        self._both = self._granted + _length(there) - _length(_united([*granted, *there]))
        self._length = _length(_united(spans))
        self.covered = _length(there) // timedelta(seconds=1)

    def beside(self, counted: int) -> int:
        """The whole seconds that grants add to so many counted: what is granted and was seen counts once.

        Where less is counted than was seen, because nobody knew where it belongs, what was granted is taken to be that.
        """
        unplaced = max(0, self.covered - counted)
        twice = max(0, self._both // timedelta(seconds=1) - unplaced)
        added = self._granted // timedelta(seconds=1) - twice
        return max(0, min(added, self._length // timedelta(seconds=1) - counted))


def _within(spans: Sequence[Spell], spells: Iterable[Spell]) -> list[Spell]:
    pieces = [
        Spell(start=max(span.start, each.start), end=min(span.end, each.end))
        for each in spells
        for span in spans
        if each.start < span.end and span.start < each.end
    ]
    return _united(pieces)


def _united(spells: Iterable[Spell]) -> list[Spell]:
    united: list[Spell] = []
    for each in sorted(spells, key=lambda spell: spell.start):
        if united and each.start <= united[-1].end:
            united[-1] = Spell(start=united[-1].start, end=max(united[-1].end, each.end))
        else:
            united.append(each)
    return united


def _length(spells: Iterable[Spell]) -> timedelta:
    return sum((each.end - each.start for each in spells), timedelta())
