"""What the fold of one partition has at hand: events and people, what of them changed, and what is to be told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final, Protocol

import msgspec

from services.attendance.application.event import Event
from services.attendance.application.person import Person
from services.attendance.application.recall import recall
from services.attendance.application.sealing import LARGEST, seal_surplus
from services.attendance.domain.errors import AttendanceError

_MOST_EVENTS: Final = 1024
_END_INFERRED: Final = b',"end_inferred":"'
_EARLIER: Final = b',"earlier":'
_GONE: Final = (b',"status":"away"', b',"status":"absent"')
"""How the record of somebody says it who is not here, unless an end of theirs is inferred."""


class Stored(Protocol):
    """What is delivered and kept of one partition."""

    def presence(self, key: bytes) -> bytes | None:
        """A presence record, by `event_id/subject`, or an earlier chunk of one, by `event_id/subject/NNNN`."""

    def subjects(self, event_id: str) -> Iterable[str]:
        """All who have a presence record at an event."""

    def context(self, key: bytes) -> bytes | None:
        """A record about a whole event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundOutput:
    """What changed between two flushes. None removes a record. Entries are (event_id, timeline entry).

    The records of each of the two go to one topic partition in the order in which they stand here: of what belongs
    together, a crash in between then leaves the part that does no harm.
    """

    presences: dict[bytes, bytes | None] = field(default_factory=dict)
    contexts: dict[bytes, bytes | None] = field(default_factory=dict)
    entries: list[tuple[bytes, bytes]] = field(default_factory=list)
    number: int = 0


class UnreadableStateError(AttendanceError):
    """What is kept is not what was written: it has to be built anew from the facts."""

    def __init__(self, key: str) -> None:
        """Keep the key of the record."""
        super().__init__(f"the state of {key} cannot be read")
        self.key = key


