"""Use cases about letters: send what is owed, and let the organizer see what became of it."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final, Protocol

import structlog

from services.chassis.clock import Clock
from services.registration.application.chosen_sessions import ChosenSession, chosen_sessions
from services.registration.application.ports import Participant, Store
from services.registration.application.retention import RetentionPeriods
from services.registration.domain.audit import Act, Deed
from services.registration.domain.errors import LetterNotFoundError
from services.registration.domain.event import Event
from services.registration.domain.letters import Letter, LetterState, next_attempt, still_true

LEASE: Final = timedelta(minutes=10)
"""How long a letter is left to the process that took it: if that dies, another one sends the letter then."""
_MOST_AT_ONCE: Final = 20

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLetter:
    """A letter with what became of it.

    `number` is its place in the order of writing; `due_at` is set while it is owed. `reason` says why it was not sent:
    a word, and the codes of the mail server's answer, never its text, which may repeat the address.
    """

    number: int
    letter: Letter
    state: LetterState
    written_at: datetime
    attempts: int = 0
    due_at: datetime | None = None
    settled_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What the mail server said of a message; `reason` is None if it took it, `final` if trying again is no use."""

    reason: str | None = None
    final: bool = False


class LetterBook(Protocol):
    """Where letters are kept, each method in a transaction of its own."""

    async def take_due(self, now: datetime, *, until: datetime, limit: int) -> Sequence[StoredLetter]:
        """Take letters that are due, the oldest first: until an instant, nobody else gets them."""
        ...

    async def settle(self, letters: Sequence[StoredLetter]) -> None:
        """Keep what became of letters: their state, attempts, reason, and when they are due again."""
        ...

    async def page(self, event_id: str, *, before: int | None, limit: int) -> Sequence[StoredLetter]:
        """Letters of an event, the latest first; `before` is the last number already seen."""
        ...

    async def find(self, event_id: str, number: int) -> StoredLetter | None:
        """One letter of the event."""
        ...

    async def of_participant(self, participant_id: str) -> Sequence[StoredLetter]:
        """All letters to a participant, the latest first."""
        ...

    async def counts(self, event_id: str) -> Mapping[LetterState, int]:
        """How many letters of the event stand where."""
        ...


class Composer(Protocol):
    """Writes letters, in the language of whom they are for."""

    def compose(
        self,
        stored: StoredLetter,
        event: Event,
        participant: Participant,
        sessions: Sequence[ChosenSession],
        *,
        kept_until: datetime,
    ) -> EmailMessage:
        """The whole message; the person must be known. It may take a while, and is safe in a thread.

        `sessions` are those they chose, those they left, and those that are in the agenda no more. `kept_until` is
        told to who gets their first letter.
        """
        ...

    def subject(self, letter: Letter, event: Event, participant: Participant) -> str:
        """The subject of the message; the person must be known."""
        ...


