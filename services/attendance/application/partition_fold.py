"""The fold of one partition: records in, what is to be told and kept out.

It reads what is kept through `Stored` and writes nothing. What it has folded it knows, delivered or not; so it is
dropped, and built anew from what is kept, when a delivery failed or the partition is given away.

A fact that comes again is told again, in the same words, and what it should have changed is looked at again, so that an
output that a crash swallowed comes out then.
"""

from typing import Final

import msgspec

from schemas.decode import UnreadableRecordError
from services.attendance.application.adding import entry_of
from services.attendance.application.event import Event
from services.attendance.application.event_facts import EventFacts
from services.attendance.application.in_order import IN_ORDER
from services.attendance.application.kept import (
    NO_WORDS,
    KeptNote,
    keep_subject_fact,
    outranks,
)
from services.attendance.application.memory import Memory, RoundOutput, Stored, UnreadableStateError
from services.attendance.application.overtaken import overtaken
from services.attendance.application.person import Person
from services.attendance.application.recall import remembered, words_told
from services.attendance.application.records import seconds_text
from services.attendance.application.said import Said, UnfitRecordError, at_first_sight, look_into
from services.attendance.application.slices import Slices
from services.attendance.application.subject_facts import SubjectFacts
from services.attendance.application.translation import NotAnInputError
from services.attendance.application.whole_fold import WholeFold
from services.attendance.application.wire import Left, QuickFact, digest, instants, is_identifier, milliseconds, read
from services.attendance.domain.errors import AttendanceError
from services.attendance.domain.facts import Act, EventFact, Notice, SubjectFact

__all__ = ["PartitionFold", "RoundOutput", "Stored", "UnfitRecordError", "UnreadableStateError"]

_MOST_PEOPLE: Final = 16_384
_INTERVALS_A_RECORD: Final = 64
_LARGEST_COMMON: Final = 64 * 1024
"""Bytes of a fact that is told as it came: a larger one is mostly blanks."""
_FAULTS: Final = (
    ArithmeticError,
    AssertionError,
    AttendanceError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)


