"""Rows that give nobody away: who is told of is, at each minute and in each session, one of at least so many alike.

Hiding the small numbers of a table (`small_groups`) is not enough for readers who get rows: they count for themselves.
So what would be a small number is left out of the rows, before anything is counted. Whatever analysts are told is made
of what is left: tables, report, comparison, statements. So all of it agrees, no two answers tell by their difference
who was left out, and within a minute or a session no difference is a small group.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise
from typing import Final, TypeAlias, TypeVar

from services.attendance.domain.facts import Mode
from services.attendance.domain.heads import MINUTE
from services.attendance.domain.intervals import Span, intersection, measure, union, without

_NOWHERE: Final[Sequence[Span]] = ()
_SEVERAL: Final = 2
Key = TypeVar("Key", bound=Hashable)


class Way(StrEnum):
    """How somebody is here at an instant; each instant of presence is of one way alone."""

    IN_PERSON = "in_person"
    REMOTE = "remote"
    BOTH = "both"


Ways: TypeAlias = Mapping[Way, Sequence[Span]]
"""When one person was here in which way: disjoint spans in order, which share no instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """The people who can be told of, with what can be told; `complete` if that is everything of everybody."""

    people: Mapping[str, Ways]
    complete: bool


def ways_of(in_person: Iterable[Span], remote: Iterable[Span]) -> Ways:
    """The minutes that somebody saw begin, by way; so whoever stayed for less than a minute may have none."""
    here, there = _minutes(in_person), _minutes(remote)
    both = intersection(here, there)
    found = {Way.IN_PERSON: without(here, both), Way.REMOTE: without(there, both), Way.BOTH: both}
    return {way: spans for way, spans in found.items() if spans}


def in_mode(ways: Ways, mode: Mode) -> list[Span]:
    """When somebody was here in a mode, alone or beside the other."""
    return union([*ways.get(Way(mode), _NOWHERE), *ways.get(Way.BOTH, _NOWHERE)])


def crowd(people: Mapping[str, Ways], *, sessions: Sequence[Span], smallest: int) -> Crowd:
    """What can be told of people such that nobody stands out from fewer than `smallest`.

    - Each way of taking part (in which ways, and which changes between the modes) is that of so many people or none.
    - So is each way of taking part in each session.
    - In each minute so many people are here in a way, or none.

    What is left out makes other groups smaller: it is looked at again until nothing more goes. It comes to an end:
    time in both modes only becomes less, and while that stays the same, time in one mode does.
    """
    told = {person: ways for person, ways in people.items() if ways}
    known = told
    while True:
        fewer = _common_only(known, smallest)
        for session in sessions:
            fewer = _common_in(fewer, session, smallest)
        fewer = _crowded_only(fewer, smallest)
        if fewer == known:
            return Crowd(people=known, complete=known == told)
        known = fewer


def told_seats(told: Crowd, seated: Collection[str], *, smallest: int) -> tuple[int | None, int | None]:
    """How many had a seat, and how many of those who are told of; None for a number that must not stand beside others.

    Each is a small group by itself, or else beside the people who are told of in one way or another: who knows both
    numbers knows by how many they differ.
    """
    here = Counter(frozenset(mode for mode in Mode if in_mode(ways, mode)) for ways in told.people.values())
    beside = {sum(chosen) for size in range(len(here) + 1) for chosen in combinations(here.values(), size)}
    found: list[int | None] = []
    for count in (len(seated), sum(person in seated for person in told.people)):
        known = all(abs(count - other) not in range(1, smallest) for other in beside)
        found.append(count if known else None)
        beside |= {count} if known else set()
    return found[0], found[1]


def _common_only(people: Mapping[str, Ways], smallest: int) -> dict[str, Ways]:
    """With those who took part as too few did in the mode alone in which they were here longest, or not at all."""
    stories = {person: _story(ways) for person, ways in people.items()}
    rare = _rare(stories.values(), smallest)
    return _kept((person, _simpler(ways) if stories[person] in rare else ways) for person, ways in people.items())


