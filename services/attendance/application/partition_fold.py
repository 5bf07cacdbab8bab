"""The fold of one partition: records in, what is to be told and kept out.

It reads what is kept through `Stored` and writes nothing. What it has folded it knows, delivered or not; so it is
dropped, and built anew from what is kept, when a delivery failed or the partition is given away.

A fact that comes again is told again, in the same words, and what it should have changed is looked at again, so that an
output that a crash swallowed comes out then.
"""

from collections import ChainMap
from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from schemas.decode import UnreadableRecordError
from services.attendance.application.concern import concerned_owners
from services.attendance.application.event import Event
from services.attendance.application.in_order import IN_ORDER, entry_of
from services.attendance.application.kept import (
    NO_WORDS,
    KeptEventFact,
    KeptNote,
    KeptRoomChange,
    KeptSnapshot,
    Words,
    keep_event_fact,
    keep_subject_fact,
    outranks,
)
from services.attendance.application.memory import Memory, RoundOutput, Stored, UnreadableStateError
from services.attendance.application.mending import mend
from services.attendance.application.person import Person
from services.attendance.application.recall import remembered
from services.attendance.application.records import seconds_text, write_end
from services.attendance.application.refold import Refold
from services.attendance.application.said import Said, UnfitRecordError, look_into
from services.attendance.application.sealing import is_full, outgrows
from services.attendance.application.translation import NotAnInputError
from services.attendance.application.wire import QuickFact, digest, is_identifier, milliseconds, read
from services.attendance.domain.context import EventContext
from services.attendance.domain.errors import AttendanceError
from services.attendance.domain.facts import Act, EventFact, LinkChange, Movement, Notice, RoomChange, SubjectFact
from services.attendance.domain.suspicion import suspect_time

__all__ = ["PartitionFold", "RoundOutput", "Stored", "UnfitRecordError", "UnreadableStateError"]

