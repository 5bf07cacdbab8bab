"""Ticket shops elsewhere, whose orders register people here: what is bought, and what becomes of each ticket."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.registration.domain.seats import Wish

POLL_EVERY: Final = timedelta(minutes=5)
"""How often a shop is asked for its orders, beside what it tells by itself."""
_LONGEST_WAIT: Final = timedelta(hours=1)
_FIRST_WAIT: Final = timedelta(seconds=30)


class Platform(StrEnum):
    """Whose shop it is."""

    PRETIX = "pretix"
    HELLOASSO = "helloasso"


class TicketState(StrEnum):
    """What a shop says of a ticket: it is good, not yet paid, not yet approved of, or good no more."""

    VALID = "valid"
    PENDING = "pending"
    UNAPPROVED = "unapproved"
    CANCELLED = "cancelled"


class Fate(StrEnum):
    """What became of a ticket here. The last ones, from `KEPT` on, are for an organizer to look at."""

    REGISTERED = "registered"
    WAITLISTED = "waitlisted"
    RECOGNISED = "recognised"
    PENDING = "pending"
    WITHDRAWN = "withdrawn"
    LEFT_OUT = "left_out"
    KEPT = "kept"
    KIND_UNKNOWN = "kind_unknown"
    NAME_MISSING = "name_missing"
    NAME_WRONG = "name_wrong"
    EMAIL_MISSING = "email_missing"
    EMAIL_WRONG = "email_wrong"
    CANCELLED = "cancelled"
    ERASED = "erased"
    EVENT_NOT_OPEN = "event_not_open"


WELL: Final = frozenset(
    {Fate.REGISTERED, Fate.WAITLISTED, Fate.RECOGNISED, Fate.PENDING, Fate.WITHDRAWN, Fate.LEFT_OUT, Fate.ERASED}
)
"""The fates that nobody needs to look at, or can: nothing is left of who was erased."""
_HERE: Final = frozenset({Fate.REGISTERED, Fate.WAITLISTED, Fate.RECOGNISED, Fate.KEPT})
"""The fates of those whose ticket led to a registration that stands."""
_OWN_END: Final = frozenset({Fate.CANCELLED, Fate.ERASED})
"""The fates of those who withdrew here by themselves."""


class Trouble(StrEnum):
    """Why a shop cannot be asked, or what it answered cannot be used."""

    UNREACHABLE = "unreachable"
    TOO_SLOW = "too_slow"
    ADDRESS_REFUSED = "address_refused"
    CREDENTIALS_REFUSED = "credentials_refused"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    TOO_MANY_REQUESTS = "too_many_requests"
    FAILING = "failing"
    UNREADABLE = "unreadable"
    SEALED_OTHERWISE = "sealed_otherwise"


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketKind:
    """What a shop sells: a product or one of its variations, or a tier."""

    kind_id: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopTicket:
    """A ticket of an order, and for whom it is: what the shop says, not yet looked at.

    `position_id` is its own among all of the shop. `email` is where to write to about it, mostly the buyer's.
    `secret` is what the code on it reads, where the shop tells.
    """

    order_id: str
    position_id: str
    kind_id: str
    state: TicketState
    name: str = ""
    email: str = ""
    language: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """How far a walk through the orders is: those that changed since `since`, or all, from `page` on.

    `page` None is the first; both texts are the platform's own. `until` is what `since` is to be once it is done.
    """

    since: str | None = None
    page: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Whom a shop's tickets register: by kind the mode, or None for who does not take part.

    Kinds that are not in it are unknown. Unless `unpaid`, a ticket registers nobody before it is paid. `language` is
    that of whoever says none; `letters` has those who are new written to.
    """

    modes: Mapping[str, Wish | None] = field(default_factory=dict)
    language: str = "fr"
    unpaid: bool = False
    letters: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it goes with a shop: when it is to be asked next, how far the walk is, and what went wrong last.

    Nothing is asked of it before `not_before`, which is also how two processes do not ask it at once.
    """

    poll_at: datetime
    not_before: datetime
    walk: Walk = Walk()
    walked_all_at: datetime | None = None
    answered_at: datetime | None = None
    trouble: Trouble | None = None
    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketShop:
    """A shop connected to an event by somebody (`actor`). Until it is `active` its orders register nobody.

    `settings` say where it is, and `identity` names it among all shops; `sealed` holds its secrets, and `token_hash` is
    of the one that its notifications show.
    """

    shop_id: str
    event_id: str
    platform: Platform
    actor: str
    settings: Mapping[str, str]
    identity: str
    sealed: str
    token_hash: str
    connected_at: datetime
    standing: Standing
    kinds: Sequence[TicketKind] = ()
    terms: Terms = Terms()
    active: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTicket:
    """What became of a ticket, as kept: its ids at the shop, none once erased, and no word of whom it is for."""

    key: str
    order_id: str
    position_id: str
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """The ticket is for somebody who takes part in this mode."""

    mode: Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """Whom the ticket registered is to be registered no more."""

    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Nothing happens."""

    fate: Fate


def decide(ticket: ShopTicket, terms: Terms, before: Fate | None) -> Take | Withdraw | Leave:
    """What a ticket asks for, of which `before` became so far."""
    here = before in _HERE
    mode = terms.modes.get(ticket.kind_id)
    ended = ticket.state is TicketState.CANCELLED
    if ended or (mode is None and ticket.kind_id in terms.modes):
        fate = Fate.WITHDRAWN if ended else Fate.LEFT_OUT
        if not here:
            return Leave(fate=before if before in _OWN_END and before is not None else fate)
        # Who had registered by themselves does not lose that with a ticket.
        return Leave(fate=Fate.KEPT) if before in {Fate.RECOGNISED, Fate.KEPT} else Withdraw(fate=fate)
    if mode is None:
        return Leave(fate=Fate.KIND_UNKNOWN)
    waits = ticket.state is TicketState.UNAPPROVED or (ticket.state is TicketState.PENDING and not terms.unpaid)
    if waits and not here:
        return Leave(fate=Fate.PENDING)
    return Take(mode=mode)


def registered_again(before: Fate | None) -> bool:
    """Whether somebody whose registration is cancelled may come back with their ticket: if it was ended by it."""
    return before in {Fate.WITHDRAWN, Fate.LEFT_OUT}


def wait_after(failures: int) -> timedelta:
    """How long to leave a shop alone after so many failures in a row."""
    return min(_LONGEST_WAIT, _FIRST_WAIT * (1 << min(failures - 1, 10)))
