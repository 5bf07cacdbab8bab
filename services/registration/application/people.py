"""Use cases about people: all that is known of one, what they need, writing to them again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.chosen_sessions import ChosenSession, chosen_sessions
from services.registration.application.known_addresses import write_of_seat
from services.registration.application.letters import LetterBook, StoredLetter
from services.registration.application.ports import Participant, Store
from services.registration.domain.audit import Act, Deed
from services.registration.domain.checkins import Scan
from services.registration.domain.consents import ConsentEntry
from services.registration.domain.erasures import Erasure
from services.registration.domain.event import Event
from services.registration.domain.questions import Answer, in_order
from services.registration.domain.registrations import Purpose

REMINDED_AHEAD: Final = timedelta(days=1)
"""How long before its start participants are reminded of an event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnData:
    """All that this service knows of a participant: what one may ask to see, and to take along."""

    event: Event
    participant: Participant
    needs: str | None
    consents: Sequence[ConsentEntry]
    scans: Sequence[Scan]
    letters: Sequence[StoredLetter]
    sessions: Sequence[ChosenSession] = ()
    answers: Sequence[Answer] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The people behind the registrations."""

    store: Store
    book: LetterBook
    clock: Clock

    async def own_data(self, event_id: str, participant_id: str) -> OwnData:
        """All that is known of one participant.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
        """
        async with self.store.reading() as view:
            event = await view.event(event_id)
            participant = await view.participant(event_id, participant_id)
            needs = await view.needs_of(participant_id)
            consents = await view.consent_history(participant_id)
            scans = await view.scans_of(participant_id)
            sessions = await chosen_sessions(view, event, [participant_id], gone_too=True)
            answers = (await view.answers([participant_id])).get(participant_id, ())
        letters = await self.book.of_participant(participant_id)
        return OwnData(
            event=event,
            participant=participant,
            needs=needs,
            consents=consents,
            scans=scans,
            letters=letters,
            sessions=sessions.get(participant_id, ()),
            answers=in_order(answers, event.questions),
        )

    async def remind(self) -> int:
        """Owe a reminder to each participant of the events that begin within a day; gives how many were owed now.

        Who registered on that day has just read when it is.
        """
        now = self.clock()
        async with self.store.reading() as view:
            due = {letter.event_id for letter in await view.to_remind(now, ahead=REMINDED_AHEAD)}
        owed = 0
        for event_id in sorted(due):
            async with self.store.writing() as transaction:
                # Another process may have owed them since: loading the event keeps it out from now on.
                await transaction.event(event_id)
                all_due = await transaction.to_remind(now, ahead=REMINDED_AHEAD)
                letters = [letter for letter in all_due if letter.event_id == event_id]
                await transaction.send(letters)
                owed += len(letters)
        return owed

    async def write_again(self, event_id: str, participant_id: str) -> None:
        """Owe a participant their ticket, or their place on the waitlist, once more.

        Raises:
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
            RegistrationCancelledError: if it was withdrawn.
        """
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            registration = await transaction.registration(event_id, participant_id)
            registration.require_active()
            await write_of_seat(transaction, registration)
            await transaction.note(Deed(act=Act.LETTER_SENT_AGAIN, event_id=event_id, subject=participant_id))

    async def erasure(self, participant_id: str) -> Erasure | None:
        """When a participant was erased, and what was deleted; None for who was not."""
        async with self.store.reading() as view:
            return await view.erasure(participant_id)

    async def needs(self, event_id: str) -> Mapping[str, str]:
        """What the participants of an event need to take part, by their ids."""
        async with self.store.reading() as view:
            return await view.needs(event_id)

    async def answers(self, event: Event, participant_ids: Collection[str]) -> Mapping[str, Sequence[Answer]]:
        """What some participants of an event answered to its questions, in their order, by the participants' ids."""
        async with self.store.reading() as view:
            answers = await view.answers(participant_ids)
        return {participant_id: in_order(mine, event.questions) for participant_id, mine in answers.items()}

    async def all_answers(self, event_id: str) -> Mapping[str, Sequence[Answer]]:
        """What all participants of an event answered."""
        async with self.store.reading() as view:
            return await view.all_answers(event_id)

    async def answers_of(self, event: Event, participant_id: str) -> Sequence[Answer]:
        """What one participant answered, in the order of the questions."""
        return (await self.answers(event, [participant_id])).get(participant_id, ())

    async def last_words(self, participant_id: str) -> Mapping[Purpose, ConsentEntry]:
        """What a participant last said about each purpose that they were asked about."""
        async with self.store.reading() as view:
            return {said.purpose: said for said in await view.consent_history(participant_id)}

    async def needs_of(self, participant_id: str) -> str | None:
        """What one participant needs."""
        async with self.store.reading() as view:
            return await view.needs_of(participant_id)
