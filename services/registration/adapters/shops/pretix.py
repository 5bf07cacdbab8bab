"""pretix, hosted or of one's own: https://docs.pretix.eu/en/latest/api/.

Orders are asked for by what changed since the shop's own time (`modified_since`, `X-Page-Generated`). A webhook carries
no signature and no person: it says which order to ask for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final

from pydantic import BaseModel, Field, StringConstraints, ValidationError
from yarl import URL

from services.registration.adapters.shops.http import Answer, ShopClient, read
from services.registration.domain.shop_errors import NoticeRefusedError, ShopTroubleError
from services.registration.domain.ticket_shops import ShopTicket, TicketKind, TicketState, Trouble, Walk

_MOST_PAGES_OF_ITEMS: Final = 20
_STATES: Final = {"p": TicketState.VALID, "n": TicketState.PENDING}
"""What is not in it is cancelled, refused, refunded or expired."""


_Id = Annotated[int, Field(ge=0, le=2**63 - 1)]
_Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,40}$")]


class _Variation(BaseModel):
    id: _Id
    value: dict[str, str] | str


class _Item(BaseModel):
    id: _Id
    name: dict[str, str] | str
    internal_name: str | None = None
    variations: list[_Variation] = []


class _Items(BaseModel):
    results: list[_Item]
    next: str | None = None


class _Position(BaseModel):
    id: _Id
    item: _Id
    variation: _Id | None = None
    attendee_name: str | None = None
    attendee_email: str | None = None
    subevent: int | None = None
    addon_to: int | None = None
    canceled: bool = False
    secret: str | None = None


class _Address(BaseModel):
    name: str | None = None


class _Order(BaseModel):
    code: _Code
    status: str
    testmode: bool = False
    email: str | None = None
    locale: str | None = None
    require_approval: bool = False
    valid_if_pending: bool = False
    invoice_address: _Address | None = None
    positions: list[_Position]


class _Orders(BaseModel):
    results: list[_Order]
    next: str | None = None


class _Notice(BaseModel):
    organizer: str = ""
    event: str = ""
    action: str = ""
    code: _Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PretixShop:
    """An event of a pretix; implements the port `ShopCounter`. `date` is one of an event series, if only one counts."""

    client: ShopClient
    origin: URL
    organizer: str
    event: str
    date: int | None
    api_token: str
    walks_all_every: timedelta = timedelta(days=1)

    @classmethod
    def of(cls, settings: Mapping[str, str], secrets: Mapping[str, str], client: ShopClient) -> "PretixShop":
        """The shop that an organizer connected."""
        return cls(
            client=client,
            origin=URL(settings["url"]),
            organizer=settings["organizer"],
            event=settings["event"],
            date=int(settings["date"]) if settings.get("date") else None,
            api_token=secrets["api_token"],
        )

    async def kinds(self) -> Sequence[TicketKind]:
        """See the port."""
        kinds: list[TicketKind] = []
        for page in range(1, _MOST_PAGES_OF_ITEMS + 1):
            items = read(_Items, await self._get("items", page=str(page)))
            for item in items.results:
                label = item.internal_name or _text(item.name)
                named = [(f"{item.id}-{each.id}", f"{label} – {_text(each.value)}") for each in item.variations]
                named = named or [(str(item.id), label)]
                kinds += [TicketKind(kind_id=kind_id, label=text[:200]) for kind_id, text in named]
            if items.next is None:
                break
        return kinds

    async def walk(self, walk: Walk) -> tuple[Sequence[ShopTicket], Walk]:
        """See the port."""
        # In the order in which they were made: what changes meanwhile does not move others to a page that was read.
        query = {"ordering": "datetime", "page": walk.page or "1", "include_canceled_positions": "true"}
        if walk.since is not None:
            query["modified_since"] = walk.since
        answer = await self._get("orders", **query)
        orders = read(_Orders, answer)
        until = walk.until if walk.page else answer.headers.get("X-Page-Generated")
        tickets = [ticket for order in orders.results for ticket in self._tickets(order)]
        if orders.next is None:
            return tickets, Walk(since=until)
        # Never the address that the answer names: it might be another's.
        return tickets, Walk(since=walk.since, page=str(int(walk.page or "1") + 1), until=until)

    async def order(self, order_id: str) -> Sequence[ShopTicket]:
        """See the port."""
        try:
            answer = await self._get("orders", order_id, include_canceled_positions="true")
        except ShopTroubleError as error:
            if error.trouble is not Trouble.NOT_FOUND:
                raise
            return ()
        return self._tickets(read(_Order, answer))

    def _tickets(self, order: _Order) -> Sequence[ShopTicket]:
        if order.testmode:
            return ()
        state = _STATES.get(order.status, TicketState.CANCELLED)
        if state is TicketState.PENDING and order.require_approval:
            state = TicketState.UNAPPROVED
        elif state is TicketState.PENDING and order.valid_if_pending:
            state = TicketState.VALID
        alone = sum(position.addon_to is None for position in order.positions) == 1
        buyer = (order.invoice_address.name if order.invoice_address and alone else None) or ""
        language = (order.locale or "").partition("-")[0]
        return [
            ShopTicket(
                order_id=order.code,
                position_id=str(position.id),
                kind_id=f"{position.item}-{position.variation}" if position.variation else str(position.item),
                state=TicketState.CANCELLED if position.canceled else state,
                name=position.attendee_name or buyer,
                email=position.attendee_email or order.email or "",
                language=language if language in {"fr", "en"} else None,
                secret=position.secret,
            )
            for position in order.positions
            if self.date is None or position.subevent == self.date
        ]

    async def _get(self, *path: str, **query: str) -> Answer:
        url = self.origin / "api/v1/organizers" / self.organizer / "events" / self.event
        for step in path:
            url = url / step
        return await self.client.ask(
            "GET", (url / "").with_query(query), headers={"Authorization": f"Token {self.api_token}"}
        )


def pretix_identity(settings: Mapping[str, str]) -> str:
    """What names a shop among all."""
    parts = (settings["url"], settings["organizer"], settings["event"], settings.get("date", ""))
    return " ".join(("pretix", *parts)).strip().lower()


def order_of_pretix_notice(settings: Mapping[str, str], body: bytes) -> str | None:
    """Which order a webhook is about; None if it is about no order of this shop.

    Raises:
        NoticeRefusedError: if it cannot be read.
    """
    try:
        notice = _Notice.model_validate_json(body)
    except ValidationError:
        raise NoticeRefusedError(readable=False) from None
    ours = (settings["organizer"].lower(), settings["event"].lower())
    about_order = notice.action.startswith("pretix.event.order.")
    return notice.code if about_order and (notice.organizer.lower(), notice.event.lower()) == ours else None


def _text(name: dict[str, str] | str) -> str:
    """A text in the language that people here read."""
    if isinstance(name, str):
        return name
    return name.get("fr") or name.get("en") or next(iter(name.values()), "")