class Memory:
    """Holds at most so many people ready, and those beside whose records are not settled."""

    def __init__(self, stored: Stored, *, most_people: int, sealed: int) -> None:
        """Who has more than twice `sealed` intervals has the earlier ones in records of about so many."""
        self.events: dict[bytes, Event] = {}
        self.entries: list[tuple[bytes, bytes]] = []
        self._stored = stored
        self._most_people = most_people
        self._sealed = sealed
        self._people = 0
        self._dirty: list[Person] = []
        self._changed_events: dict[bytes, Event] = {}
        self._notes: dict[bytes, bytes] = {}
        self._unsettled_notes: dict[bytes, tuple[int, bytes]] = {}
        self._number = 0

    def event(self, key: bytes) -> Event:
        """An event, of which perhaps nothing is known.

        Raises:
            UnreadableStateError: if its records are broken.
        """
        event = self.events.get(key)
        if event is None:
            event_id = key.decode()
            has_people = next(iter(self._stored.subjects(event_id)), None) is not None
            try:
                event = Event(event_id, self._stored.context, has_people=has_people)
            except msgspec.MsgspecError as error:
                raise UnreadableStateError(event_id) from error
            self.events[key] = event
        return event

    def person(self, event: Event, subject: str) -> Person:
        """A participant or guest of an event, of whom perhaps nothing is known.

        Raises:
            UnreadableStateError: if their records are broken.
        """
        person = event.people.get(subject)
        if person is None:
            key = f"{event.id}/{subject}"
            record = self._stored.presence(key.encode())
            try:
                plain = event.is_plain(subject)
                person = recall(event.id, subject, record, self._stored.presence, plain=plain)
            except msgspec.MsgspecError as error:
                raise UnreadableStateError(key) from error
            event.people[subject] = person
            event.asleep.discard(subject)
            self._people += 1
        return person

    def everybody(self, event: Event) -> list[str]:
        """All who have a record or are at hand."""
        return sorted({*event.people, *self._stored.subjects(event.id)})

    def having(self, event: Event, fact_id: str) -> list[Person]:
        """All of whom a fact is known."""
        hint = f'"{fact_id}"'.encode()
        for subject, record in self._at_rest(event):
            # What is sealed is not looked into here: hardly anybody has that.
            if hint in record or _EARLIER in record:
                self.person(event, subject)
        return [person for person in event.people.values() if fact_id in person.facts]

    def unclosed(self, event: Event) -> Iterator[Person]:
        """All who are not known to have left."""
        return (person for person in self._awake(event) if person.unclosed)

    def touch(self, person: Person) -> None:
        """A person's record has changed."""
        if not person.dirty:
            person.dirty = True
            self._dirty.append(person)

    def change(self, event: Event) -> None:
        """The facts about an event have changed."""
        self._changed_events[event.key] = event

    def note(self, key: bytes) -> bytes | None:
        """What was noted of a fact from which nothing is folded."""
        if key in self._notes:
            return self._notes[key]
        if key in self._unsettled_notes:
            return self._unsettled_notes[key][1]
        return self._stored.context(key)

    def take_note(self, key: bytes, note: bytes) -> None:
        """Note it."""
        self._notes[key] = note

    def flush(self) -> RoundOutput:
        """What changed since the last flush."""
        self._number += 1
        presences: dict[bytes, bytes | None] = {}
        most = 2 * self._sealed
        for person in self._dirty:
            person.dirty, person.flushed = False, self._number
            record = person.write()
            if len(person.parts) > most or len(person.others) > most or len(record or b"") > LARGEST:
                seal_surplus(person, self._sealed)
                record = person.write()
            if person.sealed:
                presences |= person.write_sealed()
            presences[person.key] = record
        contexts: dict[bytes, bytes | None] = {}
        for event in self._changed_events.values():
            contexts |= event.write()
            event.flushed = self._number
        contexts |= self._notes
        self._unsettled_notes |= {key: (self._number, note) for key, note in self._notes.items()}
        output = RoundOutput(presences=presences, contexts=contexts, entries=self.entries, number=self._number)
        self._dirty, self._changed_events, self._notes, self.entries = [], {}, {}, []
        return output

    def settle(self, number: int) -> None:
        """The outputs up to this one can be read from `Stored` again."""
        if self._unsettled_notes:
            self._unsettled_notes = {key: note for key, note in self._unsettled_notes.items() if note[0] > number}
        if self._people > self._most_people:
            self._let_go_of_people(number)
        if len(self.events) > _MOST_EVENTS:
            self._let_go_of_events(number)

    def _at_rest(self, event: Event) -> Iterator[tuple[str, bytes]]:
        """All who are not at hand, with their presence records: looked at as they are, which takes a tenth."""
        subjects = [subject for subject in self._stored.subjects(event.id) if subject not in event.people]
        records = ((subject, self._stored.presence(f"{event.id}/{subject}".encode())) for subject in subjects)
        return ((subject, record) for subject, record in records if record is not None)

    def _awake(self, event: Event) -> Iterator[Person]:
        """All of an event whom a fact about it may concern."""
        yield from list(event.people.values())
        if not event.is_counted:
            for subject, record in self._at_rest(event):
                if _END_INFERRED in record or not any(status in record for status in _GONE):
                    yield self.person(event, subject)
            event.is_counted = True
        for subject in sorted(event.asleep):
            yield self.person(event, subject)

    def _let_go_of_people(self, number: int) -> None:
        """Forget who changed longest ago, somewhat more than is asked for, so that it need not be done each time."""
        settled = [
            (person, event)
            for event in self.events.values()
            for person in event.people.values()
            if not person.dirty and person.flushed <= number
        ]
        settled.sort(key=lambda pair: pair[0].flushed)
        for person, event in settled[: self._people - self._most_people * 9 // 10]:
            del event.people[person.subject]
            if not event.is_plain(person.subject):
                event.circles.clear()
            if person.unclosed:
                event.asleep.add(person.subject)
            self._people -= 1

    def _let_go_of_events(self, number: int) -> None:
        idle = [
            event
            for event in self.events.values()
            if not event.people and event.key not in self._changed_events and event.flushed <= number
        ]
        idle.sort(key=attrgetter("flushed"))
        for event in idle[: len(self.events) - _MOST_EVENTS * 9 // 10]:
            del self.events[event.key]
