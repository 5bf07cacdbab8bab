"""The engine: one fact after another, the same presence as the fold of them all at once.

It decides and writes nothing: it reads what is known through `State`, and answers what is to be told. A fact that comes
again is told again, in the same words, and what it should have changed is looked at again: an output that a crash has
swallowed comes out then. So the caller may repeat any fact, and must repeat those whose outcome it could not deliver.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from schemas.decode import KnownFact
from services.attendance.application import states
from services.attendance.application.records import Entry, seconds, write_entry, write_presence
from services.attendance.application.states import Kept, Reached
from services.attendance.application.translation import Document, canonical, document, domain_fact
from services.attendance.domain.context import EventContext
from services.attendance.domain.facts import (
    Act,
    EventFact,
    EventTimeAcceptance,
    LinkChange,
    Notice,
    RoomChange,
    SubjectFact,
)
from services.attendance.domain.fold import Presence, fold_subject


class State(Protocol):
    """What the worker knows of one partition's events."""

    def presence(self, event_id: str, subject: str) -> bytes | None:
        """The presence record of a participant or guest."""

    def subjects(self, event_id: str) -> Iterable[str]:
        """All who have a presence record at an event."""

    def context(self, key: str) -> bytes | None:
        """A record about a whole event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a fact leads to. A presence of None is to be removed: no fact speaks of that person any more."""

    entry: Entry
    presences: dict[str, bytes | None] = field(default_factory=dict)
    contexts: dict[str, bytes] = field(default_factory=dict)


def process(state: State, fact: KnownFact) -> Outcome:
    """Take in one fact, new or not, in whatever order.

    Raises:
        NotAnInputError: if it is a record of the worker's own making.
    """
    said = document(fact)
    read = domain_fact(said)
    if isinstance(read, SubjectFact):
        return _process_subject_fact(state, said, read)
    return _process_other_fact(state, said, read)


def _process_subject_fact(state: State, said: Document, fact: SubjectFact) -> Outcome:
    event_id = said["data"]["event_id"]
    event = _Event(state, event_id, states.read_context(state.context(event_id)))
    own = event.facts(fact.subject)
    owner = event.context.owner(fact.subject)
    known = own.get(fact.id)
    if known is None or _precedes(said, states.restore(known, event_id=event_id, subject=fact.subject)):
        known = own[fact.id] = states.keep(said)
        states.reach(known, _reached(owner, event.presence(owner)))
    return Outcome(
        entry=write_entry(states.restore(known, event_id=event_id, subject=fact.subject), states.reached_of(known)),
        presences=event.changed({fact.subject, owner}),
    )


def _process_other_fact(state: State, said: Document, fact: EventFact | Act | Notice) -> Outcome:
    """A fact that stands in nobody's presence record has a record of its own, and perhaps a part in the context."""
    event_id, place = said["data"]["event_id"], f"{said['data']['event_id']}/{fact.id}"
    known, was_known, again = states.OtherFact(document=said), state.context(place), False
    if was_known is not None:
        before = states.read_other_fact(was_known)
        again = not _precedes(said, before.document)
        known = before if again else known
    old = state.context(event_id)
    new, repeated = old, was_known is not None
    if isinstance(fact, EventFact):
        facts = states.read_context_facts(old)
        repeated = repeated or fact.id in facts
        facts[fact.id] = states.keep(known.document)
        new = states.write_context(facts.values())
    event = _Event(state, event_id, states.read_context(new))
    presences = event.changed(_concerned(event, states.read_context(old), fact, repeated=repeated))
    subject = said.get("subject")
    if subject is not None and not again:
        owner = event.context.owner(subject)
        known = replace(known, reached=_reached(owner, event.presence(owner)))
    contexts = {place: states.write_other_fact(known), event_id: new}
    return Outcome(
        entry=write_entry(known.document, known.reached),
        presences=presences,
        contexts={key: value for key, value in contexts.items() if value is not None and value != state.context(key)},
    )