class PartitionFold:
    """Folds the records of one partition, one on top of the other."""

    def __init__(self, stored: Stored, *, cache: int = _MOST_PEOPLE, sealed: int = _INTERVALS_A_RECORD) -> None:
        """At most `cache` people are held ready, and those beside whose records are not settled.

        Who has more than twice `sealed` intervals has the earlier ones in records of about so many.
        """
        self._memory = Memory(stored, most_people=cache, sealed=sealed)
        self._whole = WholeFold(self._memory, size=sealed)
        self._subject_facts = SubjectFacts(self._memory, self._whole)
        self._event_facts = EventFacts(self._memory, self._whole)
        self._is_busy = False
        self._held: int | None = None

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Fold one record on top of the others.

        Raises:
            UnreadableRecordError, NotAnInputError, UnfitRecordError, UnreadableStateError: as `begin` does.
        """
        for _ in self.begin(key, value) or ():
            pass

    def begin(self, key: bytes | None, value: bytes | None) -> Slices[None] | None:
        """Fold one record on top of the others; what may concern very many people comes in slices, to be gone through.

        Nothing else may be folded or flushed in between.

        Raises:
            UnreadableRecordError, NotAnInputError, UnfitRecordError: if it never can be; nothing has changed then.
            UnreadableStateError: if what is kept is broken, so that nothing more can be folded on top of it.
        """
        if value is None:
            raise UnfitRecordError("value: is missing")
        quick = read(value) if len(value) <= _LARGEST_COMMON else None
        try:
            if quick is None or not self._take_quickly(key, quick, value):
                said, fact = look_into(value, quick)
                event = self._event(key, said)
                if isinstance(fact, EventFact):
                    return self._take_slowly(event, said, fact)
                self._take_thoroughly(event, said, fact)
        except (UnreadableRecordError, NotAnInputError, UnfitRecordError, UnreadableStateError):
            raise
        except _FAULTS as error:
            # A fault of ours, met at this fact each time: it is kept for redriving after a fix, and the others go on.
            raise UnfitRecordError(f"fold: {type(error).__name__}") from error
        return None

    def _take_slowly(self, event: Event, said: Said, fact: EventFact) -> Slices[None]:
        """Take a fact about an event; nobody may be let go of meanwhile."""
        self._is_busy = True
        try:
            yield from self._event_facts.take(event, said, fact)
        except (UnfitRecordError, UnreadableStateError):
            raise
        except _FAULTS as error:
            raise UnfitRecordError(f"fold: {type(error).__name__}") from error
        finally:
            self._is_busy, held, self._held = False, self._held, None
            if held is not None:
                self._memory.settle(held)

    def _event(self, key: bytes | None, said: Said) -> Event:
        if key != said.head.event_id.encode():
            raise UnfitRecordError("key: is not data.event_id")
        return self._memory.event(key)

    def flush(self) -> RoundOutput:
        """What changed since the last flush; the fold goes on on top of it, delivered or not."""
        return self._memory.flush()

    def settled(self, output: RoundOutput) -> None:
        """An output of `flush` is delivered and kept, as are those before it: all can be read from `Stored` again."""
        if self._is_busy:
            self._held = output.number
        else:
            self._memory.settle(output.number)

    def _take_quickly(self, key: bytes | None, fact: QuickFact, value: bytes) -> bool:
        """Add a fact that comes in order; False if it needs more thought, and then nothing has changed."""
        memory = self._memory
        event = memory.events.get(key)  # type: ignore[arg-type]  # no event has the key None
        if event is None or event.id != fact.data.event_id or fact.traceparent is not None:
            return False
        person = event.people.get(fact.subject)
        if person is None and is_identifier(fact.subject) is not None:
            person = memory.person(event, fact.subject)
        if person is None or is_identifier(fact.id) is None:
            return False
        try:
            if person.plain:
                if fact.id in person.facts:
                    return self._tell_quickly_again(event, person, fact, value)
                entry = IN_ORDER[type(fact)](event, person, fact, value) or overtaken(event, person, fact, value)
                if entry is not None:
                    memory.entries.append((event.key, entry))
                    if not person.dirty:
                        memory.touch(person)
                    return True
            said, kept = at_first_sight(fact, value)
        except ValueError:  # An instant is written in another way than ours.
            return False
        self._subject_facts.take(event, said, fact.subject, kept)
        return True

    def _tell_quickly_again(self, event: Event, person: Person, fact: QuickFact, value: bytes) -> bool:
        """Tell a known fact of a `plain` person in the words it was told in; False if it is another copy of it.

        Their one record holds both the fact and all that it leads to, so that nothing can be missing of that.
        """
        instants(fact.time, fact.recordedtime)
        mark = digest(value)
        words = words_told(person, fact.id, mark)
        if words is None:
            known = remembered(person, fact.id)
            if known is None or known.digest != mark:
                return False
            words = known.words
        if words.status is None or words.suspect is not None or words.counted_for is not None:
            return False
        if isinstance(fact, Left) and fact.data.joined_at is not None:
            milliseconds(fact.data.joined_at)  # Written in another way, it was told as the one canonical way has it.
        seconds = seconds_text(words.in_person, words.remote, words.both)
        self._memory.entries.append((event.key, entry_of(event, person, fact, value, words.status, seconds)))
        self._whole.tell_ends_again(event, {person.subject})
        return True

    def _take_thoroughly(self, event: Event, said: Said, fact: SubjectFact | Act | Notice) -> None:
        if isinstance(fact, SubjectFact):
            kept = keep_subject_fact(fact, digest=said.digest, words=NO_WORDS)
            self._subject_facts.take(event, said, fact.subject, kept)
        else:
            self._take_note(event, said, fact)

    def _take_note(self, event: Event, said: Said, fact: Act | Notice) -> None:
        key = f"{event.id}/{fact.id}".encode()
        stamp = (fact.id, fact.time, fact.recorded - fact.time, said.digest, fact.source)
        kept, record = KeptNote(*stamp, NO_WORDS), self._memory.note(key)
        try:
            known = None if record is None else msgspec.json.decode(record, type=KeptNote)
        except msgspec.MsgspecError as error:
            raise UnreadableStateError(key.decode()) from error
        if known is not None and outranks(known, kept):
            return
        words = NO_WORDS
        if known is not None and not outranks(kept, known):
            words = known.words
        elif isinstance(fact, Act):
            words = self._whole.refold(event).words(fact.subject)
        entry = said.entry(words)
        if known is None or outranks(kept, known):
            self._memory.take_note(key, msgspec.json.encode(msgspec.structs.replace(kept, words=words)))
        self._memory.entries.append((event.key, entry))
