"""The whole fold of those whom a fact concerns, and what becomes of what it leads to."""

from collections import ChainMap
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from services.attendance.application.event import Event
from services.attendance.application.kept import KeptEventFact, KeptRoomChange, KeptSnapshot, Words
from services.attendance.application.memory import Memory
from services.attendance.application.mended import Mended
from services.attendance.application.person import Person
from services.attendance.application.records import write_end
from services.attendance.application.refold import Refold
from services.attendance.application.said import Said, UnfitRecordError
from services.attendance.application.sealing import outgrows
from services.attendance.application.slices import SLICE, Slices
from services.attendance.domain.context import EventContext

FULL: Final = "subject: has more facts than one presence record can hold"


class WholeFold:
    """Folds people anew, and takes over what they become."""

    def __init__(self, memory: Memory, *, size: int) -> None:
        """Sealed records hold about `size` intervals."""
        self._memory = memory
        self._size = size

    def refold(self, event: Event, context: EventContext | None = None, kept: KeptEventFact | None = None) -> Refold:
        """The people of an event, perhaps in another context that one more fact `kept` leads to."""
        return Refold(
            context or event.context,
            event.facts if kept is None else ChainMap({kept.id: kept}, event.facts),
            lambda subject: self._memory.person(event, subject),
            event_id=event.id,
            size=self._size,
        )

    def conclude(
        self,
        event: Event,
        said: Said,
        words: Words,
        refold: Refold,
        concerned: Collection[str],
        *,
        since: int,
        kept: KeptEventFact | None = None,
        mended: Sequence[Mended] = (),
    ) -> Slices[None]:
        """Take over what a fact leads to, and tell it; nothing has changed before all of it is known.

        For some it leads to what is `mended`, those `concerned` are to be folded.
        """
        entry = said.entry(words)
        pairs, ends = yield from refold.changed(concerned, since=since)
        to_come = not isinstance(kept, KeptRoomChange | KeptSnapshot)
        if any(outgrows(before, after, ends_to_come=to_come) for before, after in pairs):
            raise UnfitRecordError(FULL)
        for before, _ in pairs:
            for context in (event.context, refold.context):
                event.circles.pop(context.owner(before.subject), None)
        for count, one in enumerate(mended):
            if count % SLICE == SLICE - 1:
                yield
            self.take_over(one.pairs)
            ends += [write_end(event.id, end) for end in one.ends]
        self.take_over(pairs)
        if kept is not None:
            event.remember(kept, refold.context)
            self._memory.change(event)
        self._memory.entries += [(event.key, one) for one in (entry, *ends)]
        if not event.is_new:
            self.tell_ends_again(event, {*concerned, *(subject for one in mended for subject in one.people)})

    def take_over(self, pairs: Iterable[tuple[Person, Person]]) -> None:
        """People are not any more as they were, but as they have become."""
        for before, after in pairs:
            if before.time or after.time:  # Of others there is no record, and will be none.
                self._memory.touch(before)
            before.become(after)

    def tell_ends_again(self, event: Event, subjects: Iterable[str]) -> None:
        """A crash may have kept the records that know of inferred ends, and lost their entries."""
        for subject in sorted(subjects):
            told = self._memory.person(event, subject).told
            self._memory.entries += [(event.key, write_end(event.id, end)) for end in told]
