"""Why somebody's time differs between what was known at one instant and at a later one: the facts that changed it.

Pure. The facts that became known in between are applied one by one, by (recorded, id), to what was known before. Those
at which the person's time changed are its steps, and the steps add up to the whole difference. What goes on counts up
to the earlier horizon all the while; a last step tells what the later horizon added.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import takewhile
from operator import attrgetter
from typing import Final

from services.attendance.domain.context import EventContext, fold_context
from services.attendance.domain.copies import distinct
from services.attendance.domain.facts import (
    Channel,
    EventFact,
    LinkChange,
    Movement,
    SubjectFact,
    TimeAcceptance,
    Voiding,
)
from services.attendance.domain.fold import fold_subject
from services.attendance.domain.intervals import Durations, Interval, durations

MOST_FOLDED: Final = 2_000_000
"""How many facts may be folded again, in all, to tell the steps of one person: two seconds or so."""

_LAST: Final = 2**63
_order = attrgetter("recorded", "id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The latest sighting known at some instant: up to its time, what goes on is counted."""

    fact_id: str
    time: int


class Cause(StrEnum):
    """Why a step changed somebody's time: a fact about them, or another sighting that moved the horizon on."""

    FACT = "fact"
    HORIZON = "horizon"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One fact, and the person's time without and with it."""

    fact_id: str
    cause: Cause
    before: Durations
    after: Durations


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Somebody's time as it was known at the two instants. `unweighed` facts were too many to tell one by one."""

    subject: str
    before: Durations
    after: Durations
    steps: Sequence[Step]
    unweighed: int = 0


class Comparison:
    """Compares what was known of people at two instants, in milliseconds; the later is not before the earlier."""

    def __init__(
        self,
        facts: Iterable[EventFact],
        *,
        earlier: int,
        later: int,
        horizons: tuple[Sighting | None, Sighting | None],
    ) -> None:
        """Take in the facts about the event itself, and the latest sighting known at each instant."""
        known = [fact for fact in distinct(facts) if fact.recorded <= later]
        self._earlier, self._later, self._horizons = earlier, later, horizons
        self._links = sorted((fact for fact in known if isinstance(fact, LinkChange)), key=_order)
        self._common = sorted((fact for fact in known if not isinstance(fact, LinkChange)), key=_order)
        self._groups = _groups(self._links)
        self._contexts: dict[int, EventContext] = {}

    def group(self, subject: str) -> frozenset[str]:
        """Everybody who was ever linked to somebody, directly or by others, and themselves."""
        return self._groups.get(subject, frozenset({subject}))

    def change(self, subject: str, facts: Iterable[SubjectFact]) -> Change | None:
        """What changed for `subject`, given the facts of all their `group`; None if their time is the same."""
        group = self.group(subject)
        known = [fact for fact in distinct(facts) if fact.recorded <= self._later and fact.subject in group]
        links = [fact for fact in self._links if fact.guest in group]
        person = _Person(subject, known)
        first, last = (None if horizon is None else horizon.time for horizon in self._horizons)
        came = sorted([*known, *links, *self._common], key=_order)
        since = [fact for fact in came if fact.recorded > self._earlier]
        for fact in came[: len(came) - len(since)]:
            person.learn(fact)
        person.fold(self._context(person))
        before = now = durations(person.intervals(), horizon=first)
        steps: list[Step] = []
        weighed = person.cost(since) <= MOST_FOLDED
        for fact in since:
            touched = person.learn(fact)
            if not weighed:
                continue
            gained = person.refold(touched, self._context(person), horizon=first)
            if gained != Durations():
                reached = _sum(now, gained)
                steps.append(Step(fact_id=fact.id, cause=Cause.FACT, before=now, after=reached))
                now = reached
        person.fold(self._context(person))
        after = durations(person.intervals(), horizon=last)
        horizon = self._horizons[1] or self._horizons[0]
        if weighed and after != now and horizon is not None:
            steps.append(Step(fact_id=horizon.fact_id, cause=Cause.HORIZON, before=now, after=after))
        if before == after:
            return None
        return Change(subject=subject, before=before, after=after, steps=steps, unweighed=0 if weighed else len(since))

    def _context(self, person: "_Person") -> EventContext:
        """The event as it stands by what the person's comparison has come to know."""
        if person.common not in self._contexts:
            self._contexts[person.common] = fold_context(self._common[: person.common])
        linked = fold_context(person.links)
        return replace(self._contexts[person.common], links=linked.links, guests=linked.guests)


