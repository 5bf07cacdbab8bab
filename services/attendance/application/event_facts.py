"""A fact about an event: whom it concerns, and what it leads to for them."""

import msgspec

from services.attendance.application.circles import known_of
from services.attendance.application.concern import concerned_owners
from services.attendance.application.event import Event
from services.attendance.application.kept import (
    NO_WORDS,
    KeptAcceptance,
    KeptEventFact,
    KeptLink,
    Words,
    keep_event_fact,
    outranks,
)
from services.attendance.application.known import UncommonError
from services.attendance.application.memory import Memory
from services.attendance.application.mended import Concluding, Mended
from services.attendance.application.mending import Mending
from services.attendance.application.refold import Refold
from services.attendance.application.said import Said
from services.attendance.application.slices import SLICE, Slices
from services.attendance.application.whole_fold import WholeFold
from services.attendance.domain.facts import EventFact, LinkChange, RoomChange
from services.attendance.domain.suspicion import suspect_time


class EventFacts:
    """Takes facts about events."""

    def __init__(self, memory: Memory, whole: WholeFold) -> None:
        """What they lead to is taken over into the memory."""
        self._memory = memory
        self._whole = whole

    def take(self, event: Event, said: Said, fact: EventFact) -> Slices[None]:
        """Take one, in slices: it may concern everybody.

        Raises:
            UnfitRecordError: if it never can be; nothing has changed then.
        """
        kept, known = keep_event_fact(fact, digest=said.digest, words=NO_WORDS), event.facts.get(fact.id)
        if known is not None and outranks(known, kept):
            return
        if known is not None and not outranks(kept, known):
            yield from self._take_again(event, said, known)
            return
        context = event.context_with(kept)
        refold = self._whole.refold(event, context, kept)
        words = NO_WORDS
        if isinstance(fact, RoomChange):
            suspect = suspect_time(fact, day_starts_at=context.day_starts_at)
            words = Words(suspect=None if suspect is None else suspect.value)
        elif isinstance(fact, LinkChange) and said.head.subject is not None:
            words = refold.words(said.head.subject)
        kept = msgspec.structs.replace(kept, words=words)
        owners = yield from concerned_owners(self._memory, event, context, kept, known)
        if isinstance(kept, KeptLink):
            for owner in owners:
                event.circles.pop(owner, None)
        is_about_ends = known is None and not isinstance(kept, KeptLink | KeptAcceptance)
        is_about_ends = is_about_ends and event.context.day_starts_at == context.day_starts_at
        mended = (yield from self._mended(event, refold, kept, owners)) if is_about_ends else []
        concerned = refold.concerned(owners)
        yield from self._whole.conclude(
            event, said, words, refold, concerned, since=kept.recorded, kept=kept, mended=mended
        )

    def _mended(self, event: Event, refold: Refold, kept: KeptEventFact, owners: set[str]) -> Slices[list[Mended]]:
        """What becomes of those whose ends alone may be others; `owners` are left who have to be folded whole."""
        found = []
        for count, owner in enumerate(sorted(owners)):
            if count % SLICE == SLICE - 1:
                yield
            known = known_of(self._memory, self._whole, event, owner)
            if known is None:
                continue
            try:
                draft = Mending(known, refold.context).with_context()
                mended = Concluding(known, draft, refold.event_facts, since=kept.recorded).with_context()
            except UncommonError:
                continue
            found.append(mended)
            owners.remove(owner)
        return found

    def _take_again(self, event: Event, said: Said, known: KeptEventFact) -> Slices[None]:
        refold, concerned = self._whole.refold(event), set[str]()
        # A crash may have swallowed some of what the event led to: all of it is told again, once. What this fold has
        # told itself is delivered, or the fold is dropped.
        if not event.is_consistent:
            concerned = set(self._memory.everybody(event))
        yield from self._whole.conclude(event, said, known.words, refold, concerned, since=known.recorded)
        event.is_consistent = True