class _Event:
    """One event as it stands with the fact at hand: what is known of its people is read once."""

    def __init__(self, state: State, event_id: str, context: EventContext) -> None:
        self._state = state
        self._event_id = event_id
        self._facts: dict[str, dict[str, Kept]] = {}
        self._folded: dict[str, list[SubjectFact]] = {}
        self._presences: dict[str, Presence] = {}
        self.context = context

    def facts(self, subject: str) -> dict[str, Kept]:
        """The facts about a subject, by id; to be changed in place before anything is folded."""
        if subject not in self._facts:
            self._facts[subject] = states.read_facts(self._state.presence(self._event_id, subject))
        return self._facts[subject]

    def presence(self, subject: str) -> Presence:
        """The presence of a subject."""
        if subject not in self._presences:
            self._presences[subject] = fold_subject(subject, self._counting(subject), self.context)
        return self._presences[subject]

    def changed(self, subjects: Iterable[str]) -> dict[str, bytes | None]:
        """The records of these subjects, where they differ from what is kept."""
        records = {subject: self._record(subject) for subject in sorted(subjects)}
        return {
            subject: record
            for subject, record in records.items()
            if record != self._state.presence(self._event_id, subject)
        }

    def in_room(self, change: RoomChange) -> set[str]:
        """Those whose presence a change of a room may concern."""
        room = change.place[:2]
        return {
            self.context.owner(subject)
            for subject in self._state.subjects(self._event_id)
            if any(_place(kept) == room for kept in self.facts(subject).values())
        }

    def everybody(self) -> set[str]:
        """All who have a record."""
        return set(self._state.subjects(self._event_id))

    def _counting(self, owner: str) -> list[SubjectFact]:
        """All facts that count for somebody: none for a guest who is linked."""
        if owner not in self._folded:
            self._folded[owner] = [
                states.subject_fact(kept, member)
                for member in self.context.members(owner)
                for kept in self.facts(member).values()
            ]
        return self._folded[owner]

    def _record(self, subject: str) -> bytes | None:
        own = self.facts(subject)
        about = self._counting(subject)
        if self.context.owner(subject) != subject:
            about = [states.subject_fact(kept, subject) for kept in own.values()]
        if not about:
            return None
        return write_presence(self._event_id, subject, self.presence(subject), facts=own, about=about)


def _concerned(event: _Event, before: EventContext, fact: EventFact | Act | Notice, *, repeated: bool) -> Iterable[str]:
    """Whose presence a fact about the event may change.

    A `repeated` one may be a copy that differs from the one before, or should have changed presences that a crash has
    swallowed: then it may be anybody's.
    """
    if isinstance(fact, Act | Notice):
        return ()
    if isinstance(fact, LinkChange):
        guests = {*before.links, *event.context.links}
        moved = {guest for guest in guests if before.owner(guest) != event.context.owner(guest)}
        moved |= {fact.guest, fact.participant}
        moved |= {context.owner(guest) for context in (before, event.context) for guest in moved}
        return moved | event.everybody() if repeated else moved
    of_all = (before.closing, before.day_starts_at) != (event.context.closing, event.context.day_starts_at)
    if repeated or of_all or isinstance(fact, EventTimeAcceptance):
        return event.everybody()
    return event.in_room(fact) if isinstance(fact, RoomChange) else ()


def _reached(owner: str, presence: Presence) -> Reached:
    return Reached(counted_for=owner, status=presence.status.value, seconds=seconds(presence.durations))


def _precedes(one: Document, other: Document) -> bool:
    """Whether a copy of a fact counts before another: instants of the wire sort as text."""
    return (one["recordedtime"], canonical(one)) < (other["recordedtime"], canonical(other))


def _place(kept: Kept) -> tuple[str, str] | None:
    room = kept["data"].get("room")
    return None if room is None else (kept["source"], room)