class _Person:
    """One person's intervals, channel by channel, while facts come to be known."""

    def __init__(self, subject: str, facts: Iterable[SubjectFact]) -> None:
        self._subject = subject
        self._channel_of = {fact.id: fact.channel for fact in facts if isinstance(fact, Movement)}
        self._known: dict[Channel, list[SubjectFact]] = {}
        self._intervals: dict[Channel, Sequence[Interval]] = {}
        self.common = 0
        self.links: list[LinkChange] = []

    def cost(self, facts: Iterable[SubjectFact | EventFact]) -> int:
        """About how many facts are folded again if these come to be known one by one."""
        sizes = Counter(self._channel_of.values())
        whole = sizes.total()
        channels = (self._channel(fact) for fact in facts)
        return sum(whole if channel is None else sizes[channel] + whole // 8 for channel in channels)

    def learn(self, fact: SubjectFact | EventFact) -> Iterable[Channel]:
        """Know one fact more; gives the channels whose intervals may be others by it."""
        if isinstance(fact, LinkChange):
            self.links.append(fact)
            return tuple(self._known)
        if isinstance(fact, EventFact):
            self.common += 1
            return tuple(self._known)
        channel = self._channel(fact)
        if channel is None:
            return ()
        self._known.setdefault(channel, []).append(fact)
        return (channel,)

    def fold(self, context: EventContext) -> None:
        """Fold every channel anew."""
        members = frozenset(context.members(self._subject))
        self._intervals = {channel: self._folded(channel, members, context) for channel in self._known}

    def refold(self, channels: Iterable[Channel], context: EventContext, *, horizon: int | None) -> Durations:
        """Fold some channels anew; gives by how much the person's time grew, or shrank."""
        members = frozenset(context.members(self._subject))
        folded = {channel: self._folded(channel, members, context) for channel in channels}
        others = [
            differing
            for channel, after in folded.items()
            for differing in _differing(self._intervals.get(channel, ()), after)
        ]
        if not others:
            return Durations()
        # Outside of these instants nothing has changed: what lies there need not be measured again.
        start, end = min(one.start for one in others), max(_LAST if one.end is None else one.end for one in others)
        before = durations(_within(self.intervals(), start, end, horizon))
        self._intervals |= folded
        after = durations(_within(self.intervals(), start, end, horizon))
        return Durations(
            in_person=after.in_person - before.in_person,
            remote=after.remote - before.remote,
            both=after.both - before.both,
        )

    def intervals(self) -> Iterable[Interval]:
        """All of them, in no order."""
        return (interval for intervals in self._intervals.values() for interval in intervals)

    def _channel(self, fact: SubjectFact | EventFact) -> Channel | None:
        """Where a movement counts, or the movement that another fact about a person is about."""
        if isinstance(fact, Voiding):
            return self._channel_of.get(fact.voided_id)
        if isinstance(fact, TimeAcceptance):
            return self._channel_of.get(fact.fact_id)
        return self._channel_of.get(fact.id)

    def _folded(self, channel: Channel, members: frozenset[str], context: EventContext) -> Sequence[Interval]:
        facts = (fact for fact in self._known.get(channel, ()) if fact.subject in members)
        return fold_subject(self._subject, facts, context).intervals


def _groups(links: Iterable[LinkChange]) -> Mapping[str, frozenset[str]]:
    """Who was ever linked to whom, by everybody who was."""
    groups: dict[str, frozenset[str]] = {}
    for link in links:
        both = (link.guest, link.participant)
        joined = frozenset(both).union(*(groups.get(one, ()) for one in both))
        groups.update(dict.fromkeys(joined, joined))
    return groups


def _differing(before: Sequence[Interval], after: Sequence[Interval]) -> Sequence[Interval]:
    """What stands between the ends that two lists in order have in common."""
    first = next((n for n, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), None)
    if first is None:
        first = min(len(before), len(after))
    same = takewhile(lambda pair: pair[0] == pair[1], zip(before[:first:-1], after[:first:-1], strict=False))
    left = sum(1 for _ in same)
    return [*before[first : len(before) - left], *after[first : len(after) - left]]


def _within(intervals: Iterable[Interval], start: int, end: int, horizon: int | None) -> Iterable[Interval]:
    """The parts of intervals that lie between two instants; what goes on, up to the horizon, or not without one."""
    for interval in intervals:
        until = horizon if interval.end is None else interval.end
        if until is not None and until > start and interval.start < end and until > interval.start:
            yield Interval(mode=interval.mode, start=max(interval.start, start), end=min(until, end), via="")


def _sum(one: Durations, other: Durations) -> Durations:
    return Durations(
        in_person=one.in_person + other.in_person, remote=one.remote + other.remote, both=one.both + other.both
    )
