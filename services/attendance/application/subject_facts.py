"""A fact about somebody that cannot simply be added: folded with those of the others that it concerns, or with all."""

import msgspec

from services.attendance.application.circles import known_of
from services.attendance.application.event import Event
from services.attendance.application.kept import KeptMovement, KeptSubjectFact, outranks
from services.attendance.application.known import Known, UncommonError
from services.attendance.application.memory import Memory
from services.attendance.application.mended import Concluding
from services.attendance.application.mending import Mending
from services.attendance.application.records import write_end
from services.attendance.application.said import Said, UnfitRecordError
from services.attendance.application.sealing import is_full
from services.attendance.application.whole_fold import FULL, WholeFold
from services.attendance.domain.context import EventContext
from services.attendance.domain.suspicion import SuspectTime, suspicion


class SubjectFacts:
    """Takes facts about participants and guests."""

    def __init__(self, memory: Memory, whole: WholeFold) -> None:
        """What they lead to is taken over into the memory."""
        self._memory = memory
        self._whole = whole

    def take(self, event: Event, said: Said, subject: str, kept: KeptSubjectFact) -> None:
        """Take one.

        Raises:
            UnfitRecordError: if it never can be; nothing has changed then.
        """
        known = known_of(self._memory, self._whole, event, subject)
        try:
            if known is None or not self._take_with(known, event, said, subject, kept):
                self._take_with_all(event, said, subject, kept)
        except UncommonError:
            self._take_with_all(event, said, subject, kept)

    def _take_with(self, known: Known, event: Event, said: Said, subject: str, kept: KeptSubjectFact) -> bool:
        """Fold a fact with those of the others that it concerns; False if it is another copy of a known one.

        Raises:
            UncommonError: if it is not certain which these are. Nothing has changed then.
        """
        found = known.find(kept.id)
        if found is not None:
            return found[0] == subject and self._tell_again(known, event, said, found[1], kept)
        mending = Mending(known, event.context)
        concluding = Concluding(known, mending.with_fact(subject, kept), event.facts, since=kept.recorded)
        mended = concluding.with_fact(subject, kept, suspect=mending.suspect(kept))
        entry = said.entry(mended.words)
        # From here on nothing can fail.
        self._whole.take_over(mended.pairs)
        known.learn(subject, msgspec.structs.replace(kept, words=mended.words))
        self._memory.entries += [
            (event.key, one) for one in (entry, *(write_end(event.id, end) for end in mended.ends))
        ]
        return True

    def _tell_again(
        self, known: Known, event: Event, said: Said, before: KeptSubjectFact, kept: KeptSubjectFact
    ) -> bool:
        """Tell a known fact in the words it was told in; False if it is another copy of it."""
        if (before.time, before.lag, before.digest) != (kept.time, kept.lag, kept.digest):
            return False
        self._memory.entries.append((event.key, said.entry(before.words)))
        self._whole.tell_ends_again(event, known.people())
        return True

    def _take_with_all(self, event: Event, said: Said, subject: str, kept: KeptSubjectFact) -> None:
        """Fold a fact with all the others that count for the same person."""
        refold = self._whole.refold(event)
        owner = event.context.owner(subject)
        is_new = kept.id not in self._memory.person(event, subject).facts
        opens = isinstance(kept, KeptMovement) and kept.opens
        if is_new and opens and is_full(self._memory.person(event, owner)):
            raise UnfitRecordError(FULL)
        known = refold.own(subject).get(kept.id)
        if known is not None and outranks(known, kept):
            return
        again = known is not None and not outranks(kept, known)
        if known is not None and again:
            words = known.words
        else:
            refold.take_in(subject, kept)
            words = refold.words(subject, suspect=_suspect(event.context, kept))
            refold.take_in(subject, msgspec.structs.replace(kept, words=words))
        # One record holds both a fact about somebody who is not linked and all that it leads to.
        concerned = refold.concerned({subject, owner}) if not (again and event.is_plain(subject)) else set[str]()
        for _ in self._whole.conclude(event, said, words, refold, concerned, since=kept.recorded):
            pass  # It concerns a handful.
        if again:
            self._whole.tell_ends_again(event, {subject})


def _suspect(context: EventContext, kept: KeptSubjectFact) -> SuspectTime | None:
    """What is suspect about the time of a coming or going."""
    if not isinstance(kept, KeptMovement):
        return None
    joined_at, day_starts_at = kept.joined_at, context.day_starts_at
    return suspicion(kept.time, recorded=kept.recorded, joined_at=joined_at, day_starts_at=day_starts_at)
