"""Use cases about registrations: register, edit, change mode, cancel, erase, find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from services.chassis.clock import Clock
from services.registration.application.ports import Mint, Participant, RosterQuery, Store, Writing
from services.registration.application.waitlist import fill_free_seats
from services.registration.domain.errors import ModeFullError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.facts import SeatMoved, SeatStep
from services.registration.domain.instants import after
from services.registration.domain.registrations import Person, Purpose, Registration, change_mode, withdraw
from services.registration.domain.seats import Mode, SeatStatus, has_free_seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Somebody wants to take part. `retry_key` is what a repetition of the same request would repeat."""

    mode: Mode
    person: Person
    consents: Mapping[Purpose, bool]
    retry_key: str | None = None


class RegistrationChanges(TypedDict, total=False):
    """What to change of a registration: what is left out stays."""

    mode: Mode
    name: str
    email: str
    language: str
    consents: Mapping[Purpose, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCounts:
    """How an event fills: registrations by mode and status, and how many are on site."""

    by_seat: Mapping[tuple[Mode, SeatStatus], int]
    on_site: int

    def of(self, mode: Mode, status: SeatStatus) -> int:
        """Registrations of one mode and status."""
        return self.by_seat.get((mode, status), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrations:
    """The registrations of all events. Every change and its facts are committed together."""

    store: Store
    clock: Clock
    mint: Mint

    async def register(self, event_id: str, command: Register) -> Participant:
        """Give a seat in the mode asked for, or a place at the end of its waitlist.

        Raises:
            EventNotFoundError: if there is no such event.
            EventStateError: if it is not published.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            if command.retry_key is not None:
                known = await transaction.registered_by(event_id, command.retry_key)
                if known is not None:
                    return await transaction.participant(event_id, known)
            event.require_open("register")
            seat_is_free = has_free_seat(event.capacity, await transaction.taken(event_id), command.mode)
            rank = None if seat_is_free else await transaction.next_rank(event_id, command.mode)
            at = after(None, now=now)
            registration = Registration(
                participant_id=self.mint.participant_id(),
                event_id=event_id,
                mode=command.mode,
                status=SeatStatus.CONFIRMED if seat_is_free else SeatStatus.WAITLISTED,
                ticket=self.mint.ticket(),
                created_at=at,
                changed_at=at,
                rank=rank,
                retry_key=command.retry_key,
            )
            await transaction.add_participant(registration, command.person, command.consents)
            await self._publish(transaction, SeatStep.REGISTERED, registration, now)
            return await transaction.participant(event_id, registration.participant_id)

    async def edit(
        self, event_id: str, participant_id: str, changes: RegistrationChanges, *, may_wait: bool = True
    ) -> Participant:
        """Change who it is, what they consent to, or how they take part.

        A change of mode gives the seat up to the next who waits; in a full mode it leads to the end of the waitlist.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
            RegistrationCancelledError: for a change of mode, if it was withdrawn.
            EventStateError: for a change of mode, if the event is not published.
            ModeFullError: for a change to a full mode, unless `may_wait`.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            before = await transaction.participant(event_id, participant_id)
            if before.person is not None:
                person = Person(
                    name=changes.get("name", before.person.name),
                    email=changes.get("email", before.person.email),
                    language=changes.get("language", before.person.language),
                )
                if person != before.person:
                    await transaction.save_person(participant_id, person)
                await self._record_consents(transaction, before, changes.get("consents", {}), now)
            mode = changes.get("mode", before.registration.mode)
            if mode is not before.registration.mode:
                await self._change_mode(transaction, event, before.registration, mode, may_wait=may_wait, now=now)
            return await transaction.participant(event_id, participant_id)

    async def cancel(self, event_id: str, participant_id: str, *, erase: bool = False) -> Participant:
        """Withdraw a registration; its seat goes to the next who waits. Again: nothing changes.

        With `erase`, the name, the address and the consents are deleted, whatever the state of the event; the facts
        on the topics know only the random id, and stay.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
            EventStateError: if the event is over, unless the person is to be erased.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            registration = await transaction.registration(event_id, participant_id)
            if registration.status is not SeatStatus.CANCELLED:
                if event.status is EventStatus.PUBLISHED:
                    withdrawn = withdraw(registration, now=now)
                    await transaction.save_registration(withdrawn)
                    await self._publish(transaction, SeatStep.CANCELLED, withdrawn, now)
                    await fill_free_seats(transaction, event, mint=self.mint, now=now)
                elif not erase:
                    event.require_open("cancel a registration")
            if erase:
                await transaction.erase_person(participant_id)
            return await transaction.participant(event_id, participant_id)

    async def find(self, event_id: str, participant_id: str) -> Participant:
        """One registration with its person.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
        """
        async with self.store.reading() as view:
            await view.event(event_id)
            return await view.participant(event_id, participant_id)

    async def roster(self, event_id: str, query: RosterQuery) -> Sequence[Participant]:
        """Some registrations of an event, in the order they were made.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            await view.event(event_id)
            return await view.roster(event_id, query)

    async def names(self, event_id: str, participant_ids: Sequence[str]) -> Mapping[str, str]:
        """The names of those of these participants who are known and not erased."""
        async with self.store.reading() as view:
            return await view.names(event_id, participant_ids)

    async def counts(self, event_id: str) -> EventCounts:
        """How an event fills."""
        async with self.store.reading() as view:
            return EventCounts(by_seat=await view.counts(event_id), on_site=await view.on_site(event_id))

    async def _change_mode(
        self,
        transaction: Writing,
        event: Event,
        registration: Registration,
        mode: Mode,
        *,
        may_wait: bool,
        now: datetime,
    ) -> None:
        event.require_open("change the mode of a registration")
        seat_is_free = has_free_seat(event.capacity, await transaction.taken(event.event_id), mode)
        if not seat_is_free and not may_wait:
            raise ModeFullError(mode)
        next_rank = await transaction.next_rank(event.event_id, mode)
        moved = change_mode(registration, mode, seat_is_free=seat_is_free, next_rank=next_rank, now=now)
        await transaction.save_registration(moved)
        await self._publish(transaction, SeatStep.MODE_CHANGED, moved, now)
        await fill_free_seats(transaction, event, mint=self.mint, now=now)

    async def _record_consents(
        self, transaction: Writing, before: Participant, consents: Mapping[Purpose, bool], now: datetime
    ) -> None:
        news = {purpose: given for purpose, given in consents.items() if before.consents.get(purpose, False) != given}
        if news:
            await transaction.add_consents(before.registration.participant_id, news, at=now)

    async def _publish(self, transaction: Writing, step: SeatStep, registration: Registration, now: datetime) -> None:
        fact = SeatMoved(fact_id=self.mint.fact_id(), step=step, registration=registration, recorded_at=now)
        await transaction.publish([fact])
