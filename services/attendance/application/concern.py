"""Whom a fact about an event may concern: those whose presence may differ between two contexts, and few others."""

from collections.abc import Collection

from services.attendance.application.event import Event
from services.attendance.application.kept import KeptAcceptance, KeptEventFact, KeptLink
from services.attendance.application.memory import Memory
from services.attendance.application.person import Person
from services.attendance.domain.context import EventContext


def concerned_owners(
    memory: Memory, event: Event, after: EventContext, kept: KeptEventFact, replaced: KeptEventFact | None
) -> set[str]:
    """The people to fold anew when a fact, or a copy of one in place of another, leads an event to another context."""
    before = event.context
    if before.day_starts_at != after.day_starts_at:
        return set(memory.everybody(event))
    owners = set[str]()
    for fact in (kept, replaced):
        if isinstance(fact, KeptLink):
            owners |= _moved(fact, before, after)
        elif isinstance(fact, KeptAcceptance) and fact.fact_id not in event.facts:
            owners |= _with_fact(memory, event, fact.fact_id)
    if before.closing != after.closing:
        owners |= {person.subject for person in memory.unclosed(event)}
    elif before.rooms is not after.rooms:
        rooms = {*before.rooms, *after.rooms}
        changed = {room for room in rooms if before.rooms.get(room) != after.rooms.get(room)}
        if changed:
            owners |= {person.subject for person in memory.unclosed(event) if _may_be_in(person, changed)}
    return owners


def _moved(link: KeptLink, before: EventContext, after: EventContext) -> set[str]:
    """Those whose facts may count for somebody else, and those for whom they counted or count."""
    moved = {link.guest, link.participant, *before.following(link.guest), *after.following(link.guest)}
    return moved | {context.owner(subject) for context in (before, after) for subject in moved}


def _with_fact(memory: Memory, event: Event, fact_id: str) -> set[str]:
    """Those of whom a fact is known, and those for whom it counts."""
    people = (memory.person(event, subject) for subject in memory.everybody(event))
    having = {person.subject for person in people if fact_id in person.facts}
    return having | {event.context.owner(subject) for subject in having}


def _may_be_in(person: Person, rooms: Collection[tuple[str, str | None]]) -> bool:
    """Whether a channel of theirs that is not closed is in one of these rooms; of a linked guest's it is not said."""
    return not person.plain or any((one.source, one.room) in rooms for one in person.unclosed.values())