class Post(Protocol):
    """Takes messages to the mail server."""

    async def deliver(self, messages: Sequence[EmailMessage]) -> Sequence[Delivery]:
        """What became of each, in their order; never raises for what a mail server or a network does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Letters:
    """The letters of all events. Without a `post` nothing leaves: letters stay here, for the organizer to read.

    A letter is sent at least once: a process that dies between the mail server's answer and keeping it sends it again,
    under the same `Message-ID`.
    """

    store: Store
    book: LetterBook
    composer: Composer
    post: Post | None
    clock: Clock
    periods: RetentionPeriods

    async def deliver_due(self) -> int:
        """Send what is due now, a few letters at most; gives how many were taken."""
        now = self.clock()
        taken = await self.book.take_due(now, until=now + LEASE, limit=_MOST_AT_ONCE)
        ready: list[tuple[StoredLetter, EmailMessage]] = []
        settled: list[StoredLetter] = []
        for stored in taken:
            fate = await self._prepare(stored)
            if isinstance(fate, EmailMessage):
                ready.append((stored, fate))
            else:
                settled.append(fate)
        if self.post is not None and ready:
            deliveries = await self.post.deliver([message for _, message in ready])
            settled += [self._after(stored, delivery) for (stored, _), delivery in zip(ready, deliveries, strict=True)]
        await self.book.settle(settled)
        if taken:
            log.info("letters.settled", **Counter(stored.state.value for stored in settled))
        return len(taken)

    async def page(self, event_id: str, *, before: int | None, limit: int) -> Sequence[StoredLetter]:
        """Letters of an event, the latest first."""
        return await self.book.page(event_id, before=before, limit=limit)

    async def counts(self, event_id: str) -> Mapping[LetterState, int]:
        """How many letters of an event stand where."""
        return await self.book.counts(event_id)

    async def to(self, participant_id: str) -> Sequence[StoredLetter]:
        """All letters to a participant, the latest first."""
        return await self.book.of_participant(participant_id)

    def subjects(self, event: Event, participant: Participant, letters: Sequence[StoredLetter]) -> Mapping[int, str]:
        """What letters to a participant are about, by number, as they would be worded now; none of who was erased."""
        if participant.person is None:
            return {}
        return {stored.number: self.composer.subject(stored.letter, event, participant) for stored in letters}

    async def read(self, event_id: str, number: int) -> tuple[StoredLetter, EmailMessage | None]:
        """A letter as it would be sent now; no message if the person was erased, or gave no address.

        Raises:
            LetterNotFoundError: if the event has no such letter.
        """
        stored = await self._find(event_id, number)
        async with self.store.reading() as view:
            event = await view.event(event_id)
            participant = await view.participant(event_id, stored.letter.participant_id)
            sessions = await chosen_sessions(view, event, [stored.letter.participant_id], gone_too=True)
            proof = await view.training_proof(event_id)
        if participant.person is None or not participant.person.email:
            return stored, None
        chosen = sessions.get(stored.letter.participant_id, ())
        kept_until = self.periods.of_people(proof).after(event.ends_at)
        return stored, await asyncio.to_thread(
            self.composer.compose, stored, event, participant, chosen, kept_until=kept_until
        )

    async def send_again(self, event_id: str, number: int) -> None:
        """Owe a letter again that was not sent.

        Raises:
            LetterNotFoundError: if the event has no such letter.
        """
        stored = await self._find(event_id, number)
        if stored.state in {LetterState.UNDELIVERABLE, LetterState.LOCAL}:
            owed = replace(stored, state=LetterState.OWED, due_at=self.clock(), settled_at=None, reason=None)
            await self.book.settle([owed])
            async with self.store.writing() as transaction:
                whose = stored.letter.participant_id
                await transaction.note(Deed(act=Act.LETTER_SENT_AGAIN, event_id=event_id, subject=whose))

    async def _find(self, event_id: str, number: int) -> StoredLetter:
        stored = await self.book.find(event_id, number)
        if stored is None:
            raise LetterNotFoundError(number)
        return stored

    async def _prepare(self, stored: StoredLetter) -> EmailMessage | StoredLetter:
        """The message, or what becomes of the letter without one."""
        letter = stored.letter
        async with self.store.reading() as view:
            event = await view.event(letter.event_id)
            participant = await view.participant(letter.event_id, letter.participant_id)
            sessions = await chosen_sessions(view, event, [letter.participant_id], gone_too=True)
            proof = await view.training_proof(letter.event_id)
        if participant.person is None:
            return self._settled(stored, LetterState.DROPPED, "erased")
        if not participant.person.email:
            return self._settled(stored, LetterState.DROPPED, "no_address")
        if not still_true(letter, event, participant.registration, now=self.clock()):
            return self._settled(stored, LetterState.DROPPED, "overtaken")
        if self.post is None:
            return self._settled(stored, LetterState.LOCAL)
        try:
            chosen = sessions.get(letter.participant_id, ())
            kept_until = self.periods.of_people(proof).after(event.ends_at)
            return await asyncio.to_thread(
                self.composer.compose, stored, event, participant, chosen, kept_until=kept_until
            )
        except Exception as error:  # noqa: BLE001  (one letter that cannot be written must not hold up the others)
            # The kind of the error only: its text, and its traceback, may quote the name or the address.
            log.error("letter.not_composed", number=stored.number, error=type(error).__name__)  # noqa: TRY400
            return self._after(stored, Delivery(reason="not_composed"))

    def _after(self, stored: StoredLetter, delivery: Delivery) -> StoredLetter:
        now = self.clock()
        if delivery.reason is None:
            return self._settled(replace(stored, attempts=stored.attempts + 1), LetterState.SENT)
        attempts = stored.attempts + 1
        tried = replace(stored, attempts=attempts)
        again = None if delivery.final else next_attempt(owed_since=stored.written_at, attempts=attempts, now=now)
        if again is None:
            log.warning("letter.undeliverable", number=stored.number, reason=delivery.reason)
            return self._settled(tried, LetterState.UNDELIVERABLE, delivery.reason)
        return replace(tried, due_at=again, reason=delivery.reason)

    def _settled(self, stored: StoredLetter, state: LetterState, reason: str | None = None) -> StoredLetter:
        return replace(stored, state=state, reason=reason, due_at=None, settled_at=self.clock())
