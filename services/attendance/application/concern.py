"""Whom a fact about an event may concern: those whose presence may differ between two contexts, and few others."""

from collections.abc import Callable, Iterable
from itertools import chain

from services.attendance.application.event import Event
from services.attendance.application.kept import KeptAcceptance, KeptEventFact, KeptLink, KeptMovement
from services.attendance.application.memory import Memory
from services.attendance.application.person import EVER, Person, Unclosed
from services.attendance.application.recall import kept_of, kept_sealed
from services.attendance.application.slices import SLICE, Slices
from services.attendance.domain.context import EventContext
from services.attendance.domain.facts import Place


def concerned_owners(
    memory: Memory, event: Event, after: EventContext, kept: KeptEventFact, replaced: KeptEventFact | None
) -> Slices[set[str]]:
    """The people to fold anew when a fact, or a copy of one in place of another, leads an event to another context."""
    before = event.context
    owners = set[str]()
    if before.day_starts_at != after.day_starts_at:
        day = _Day(before.day_starts_at, after.day_starts_at)
        everybody = (memory.person(event, subject) for subject in memory.everybody(event))
        owners |= {before.owner(subject) for subject in (yield from _those(everybody, day.may_differ))}
    for fact in (kept, replaced):
        if isinstance(fact, KeptLink):
            owners |= _moved(fact, before, after)
        elif isinstance(fact, KeptAcceptance) and fact.fact_id not in event.facts:
            owners |= _with_fact(memory, event, fact.fact_id)
    if before.closing != after.closing or before.rooms is not after.rooms:
        owners |= yield from _those(memory.unclosed(event), _Ends(before, after).may_differ)
    if replaced is not None and not isinstance(kept, KeptLink | KeptAcceptance):
        # An end that it lets be inferred says when that was known.
        owners |= yield from _those(memory.unclosed(event), lambda person: _rests_on(person, kept.id))
    return owners


def _those(people: Iterable[Person], may_be: Callable[[Person], bool]) -> Slices[set[str]]:
    """Those of whom it may be so."""
    found = set[str]()
    for count, person in enumerate(people):
        if count % SLICE == SLICE - 1:
            yield
        if may_be(person):
            found.add(person.subject)
    return found


def _rests_on(person: Person, fact_id: str) -> bool:
    """Whether an end of somebody is inferred from a fact."""
    named = f'"{fact_id}"'
    return any(named in person.parts[one.index] for one in person.unclosed.values())


def _moved(link: KeptLink, before: EventContext, after: EventContext) -> set[str]:
    """Those whose facts may count for somebody else, and those for whom they counted or count."""
    moved = {link.guest, link.participant, *before.following(link.guest), *after.following(link.guest)}
    return moved | {context.owner(subject) for context in (before, after) for subject in moved}


def _with_fact(memory: Memory, event: Event, fact_id: str) -> set[str]:
    """Those of whom a fact is known, and those for whom it counts."""
    having = {person.subject for person in memory.having(event, fact_id)}
    return having | {event.context.owner(subject) for subject in having}


class _Day:
    """Whose facts are of the event's day where it begins at one instant, and are not where it begins at another."""

    def __init__(self, before: int | None, after: int | None) -> None:
        self._first, self._last = sorted(EVER if day is None else day for day in (before, after))

    def may_differ(self, person: Person) -> bool:
        """Whether it may be theirs."""
        if not person.whole:
            return True
        facts = chain(kept_of(person.parts, person.items, person.others), *map(kept_sealed, person.sealed))
        return any(self._first <= _earliest(fact) < self._last for fact in facts if isinstance(fact, KeptMovement))


def _earliest(fact: KeptMovement) -> int:
    """The earliest instant that a coming or going tells of."""
    return fact.time if fact.joined_at is None else min(fact.time, fact.joined_at)


class _Ends:
    """Whose presence ends otherwise in one context than in another."""

    def __init__(self, before: EventContext, after: EventContext) -> None:
        rooms = {*before.rooms, *after.rooms}
        self._rooms = {room for room in rooms if before.rooms.get(room) != after.rooms.get(room)}
        self._of_event = before.closing != after.closing
        self._contexts = before, after

    def may_differ(self, person: Person) -> bool:
        """Whether it may be theirs."""
        return not person.whole or any(self._differs(one) for one in person.unclosed.values())

    def _differs(self, one: Unclosed) -> bool:
        if not self._of_event and (one.source, one.room) not in self._rooms:
            return False
        place = None if one.room is None else Place(one.source, one.room, one.session)
        before, after = (context.inferred_end(start=one.start, place=place) for context in self._contexts)
        return before != after
