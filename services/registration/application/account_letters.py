"""Use cases about the letters of accounts: sign-in links and invitations. They go by the way of all letters."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final, Protocol

import structlog

from services.chassis.clock import Clock
from services.registration.application.account_ports import Account, EmailedLink
from services.registration.application.letters import Delivery, Post
from services.registration.application.ports import Store
from services.registration.domain.event import Event
from services.registration.domain.letters import LetterState, next_attempt

_LEASE: Final = timedelta(minutes=2)
_MOST_AT_ONCE: Final = 20

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccountLetter:
    """A letter with what became of it; `due_at` is set while it is owed."""

    number: int
    link: EmailedLink
    state: LetterState
    written_at: datetime
    attempts: int = 0
    due_at: datetime | None = None
    reason: str | None = None


class AccountLetterBook(Protocol):
    """Where they are kept, each method in a transaction of its own."""

    async def take_due(self, now: datetime, *, until: datetime, limit: int) -> Sequence[StoredAccountLetter]:
        """Take letters that are due: until an instant, nobody else gets them."""
        ...

    async def settle(self, letters: Sequence[StoredAccountLetter]) -> None:
        """Keep what became of letters."""
        ...

    async def page(self, *, before: int | None, limit: int) -> Sequence[StoredAccountLetter]:
        """Letters, the latest first; `before` is the last number already seen."""
        ...

    async def find(self, number: int) -> StoredAccountLetter | None:
        """One letter."""
        ...


class AccountComposer(Protocol):
    """Writes them, in the language of the account."""

    def compose(self, stored: StoredAccountLetter, account: Account, event: Event | None) -> EmailMessage:
        """The whole message."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLetters:
    """Letters to accounts. Without a `post` they stay here, for whoever runs the installation."""

    store: Store
    book: AccountLetterBook
    composer: AccountComposer
    post: Post | None
    clock: Clock

    async def deliver_due(self) -> int:
        """Send what is due now; gives how many letters were taken."""
        now = self.clock()
        taken = await self.book.take_due(now, until=now + _LEASE, limit=_MOST_AT_ONCE)
        ready: list[tuple[StoredAccountLetter, EmailMessage]] = []
        settled: list[StoredAccountLetter] = []
        for stored in taken:
            fate = await self._prepare(stored, now)
            if isinstance(fate, EmailMessage):
                ready.append((stored, fate))
            else:
                settled.append(fate)
        if self.post is not None and ready:
            deliveries = await self.post.deliver([message for _, message in ready])
            settled += [self._after(stored, delivery) for (stored, _), delivery in zip(ready, deliveries, strict=True)]
        await self.book.settle(settled)
        return len(taken)

    async def page(self, *, before: int | None, limit: int) -> Sequence[tuple[StoredAccountLetter, Account | None]]:
        """Letters with whom they are to, the latest first."""
        letters = await self.book.page(before=before, limit=limit)
        async with self.store.reading() as view:
            accounts = await view.accounts([stored.link.account_id for stored in letters])
        return [(stored, accounts.get(stored.link.account_id)) for stored in letters]

    async def read(self, number: int) -> tuple[StoredAccountLetter, EmailMessage] | None:
        """A letter as it is sent; None if there is no such letter."""
        stored = await self.book.find(number)
        message = None if stored is None else await self._message(stored)
        return None if stored is None or message is None else (stored, message)

    async def _prepare(self, stored: StoredAccountLetter, now: datetime) -> EmailMessage | StoredAccountLetter:
        """The message, or what becomes of the letter without one."""
        try:
            message = None if stored.link.used_at or stored.link.until <= now else await self._message(stored)
        except Exception as error:  # noqa: BLE001  (one letter that cannot be written must not hold up the others)
            # The kind of the error only: its text, and its traceback, may quote the name or the address.
            log.error("account_letter.not_composed", number=stored.number, error=type(error).__name__)  # noqa: TRY400
            return self._after(stored, Delivery(reason="not_composed"))
        if message is None:
            return replace(stored, state=LetterState.DROPPED, due_at=None, reason="overtaken")
        return replace(stored, state=LetterState.LOCAL, due_at=None) if self.post is None else message

    async def _message(self, stored: StoredAccountLetter) -> EmailMessage | None:
        async with self.store.reading() as view:
            account = await view.account(stored.link.account_id)
            event = None if stored.link.event_id is None else await view.event(stored.link.event_id)
        return None if account is None else await asyncio.to_thread(self.composer.compose, stored, account, event)

    def _after(self, stored: StoredAccountLetter, delivery: Delivery) -> StoredAccountLetter:
        tried = replace(stored, attempts=stored.attempts + 1, reason=delivery.reason)
        if delivery.reason is None:
            return replace(tried, state=LetterState.SENT, due_at=None)
        now = self.clock()
        again = None
        if not delivery.final:
            again = next_attempt(owed_since=stored.written_at, attempts=tried.attempts, now=now)
        if again is None:
            log.warning("account_letter.undeliverable", number=stored.number, reason=delivery.reason)
            return replace(tried, state=LetterState.UNDELIVERABLE, due_at=None)
        return replace(tried, due_at=again)
