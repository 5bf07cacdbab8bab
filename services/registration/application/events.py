"""Use cases about events: create, edit, duplicate, publish, close, open again, cancel, archive, find."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.event_copying import copy_proofs
from services.registration.application.event_drafts import EventChanges, EventDraft, changed_event, copied, new_event
from services.registration.application.ports import EventQuery, Mint, Store
from services.registration.application.seating import settle_seats, shorten_offers
from services.registration.application.session_seating import tell_attendees
from services.registration.domain import event as events
from services.registration.domain.audit import Act, Deed
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.event import ClosedBy, Event
from services.registration.domain.event_versions import require_seen
from services.registration.domain.facts import EventMoved, EventStep
from services.registration.domain.instants import after
from services.registration.domain.letters import LetterKind, concerns_participants
from services.registration.domain.training_proofs import TrainingProof

_LOOKED_BACK: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """The events of this deployment. Every change and its facts are committed together."""

    store: Store
    clock: Clock
    mint: Mint

    async def create(self, draft: EventDraft, *, retry_key: str | None = None, original: Event | None = None) -> Event:
        """Create a draft event; `retry_key` is what a repetition of the same request would repeat.

        Of an `original` it takes over what attendance proves, and how.

        Raises:
            InvalidValueError: naming the field.
        """
        now = self.clock()
        event = new_event(draft, mint=self.mint, now=now)
        async with self.store.writing() as transaction:
            known = await transaction.created_by(retry_key) if retry_key is not None else None
            if known is not None:
                return await transaction.event(known)
            await transaction.add_event(event, retry_key=retry_key)
            proof = TrainingProof.NONE
            if original is not None:
                proof = await transaction.training_proof(original.event_id)
            await transaction.save_training_proof(event.event_id, proof)
            await transaction.publish([self._moved(EventStep.CREATED, event, now)])
            if original is not None:
                await copy_proofs(transaction, original, event, mint=self.mint)
        return event

    async def edit(
        self, event_id: str, changes: EventChanges, *, seen: Collection[str] | None = None, connects: bool = True
    ) -> Event:
        """Change a draft or published event; seats added go to the waitlist at once.

        Who answers for the personal data can be changed of one that is closed or cancelled, too: it is kept for years.

        With `seen`, the versions that the editor saw, nothing that another one changed since is overwritten.

        Without `connects` no room is connected to a conference that the event has not.

        Raises:
            EventChangedMeanwhileError: if the event stands at none of the versions seen.
            EventNotFoundError: if there is no such event.
            EventStateError: if it is closed or cancelled.
            InvalidValueError: naming the field.
        """
        now = self.clock()
        if changes.keys() == {"data_contact"}:

            def step(event: Event) -> Event:
                changed = changed_event(event, changes, mint=self.mint)
                return event if changed == event else replace(changed, changed_at=after(event.changed_at, now=now))

            return await self._file(event_id, step, Act.EVENT_CHANGED, seen=seen)
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            events.require_editable(event)
            if seen is not None:
                require_seen(event, seen)
            changed = changed_event(event, changes, mint=self.mint)
            if changed == event:
                return event
            if not connects:
                events.require_known_conferences(event, changed)
            changed = replace(changed, changed_at=after(event.changed_at, now=now))
            await transaction.save_event(changed)
            await transaction.publish([self._moved(EventStep.CHANGED, changed, now)])
            if concerns_participants(event, changed):
                await transaction.send_to_all(LetterKind.EVENT_CHANGED, event_id)
            else:
                await tell_attendees(transaction, event, changed)
            await shorten_offers(transaction, changed, mint=self.mint, now=now)
            await settle_seats(transaction, changed, mint=self.mint, now=now)
        return changed

    async def duplicate(
        self, event_id: str, *, starts_at: datetime, title: str | None = None, retry_key: str | None = None
    ) -> Event:
        """Create a draft like an event, with ids of its own, at another time; nobody is registered for it.

        Documents of it are made and issued as those of the original: see `copy_proofs`.

        Raises:
            EventNotFoundError: if there is no such event.
            InvalidValueError: if it cannot begin then.
        """
        async with self.store.reading() as view:
            original = await view.event(event_id)
        draft = copied(original, starts_at=starts_at, title=title)
        return await self.create(draft, retry_key=retry_key, original=original)

    async def archive(self, event_id: str) -> Event:
        """Let lists leave an event out. Raises as `edit`."""
        now = self.clock()
        return await self._file(event_id, lambda event: events.archive(event, now=now), Act.EVENT_ARCHIVED)

    async def unarchive(self, event_id: str) -> Event:
        """Let lists show an event again. Raises as `find`."""
        return await self._file(event_id, events.unarchive, Act.EVENT_UNARCHIVED)

    async def publish(self, event_id: str, *, seen: Collection[str] | None = None) -> Event:
        """Open a draft to the public. Raises as `edit`."""
        return await self._step(event_id, events.publish, EventStep.PUBLISHED, seen=seen)

    async def close(self, event_id: str, *, seen: Collection[str] | None = None) -> Event:
        """Declare a published event over. Raises as `edit`."""
        return await self._step(event_id, events.close, EventStep.CLOSED, seen=seen)

    async def reopen(self, event_id: str, *, seen: Collection[str] | None = None) -> Event:
        """Take the closing of an event back. Raises as `edit`."""
        return await self._step(event_id, events.reopen, EventStep.PUBLISHED, seen=seen)

    async def close_due(self) -> Sequence[Event]:
        """Close every event whose end and grace have passed; gives those that this closed.

        Several processes may do it at once, and somebody by hand: each event is closed once.
        """
        now = self.clock()
        async with self.store.reading() as view:
            ended = await view.ended(now)
        closed = []
        for event in ended:
            due = event.closes_itself_at
            if due is None or due > now:
                continue
            # The id of the fact follows from what makes it the same closing, whoever tells it.
            fact_id = self.mint.fact_id("closed-by-clock", event.event_id, due.isoformat())
            stands = await self._step(event.event_id, events.close_by_clock, EventStep.CLOSED, fact_id=fact_id)
            if stands.closing is not None and stands.closing.by is ClosedBy.CLOCK:
                closed.append(stands)
        return closed

    async def cancel(self, event_id: str, *, seen: Collection[str] | None = None) -> Event:
        """Declare that an event does not take place. Raises as `edit`."""
        return await self._step(event_id, events.cancel, EventStep.CANCELLED, seen=seen)

    async def find(self, event_id: str) -> Event:
        """One event.

        Raises:
            EventNotFoundError: if there is none.
        """
        async with self.store.reading() as view:
            return await view.event(event_id)

    async def last_contact(self) -> DataContact | None:
        """Who answers for the data of the latest of the events that say so."""
        latest = await self.page(EventQuery(limit=_LOOKED_BACK))
        return next((event.data_contact for event in latest if event.data_contact is not None), None)

    async def series(self, only: Collection[str] | None) -> Sequence[str]:
        """The names of the series that events are of, or those events alone."""
        async with self.store.reading() as view:
            return await view.series(only)

    async def page(self, query: EventQuery) -> Sequence[Event]:
        """Some events, the latest first."""
        async with self.store.reading() as view:
            return await view.events(query)

    async def _step(
        self,
        event_id: str,
        step: Callable[..., Event],
        name: EventStep,
        *,
        fact_id: str | None = None,
        seen: Collection[str] | None = None,
    ) -> Event:
        now = self.clock()
        async with self.store.writing() as transaction:
            before = await transaction.event(event_id)
            event = step(before, now=now)
            if event == before:
                return event
            if seen is not None:
                require_seen(before, seen)
            await transaction.save_event(event)
            await transaction.publish([self._moved(name, event, now, fact_id=fact_id)])
            if name is EventStep.CANCELLED:
                await transaction.send_to_all(LetterKind.EVENT_CANCELLED, event_id)
        return event

    async def _file(
        self, event_id: str, step: Callable[[Event], Event], act: Act, *, seen: Collection[str] | None = None
    ) -> Event:
        """Change what the other services are not told."""
        async with self.store.writing() as transaction:
            before = await transaction.event(event_id)
            if seen is not None:
                require_seen(before, seen)
            event = step(before)
            if event != before:
                await transaction.save_event(event)
                await transaction.note(Deed(act=act, event_id=event_id))
        return event

    def _moved(self, step: EventStep, event: Event, now: datetime, *, fact_id: str | None = None) -> EventMoved:
        return EventMoved(fact_id=fact_id or self.mint.fact_id(), step=step, event=event, recorded_at=now)