_MOST_PEOPLE: Final = 16_384
_INTERVALS_A_RECORD: Final = 64
_LARGEST_COMMON: Final = 64 * 1024
"""Bytes of a fact that is told as it came: a larger one is mostly blanks."""
_FULL: Final = "subject: has more facts than one presence record can hold"
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
        self._sealed = sealed

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """Fold one record on top of the others.

        Raises:
            UnreadableRecordError, NotAnInputError, UnfitRecordError: if it never can be; nothing has changed then.
            UnreadableStateError: if what is kept is broken, so that nothing more can be folded on top of it.
        """
        if value is None:
            raise UnfitRecordError("value: is missing")
        quick = read(value) if len(value) <= _LARGEST_COMMON else None
        try:
            if quick is None or not self._take_quickly(key, quick, value):
                self._take_thoroughly(key, value, quick)
        except (UnreadableRecordError, NotAnInputError, UnfitRecordError, UnreadableStateError):
            raise
        except _FAULTS as error:
            # A fault of ours, met at this fact each time: it is kept for redriving after a fix, and the others go on.
            raise UnfitRecordError(f"fold: {type(error).__name__}") from error

    def flush(self) -> RoundOutput:
        """What changed since the last flush; the fold goes on on top of it, delivered or not."""
        return self._memory.flush()

    def settled(self, output: RoundOutput) -> None:
        """An output of `flush` is delivered and kept, as are those before it: all can be read from `Stored` again."""
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
        if person is None or not person.plain or is_identifier(fact.id) is None:
            return False
        try:
            if fact.id in person.facts:
                return self._tell_quickly_again(event, person, fact, value)
            entry = IN_ORDER[type(fact)](event, person, fact, value) or mend(event, person, fact, value)
        except ValueError:  # An instant is written in another way than ours.
            return False
        if entry is not None:
            memory.entries.append((event.key, entry))
            if not person.dirty:
                memory.touch(person)
        return entry is not None

    def _tell_quickly_again(self, event: Event, person: Person, fact: QuickFact, value: bytes) -> bool:
        """Tell a known fact of a `plain` person in the words it was told in; False if it is another copy of it.

        Their one record holds both the fact and all that it leads to, so that nothing can be missing of that.
        """
        known = remembered(person, fact.id)
        recorded = milliseconds(fact.time), milliseconds(fact.recordedtime)
        if known is None or (known.time, known.recorded) != recorded or known.digest != digest(value):
            return False
        words = known.words
        if words.status is None or words.suspect is not None or words.counted_for is not None:
            return False
        seconds = seconds_text(words.in_person, words.remote, words.both)
        self._memory.entries.append((event.key, entry_of(event, person, fact, value, words.status, seconds)))
        self._tell_ends_again(event, {person.subject})
        return True

    def _take_thoroughly(self, key: bytes | None, value: bytes, quick: QuickFact | None) -> None:
        said, fact = look_into(value, quick)
        if key != said.head.event_id.encode():
            raise UnfitRecordError("key: is not data.event_id")
        event = self._memory.event(key)
        if isinstance(fact, SubjectFact):
            self._take_subject_fact(event, said, fact)
        elif isinstance(fact, EventFact):
            self._take_event_fact(event, said, fact)
        else:
            self._take_note(event, said, fact)

    def _take_subject_fact(self, event: Event, said: Said, fact: SubjectFact) -> None:
        refold = self._refold(event)
        subject, owner = fact.subject, event.context.owner(fact.subject)
        is_new = fact.id not in self._memory.person(event, subject).facts
        if is_new and isinstance(fact, Movement) and fact.opens and is_full(self._memory.person(event, owner)):
            raise UnfitRecordError(_FULL)
        own = refold.own(subject)
        kept, known = keep_subject_fact(fact, digest=said.digest, words=NO_WORDS), own.get(fact.id)
        if known is not None and outranks(known, kept):
            return
        again = known is not None and not outranks(kept, known)
        if known is not None and again:
            words = known.words
        else:
            refold.take_in(subject, kept)
            suspect = None
            if isinstance(fact, Movement):
                suspect = suspect_time(fact, day_starts_at=event.context.day_starts_at)
            words = refold.words(subject, suspect=None if suspect is None else suspect.value)
            refold.take_in(subject, msgspec.structs.replace(kept, words=words))
        # One record holds both a fact about somebody who is not linked and all that it leads to.
        concerned = refold.concerned({subject, owner}) if not (again and event.is_plain(subject)) else set[str]()
        self._conclude(event, said, words, refold, concerned, since=kept.recorded)
        if again:
            self._tell_ends_again(event, {subject})

    def _take_event_fact(self, event: Event, said: Said, fact: EventFact) -> None:
        kept, known = keep_event_fact(fact, digest=said.digest, words=NO_WORDS), event.facts.get(fact.id)
        if known is not None and outranks(known, kept):
            return
        if known is not None and not outranks(kept, known):
            self._take_event_fact_again(event, said, known)
            return
        context = event.context_with(kept)
        refold = self._refold(event, context, kept)
        words = NO_WORDS
        if isinstance(fact, RoomChange):
            suspect = suspect_time(fact, day_starts_at=context.day_starts_at)
            words = Words(suspect=None if suspect is None else suspect.value)
        elif isinstance(fact, LinkChange) and said.head.subject is not None:
            words = refold.words(said.head.subject)
        kept = msgspec.structs.replace(kept, words=words)
        owners = concerned_owners(self._memory, event, context, kept, known)
        concerned = refold.concerned(owners)
        self._conclude(event, said, words, refold, concerned, since=kept.recorded, kept=kept)

    def _take_event_fact_again(self, event: Event, said: Said, known: KeptEventFact) -> None:
        refold, concerned = self._refold(event), set[str]()
        # A crash may have swallowed some of what the event led to: all of it is told again, once. What this fold has
        # told itself is delivered, or the fold is dropped.
        if not event.is_consistent:
            concerned = set(self._memory.everybody(event))
        self._conclude(event, said, known.words, refold, concerned, since=known.recorded)
        event.is_consistent = True

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
            words = self._refold(event).words(fact.subject)
        entry = said.entry(words)
        if known is None or outranks(kept, known):
            self._memory.take_note(key, msgspec.json.encode(msgspec.structs.replace(kept, words=words)))
        self._memory.entries.append((event.key, entry))

    def _refold(self, event: Event, context: EventContext | None = None, kept: KeptEventFact | None = None) -> Refold:
        return Refold(
            context or event.context,
            event.facts if kept is None else ChainMap({kept.id: kept}, event.facts),
            lambda subject: self._memory.person(event, subject),
            event_id=event.id,
            size=self._sealed,
        )

    def _conclude(
        self,
        event: Event,
        said: Said,
        words: Words,
        refold: Refold,
        concerned: Collection[str],
        *,
        since: int,
        kept: KeptEventFact | None = None,
    ) -> None:
        """Take over what a fact leads to, and tell it; nothing has changed before all of it is known."""
        entry = said.entry(words)
        pairs, ends = refold.changed(concerned, since=since)
        to_come = not isinstance(kept, KeptRoomChange | KeptSnapshot)
        if any(outgrows(before, after, ends_to_come=to_come) for before, after in pairs):
            raise UnfitRecordError(_FULL)
        for before, after in pairs:
            if before.time or after.time:  # Of others there is no record, and will be none.
                self._memory.touch(before)
            before.become(after)
        if kept is not None:
            event.remember(kept, refold.context)
            self._memory.change(event)
        self._memory.entries += [(event.key, one) for one in (entry, *ends)]
        if not event.is_new:
            self._tell_ends_again(event, concerned)

    def _tell_ends_again(self, event: Event, subjects: Iterable[str]) -> None:
        """A crash may have kept the records that know of inferred ends, and lost their entries."""
        for subject in sorted(subjects):
            told = self._memory.person(event, subject).told
            self._memory.entries += [(event.key, write_end(event.id, end)) for end in told]
