"""What ticket shops need of the outside: the shops themselves, and the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from services.registration.domain.ticket_shops import (
    Fate,
    Platform,
    ShopTicket,
    Standing,
    TicketKind,
    TicketShop,
    ToldTicket,
    Walk,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Word of a shop that an order changed; its id tells it from an earlier word of the same order."""

    notice_id: str
    order_id: str


class ShopCounter(Protocol):
    """One shop, asked over the network. What cannot be had raises `ShopTroubleError`."""

    @property
    def walks_all_every(self) -> timedelta:
        """How often to walk through all of its orders, for what it does not tell as a change."""
        ...

    async def kinds(self) -> Sequence[TicketKind]:
        """What it sells."""
        ...

    async def walk(self, walk: Walk) -> tuple[Sequence[ShopTicket], Walk]:
        """A page of the orders, and how far the walk is then; without a page in it, it is done."""
        ...

    async def order(self, order_id: str) -> Sequence[ShopTicket]:
        """The tickets of one order; none if it is not of this shop."""
        ...


class ShopDoor(Protocol):
    """Opens shops of all platforms, and reads what they send."""

    def identity(self, platform: Platform, settings: Mapping[str, str]) -> str:
        """What names a shop among all: the same for who connects it a second time."""
        ...

    def counter(self, platform: Platform, settings: Mapping[str, str], secrets: Mapping[str, str]) -> ShopCounter:
        """A shop, to be asked."""
        ...

    def order_of_notice(
        self, shop: TicketShop, secrets: Mapping[str, str], *, headers: Mapping[str, str], body: bytes
    ) -> str | None:
        """Which order a notification is about; None if it is about something else, or of another shop.

        Raises:
            NoticeRefusedError: if it is not signed as it should be, or cannot be read.
        """
        ...


class ShopReading(Protocol):
    """A consistent view of shops."""

    async def shop(self, event_id: str, shop_id: str) -> TicketShop:
        """A shop of the event.

        Raises:
            ShopNotFoundError: if the event has none of this id.
        """
        ...

    async def shops(self, event_id: str) -> Sequence[TicketShop]:
        """Those of an event, in the order they were connected."""
        ...

    async def shop_of_token(self, token_hash: str) -> TicketShop | None:
        """The shop whose notifications show a token."""
        ...

    async def notices(self, shop_id: str, *, limit: int) -> Sequence[Notice]:
        """What a shop said that was not yet looked at, the earliest first."""
        ...

    async def due_shops(self, now: datetime) -> Sequence[TicketShop]:
        """The active shops of published events that are to be asked now, or that said something."""
        ...

    async def fates(self, shop_id: str) -> Mapping[Fate, int]:
        """How many tickets of a shop had which fate."""
        ...

    async def told_tickets(self, event_id: str, keys: Collection[str]) -> Mapping[str, ToldTicket]:
        """What became of some tickets, by key."""
        ...

    async def tickets_of(self, event_id: str, participant_id: str) -> Sequence[ToldTicket]:
        """The tickets by which somebody is registered, in the shops' own numbers."""
        ...

    async def sold_on(self, event_id: str, keys: Collection[str]) -> Mapping[str, Platform]:
        """Whose shops sold some tickets, by key; those of a shop that was disconnected are left out."""
        ...

    async def tickets_to_look_at(self, shop_id: str, *, limit: int) -> Sequence[ToldTicket]:
        """Some tickets that an organizer should look at, by order."""
        ...


class ShopWriting(ShopReading, Protocol):
    """A transaction on them."""

    async def save_shop(self, shop: TicketShop) -> None:
        """Insert or replace a shop."""
        ...

    async def save_standing(self, shop_id: str, standing: Standing) -> None:
        """Replace how it goes with a shop."""
        ...

    async def claim_shop(self, shop: TicketShop, *, until: datetime) -> bool:
        """Leave a shop to the caller until an instant; False if somebody else was faster."""
        ...

    async def remove_shop(self, shop_id: str) -> None:
        """Delete a shop with its secrets and what it said; what became of its tickets stays, should it come back."""
        ...

    async def add_notice(self, shop_id: str, notice: Notice, *, at: datetime) -> None:
        """Keep word that an order changed, in the place of an earlier word of the same."""
        ...

    async def drop_notice(self, notice_id: str) -> None:
        """Forget a word that was looked at."""
        ...

    async def tell_tickets(self, event_id: str, shop_id: str, told: Sequence[ToldTicket]) -> None:
        """Keep what became of tickets."""
        ...
