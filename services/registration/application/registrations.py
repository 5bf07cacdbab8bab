"""Use cases about registrations: register, edit, change mode, cancel, erase, find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from services.chassis.clock import Clock
from services.registration.application.enrolment import Register, answers_in, enrol
from services.registration.application.known_addresses import registered_already, write_again, write_of_seat
from services.registration.application.ports import Mint, Participant, RosterQuery, Store, Writing
from services.registration.application.seat_changes import SeatWishes, change_seat, withdraw_seat
from services.registration.application.session_seating import choose
from services.registration.domain.audit import Act, Deed
from services.registration.domain.errors import AlreadyRegisteredError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.instants import after
from services.registration.domain.questions import Said, read_answers
from services.registration.domain.registrations import (
    Person,
    Purpose,
)
from services.registration.domain.seats import Mode, SeatStatus, free_seats
from services.registration.domain.session_places import check_choice


class Once(Enum):
    """How somebody is not registered twice: they are written to, or whoever asks is told."""

    DISCREETLY = auto()
    OPENLY = auto()


class RegistrationChanges(SeatWishes, total=False):
    """What to change of a registration: what is left out stays."""

    name: str
    email: str
    language: str
    consents: Mapping[Purpose, bool]
    needs: str | None
    sessions: Sequence[str]
    answers: Mapping[str, Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCounts:
    """How an event fills: registrations by mode and status, seats on offer, who waits, and how many are on site."""

    by_seat: Mapping[tuple[Mode, SeatStatus], int]
    offered: Mapping[Mode, int]
    awaited: Mapping[Mode, int]
    on_site: int

    def of(self, mode: Mode, status: SeatStatus) -> int:
        """Registrations of one mode and status."""
        return self.by_seat.get((mode, status), 0)

    def free(self, event: Event) -> Mapping[Mode, int | None]:
        """The seats of an event that nobody has and that are not on offer, by mode; None is without limit."""
        taken = {mode: self.of(mode, SeatStatus.CONFIRMED) + self.offered.get(mode, 0) for mode in Mode}
        return {mode: free_seats(event.capacity, taken, mode) for mode in Mode}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registrations:
    """The registrations of all events. Every change and its facts are committed together."""

    store: Store
    clock: Clock
    mint: Mint

    async def register(self, event_id: str, command: Register) -> Participant:
        """Give a seat in the mode wished for, or a place at the end of its waitlist.

        Raises:
            EventNotFoundError: if there is no such event.
            EventStateError: if it is not published.
            InvalidValueError: naming a session that cannot be chosen, or not with another one; or a question.
        """
        _, (participant,) = await self._register(event_id, [command], group_id=None)
        return participant

    async def register_once(self, event_id: str, command: Register, *, openly: bool) -> Participant | None:
        """As `register`, unless they are registered already: then they are written to, and nothing else happens.

        Who asks learns from None only that a letter is on its way, if it was not sent a moment ago. Asked `openly`, by
        somebody who may know who is registered, it is an error and no letter.

        Raises:
            AlreadyRegisteredError: if asked openly.
        """
        once = Once.OPENLY if openly else Once.DISCREETLY
        _, participants = await self._register(event_id, [command], group_id=None, once=once)
        return participants[0] if participants else None

    async def register_together(
        self, event_id: str, commands: Sequence[Register], *, openly: bool
    ) -> tuple[str, Sequence[Participant]]:
        """Register several people for one, in their order; gives the id of the group.

        Those who are registered already are left out, or are an error, as with `register_once`. Raises as that.
        """
        once = Once.OPENLY if openly else Once.DISCREETLY
        group_id, participants = await self._register(event_id, commands, group_id=self.mint.part_id("grp"), once=once)
        return group_id or "", participants

    def member_key(self, retry_key: str, index: int) -> str:
        """What a repetition of the request would repeat for one of several people."""
        return self.mint.fact_id("member", retry_key, str(index))

    async def together(self, event_id: str, group_id: str) -> Sequence[Participant]:
        """The people of a group, in the order they were registered.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            await view.event(event_id)
            members = await view.group(event_id, group_id)
            return [await view.participant(event_id, member) for member in members]

    async def edit(
        self, event_id: str, participant_id: str, changes: RegistrationChanges, *, may_wait: bool = True
    ) -> Participant:
        """Change who it is, what they consent to, or how they take part.

        A change of mode gives the seat up to the next who waits; in a full mode it leads to the end of the waitlist.
        A change to a mode of which a seat is kept for the participant accepts that seat.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
            RegistrationCancelledError: for a change of mode, if it was withdrawn.
            EventStateError: for a change of mode, if the event is not published.
            ModeFullError: for a change to a full mode, unless `may_wait`.
            OfferExpiredError: for a change to a mode whose seat was kept until a time that has passed.
            InvalidValueError: for a headcount of whoever is no venue, for a session that cannot be chosen, or not with
                another one, and for a question that is not answered as it asks to be.
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
                if person.email != before.person.email:
                    await write_of_seat(transaction, before.registration)
                await self._record_consents(transaction, before, changes.get("consents", {}), now)
                if "needs" in changes:
                    await transaction.save_needs(participant_id, changes["needs"])
                answers = read_answers(event.questions, changes.get("answers", {}), all_asked=False)
                if answers:
                    await transaction.save_answers(event_id, participant_id, answers)
                    await transaction.note(Deed(act=Act.PERSON_CHANGED, event_id=event_id, subject=participant_id))
            await change_seat(
                transaction, event, before.registration, changes, may_wait=may_wait, mint=self.mint, now=now
            )
            if "sessions" in changes:
                event.require_open("choose sessions")
                seat = await transaction.registration(event_id, participant_id)
                await choose(transaction, event, seat, changes["sessions"], mint=self.mint, now=now, letter=True)
            return await transaction.participant(event_id, participant_id)

    async def cancel(self, event_id: str, participant_id: str, *, erase: bool = False) -> Participant:
        """Withdraw a registration; its seat goes to the next who waits. Again: nothing changes.

        With `erase`, the name, the address and the consents are deleted, whatever the state of the event; the facts
        on the topics know only the random id, and stay. After the event it cancels nothing: they may have been there.

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
                if event.status is EventStatus.PUBLISHED and not (erase and event.ends_at <= now):
                    await withdraw_seat(transaction, event, registration, mint=self.mint, now=now)
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

    async def free(self, event_id: str) -> Mapping[Mode, int | None]:
        """The seats of an event that nobody has and that are not on offer, by mode; None is without limit.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            event, taken = await view.event(event_id), await view.taken(event_id)
        return {mode: free_seats(event.capacity, taken, mode) for mode in Mode}

    async def counts(self, event_id: str) -> EventCounts:
        """How an event fills."""
        async with self.store.reading() as view:
            return EventCounts(
                by_seat=await view.counts(event_id),
                offered=await view.offered(event_id),
                awaited=await view.awaited(event_id),
                on_site=await view.on_site(event_id),
            )

    async def _register(
        self, event_id: str, commands: Sequence[Register], *, group_id: str | None, once: Once | None = None
    ) -> tuple[str | None, Sequence[Participant]]:
        now = self.clock()
        ids: list[str] = []
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            before = [await self._registered_before(transaction, event_id, command) for command in commands]
            for command, same in zip(commands, before, strict=True):
                if same is None and not (command.was_there and event.status is EventStatus.CLOSED):
                    event.require_open("register")
            for command, same in zip(commands, before, strict=True):
                # Before an address is looked at: what is wrong tells nobody who is registered.
                if same is None:
                    check_choice(event, command.sessions, now=now)
                    answers_in(command, event)
            # Looked at before anybody is registered: those of one group may share an address, and even a name.
            known = [
                await registered_already(transaction, event_id, command) if once and same is None else ()
                for command, same in zip(commands, before, strict=True)
            ]
            if once is Once.OPENLY and any(known):
                raise AlreadyRegisteredError(event_id, [place for place, holders in enumerate(known) if holders])
            at = None
            for command, same, holders in zip(commands, before, known, strict=True):
                if same is not None:
                    ids.append(same)
                elif holders:
                    await write_again(transaction, event_id, holders, now=now)
                else:
                    at = after(at, now=now)
                    made = await enrol(transaction, event, command, mint=self.mint, group_id=group_id, at=at, now=now)
                    ids.append(made)
            participants = [await transaction.participant(event_id, known) for known in ids]
        return group_id if not participants else participants[0].registration.group_id, participants

    async def _registered_before(self, transaction: Writing, event_id: str, command: Register) -> str | None:
        return None if command.retry_key is None else await transaction.registered_by(event_id, command.retry_key)

    async def _record_consents(
        self, transaction: Writing, before: Participant, consents: Mapping[Purpose, bool], now: datetime
    ) -> None:
        news = {purpose: given for purpose, given in consents.items() if before.consents.get(purpose, False) != given}
        if news:
            seat = before.registration
            await transaction.add_consents(seat.participant_id, news, at=now)
            acts = {Act.CONSENT_GIVEN if given else Act.CONSENT_WITHDRAWN for given in news.values()}
            await transaction.note(
                *(Deed(act=act, event_id=seat.event_id, subject=seat.participant_id) for act in sorted(acts))
            )