def _simpler(ways: Ways) -> Ways:
    """As if here in one mode alone, of two; of one mode alone, nothing.

    Whoever was here in both at once was here in each. So a time in both becomes one in a mode, and leaves no gap that
    would look as if they had gone and come back.
    """
    mode = _mainly(ways)
    if len(ways) < _SEVERAL and Way.BOTH not in ways:
        return {}
    return {Way(mode): in_mode(ways, mode)}


def _mainly(ways: Ways) -> Mode:
    """The mode in which somebody was here longest."""
    return max(Mode, key=lambda mode: (measure(in_mode(ways, mode)), mode))


def _story(ways: Ways) -> tuple[frozenset[Way], frozenset[tuple[Mode, Mode]]]:
    stays = sorted((start, mode) for mode in Mode for start, _ in in_mode(ways, mode))
    modes = [mode for _, mode in stays]
    return frozenset(ways), frozenset(pair for pair in pairwise(modes) if pair[0] is not pair[1])


def _common_in(people: Mapping[str, Ways], session: Span, smallest: int) -> dict[str, Ways]:
    """The same for the time in a session of those who took part in it as too few did."""
    there = {
        person: {way: found for way, spans in ways.items() if (found := intersection(spans, [session]))}
        for person, ways in people.items()
    }
    rare = _rare((frozenset(found) for found in there.values() if found), smallest)
    return _kept(
        (person, _simpler_in(ways, there[person], session) if frozenset(there[person]) in rare else ways)
        for person, ways in people.items()
    )


def _simpler_in(ways: Ways, there: Ways, session: Span) -> Ways:
    left = _simpler(there)
    return {
        way: union([*without(ways.get(way, _NOWHERE), [session]), *left.get(way, _NOWHERE)]) for way in {*ways, *left}
    }


def _crowded_only(people: Mapping[str, Ways], smallest: int) -> dict[str, Ways]:
    """Without the minutes in which too few are here in the same way; those of too few in both become ones in a mode."""
    lonely = {way: _lonely([ways[way] for ways in people.values() if way in ways], smallest) for way in Way}
    if lonely[Way.BOTH]:
        return _kept((person, _parted(ways, lonely[Way.BOTH])) for person, ways in people.items())
    return _kept(
        (person, {way: without(spans, lonely[way]) for way, spans in ways.items()}) for person, ways in people.items()
    )


def _parted(ways: Ways, lonely: Sequence[Span]) -> Ways:
    """With the time in both that is within some spans as time in the mode in which somebody is mainly here."""
    parted = intersection(ways.get(Way.BOTH, _NOWHERE), lonely)
    if not parted:
        return ways
    mode = Way(_mainly(ways))
    return {
        **ways,
        Way.BOTH: without(ways[Way.BOTH], parted),
        mode: union([*ways.get(mode, _NOWHERE), *parted]),
    }


def _lonely(everybody: Iterable[Sequence[Span]], smallest: int) -> list[Span]:
    """When at least one of some people is here, and fewer than `smallest`."""
    changes: Counter[int] = Counter()
    for spans in everybody:
        for start, end in spans:
            changes[start] += 1
            changes[end] -= 1
    found: list[Span] = []
    now, since = 0, 0
    for at in sorted(changes):
        if 0 < now < smallest:
            found.append((since, at))
        now, since = now + changes[at], at
    return union(found)


def _kept(people: Iterable[tuple[str, Ways]]) -> dict[str, Ways]:
    """Those of whom anything is left."""
    left = ((person, {way: spans for way, spans in ways.items() if spans}) for person, ways in people)
    return {person: ways for person, ways in left if ways}


def _rare(found: Iterable[Key], smallest: int) -> frozenset[Key]:
    return frozenset(key for key, count in Counter(found).items() if count < smallest)


def _minutes(spans: Iterable[Span]) -> list[Span]:
    """From the first beginning of a minute in each span to the first one after it."""
    sampled = ((-(-start // MINUTE) * MINUTE, -(-end // MINUTE) * MINUTE) for start, end in spans)
    return union((start, end) for start, end in sampled if start < end)
