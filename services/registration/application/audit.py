"""The audit log. Each entry is written in the transaction of its act; who acts is known from the request it is part of.

with acting(grant.holder or grant.token_id):
    await events.publish(event_id)
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from services.registration.domain.audit import SYSTEM, Act, AuditEntry, Deed

if TYPE_CHECKING:
    from services.registration.application.ports import Store

# An argument of every use case would be forgotten in one of them; what no request is part of is done by the system.
_ACTOR: Final[ContextVar[str]] = ContextVar("actor", default=SYSTEM)


@contextmanager
def acting(actor: str) -> Iterator[None]:
    """Let all that is done inside be done by somebody, by id."""
    token = _ACTOR.set(actor)
    try:
        yield
    finally:
        _ACTOR.reset(token)


def current_actor() -> str:
    """Who acts now."""
    return _ACTOR.get()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries, the latest first; `before` is the last number already seen, `event_id` None is all of them."""

    limit: int
    event_id: str | None = None
    before: int | None = None
    actor: str | None = None
    subject: str | None = None
    acts: Collection[Act] = ()


class AuditReading(Protocol):
    """A consistent view of the log."""

    async def audit_entries(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """A page of it."""
        ...


class AuditWriting(AuditReading, Protocol):
    """A transaction on it."""

    async def note(self, *deeds: Deed) -> None:
        """Write down what the current actor does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLog:
    """The log, for those who may read it."""

    store: "Store"

    async def page(self, query: AuditQuery) -> Sequence[AuditEntry]:
        """Some entries, the latest first.

        Raises:
            EventNotFoundError: if it is to be about an event that does not exist.
        """
        async with self.store.reading() as view:
            if query.event_id is not None:
                await view.event(query.event_id)
            return await view.audit_entries(query)

    async def note(self, deed: Deed) -> None:
        """Write down what the current actor does at another service.

        Raises:
            EventNotFoundError: if it is at an event that does not exist.
        """
        async with self.store.writing() as transaction:
            if deed.event_id is not None:
                await transaction.event(deed.event_id)
            await transaction.note(deed)
