"""Ticket shops of this machine that answer as pretix and HelloAsso do, with orders of our own making.

async with pretix_shop() as shop:
    shop.sell("A1", name="Zoé Ünal")
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiohttp import web
from aiohttp.test_utils import TestServer

API_TOKEN: Final = "pretix-token"
CLIENT: Final = {"client_id": "client", "client_secret": "helloasso-secret"}
BEGAN: Final = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
IN_ROOM: Final = "11"
ON_LINK: Final = "12"
LUNCH: Final = "13"

Fault = Callable[[], web.StreamResponse | None]


@dataclass(slots=True)
class Sold:
    """A ticket of an order, as the test says; each platform tells it in its own way."""

    order: str
    position: int
    at: datetime
    kind: str = IN_ROOM
    state: str = "paid"
    name: str = "Zoé Ünal"
    email: str | None = None
    buyer: str = "buyer@example.org"
    reissued: int = 0


@dataclass(slots=True)
class _Counter:
    """What is alike: the orders, a fault to answer with instead, and what was asked."""

    origin: str = ""
    sold: dict[int, Sold] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fault: Fault | None = None
    slow: float = 0
    now: datetime = BEGAN

    def sell(self, order: str, position: int | None = None, **told: Any) -> Sold:  # noqa: ANN401  (fields of Sold)
        """Sell a ticket, or change one."""
        self.now += timedelta(minutes=1)
        position = position or 1000 + len(self.sold)
        known = self.sold.get(position)
        self.sold[position] = Sold(order=order, position=position, at=known.at if known else self.now, **told)
        return self.sold[position]

    def orders(self) -> dict[str, list[Sold]]:
        found: dict[str, list[Sold]] = {}
        for each in self.sold.values():
            found.setdefault(each.order, []).append(each)
        return found

    async def answer(self, request: web.Request, document: Callable[[], object]) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        if self.slow:
            await asyncio.sleep(self.slow)
        return (self.fault() if self.fault else None) or web.json_response(document())


@dataclass(slots=True)
class PretixServer(_Counter):
    """An event of a pretix, with two orders a page."""

    platform: str = "pretix"
    changed: dict[str, datetime] = field(default_factory=dict)

    @property
    def form(self) -> Mapping[str, str]:
        return {"url": self.origin, "organizer": "asso", "event": "colloque", "api_token": API_TOKEN}

    def sell(self, order: str, position: int | None = None, **told: Any) -> Sold:  # noqa: ANN401
        sold = _Counter.sell(self, order, position, **told)
        self.changed[order] = self.now
        return sold

    def notice(self, order: str) -> dict[str, Any]:
        action = "pretix.event.order.changed"
        return {"notification_id": 7, "organizer": "asso", "event": "colloque", "code": order, "action": action}

    def _order(self, code: str, tickets: list[Sold]) -> dict[str, Any]:
        states = {"paid": "p", "pending": "n", "cancelled": "c", "refunded": "c"}
        alone = all(each.state == "cancelled" for each in tickets)
        positions: list[dict[str, Any]] = [
            {
                "id": each.position,
                "order": code,
                "positionid": number,
                "item": 1 if each.kind in {IN_ROOM, ON_LINK} else int(each.kind),
                "variation": int(each.kind) if each.kind in {IN_ROOM, ON_LINK} else None,
                "attendee_name": each.name or None,
                "attendee_email": each.email,
                "secret": secret_of(each),
                "canceled": each.state == "cancelled",
                "checkins": [],
            }
            for number, each in enumerate(tickets, start=1)
        ]
        state = states["cancelled" if alone else next(e.state for e in tickets if e.state != "cancelled")]
        buyer = tickets[0].buyer
        return {
            "code": code,
            "status": state,
            "email": buyer,
            "locale": "fr",
            "positions": positions,
            "testmode": False,
        }

    async def items(self, request: web.Request) -> web.StreamResponse:
        named = [
            {"id": int(IN_ROOM), "value": {"fr": "Sur place"}},
            {"id": int(ON_LINK), "value": {"fr": "À distance"}},
        ]
        items = [
            {"id": 1, "name": {"fr": "Entrée"}, "internal_name": None, "variations": named},
            {"id": int(LUNCH), "name": {"fr": "Repas"}, "internal_name": None, "variations": []},
        ]
        return await self.answer(request, lambda: {"count": 2, "next": None, "previous": None, "results": items})

    async def list_orders(self, request: web.Request) -> web.StreamResponse:
        since = datetime.fromisoformat(request.query.get("modified_since", BEGAN.isoformat()))
        page = int(request.query["page"])
        assert (request.query["ordering"], request.query["include_canceled_positions"]) == ("datetime", "true")

        def document() -> dict[str, Any]:
            found = [self._order(*each) for each in self.orders().items() if self.changed[each[0]] >= since]
            following = f"https://elsewhere.example/?page={page + 1}" if page * 2 < len(found) else None
            return {"count": len(found), "next": following, "results": found[page * 2 - 2 : page * 2]}

        response = await self.answer(request, document)
        response.headers["X-Page-Generated"] = self.now.isoformat()
        return response

    async def one_order(self, request: web.Request) -> web.StreamResponse:
        code = request.match_info["code"]
        if code not in self.orders():
            self.asked.append(request.path_qs)
            raise web.HTTPNotFound
        return await self.answer(request, lambda: self._order(code, self.orders()[code]))


def secret_of(ticket: Sold) -> str:
    """What the QR code of a pretix ticket reads."""
    return hashlib.sha256(f"{ticket.position}{ticket.reissued}".encode()).hexdigest()[:32]


@dataclass(slots=True)
class HelloAssoServer(_Counter):
    """A form of an association at HelloAsso, with two orders a page; tokens end when `tokens` forgets them."""

    platform: str = "helloasso"
    tokens: set[str] = field(default_factory=set)
    key: str | None = None

    @property
    def form(self) -> Mapping[str, str]:
        return {"organization": "asso", "form_type": "Event", "form": "colloque", **CLIENT}

    def notice(self, order: str) -> dict[str, Any]:
        return {"eventType": "Order", "data": self._order(order, self.orders()[order])}

    def _order(self, number: str, tickets: list[Sold]) -> dict[str, Any]:
        states = {"paid": "Processed", "pending": "Waiting", "cancelled": "Canceled", "refunded": "Canceled"}
        items: list[dict[str, Any]] = []
        for each in tickets:
            first, _, last = each.name.partition(" ")
            asked = (
                [{"id": 5, "name": "Adresse e-mail", "type": "TextInput", "answer": each.email}] if each.email else []
            )
            items.append(
                {
                    "id": each.position,
                    "name": "Entrée",
                    "type": "Registration",
                    "state": states[each.state],
                    "amount": 1500,
                    "tierId": int(each.kind),
                    "user": {"firstName": first, "lastName": last} if each.name else {},
                    "customFields": asked,
                }
            )
        items.append({"id": 900_000 + int(number), "name": "Don", "type": "Donation", "state": "Processed"})
        return {
            "id": int(number),
            "date": tickets[0].at.isoformat(),
            "formSlug": "colloque",
            "formType": "Event",
            "organizationSlug": "asso",
            "payer": {"email": tickets[0].buyer, "firstName": "", "lastName": ""},
            "items": items,
        }

    async def token(self, request: web.Request) -> web.StreamResponse:
        form = dict(await request.post())
        if form != {"grant_type": "client_credentials", **CLIENT}:
            return web.json_response({"error": "invalid_client"}, status=400)
        token = f"token-{len(self.asked)}"
        self.tokens.add(token)
        given = {"access_token": token, "refresh_token": "unused", "token_type": "bearer", "expires_in": 1799}
        return await self.answer(request, lambda: given)

    async def tiers(self, request: web.Request) -> web.StreamResponse:
        labels = {IN_ROOM: "Sur place", ON_LINK: "À distance", LUNCH: "Repas"}
        tiers = [{"id": int(tier), "label": label, "tierType": "Registration"} for tier, label in labels.items()]
        return await self.answer(request, lambda: {"title": "Colloque", "tiers": tiers})

    async def list_orders(self, request: web.Request) -> web.StreamResponse:
        since = datetime.fromisoformat(request.query.get("from", BEGAN.isoformat()))
        start = int(request.query.get("continuationToken", "0"))
        found = [self._order(*each) for each in self.orders().items() if each[1][0].at >= since]
        page = {"data": found[start : start + 2], "pagination": {"totalCount": -1, "continuationToken": str(start + 2)}}
        return await self.answer(request, lambda: page)

    async def one_order(self, request: web.Request) -> web.StreamResponse:
        number = request.match_info["number"]
        if number not in self.orders():
            self.asked.append(request.path_qs)
            raise web.HTTPNotFound
        return await self.answer(request, lambda: self._order(number, self.orders()[number]))


def signed(key: str, body: bytes) -> dict[str, str]:
    """The header that HelloAsso signs a notification with."""
    return {"x-ha-signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest()}


def raw(document: object) -> bytes:
    """A notification as it is sent."""
    return json.dumps(document, ensure_ascii=False).encode()


@asynccontextmanager
async def pretix_shop() -> AsyncIterator[PretixServer]:
    """One with nothing sold yet."""
    shop, here = PretixServer(), "/api/v1/organizers/asso/events/colloque"
    app = web.Application(middlewares=[_holding(lambda _: f"Token {API_TOKEN}")])
    app.router.add_get(f"{here}/items/", shop.items)
    app.router.add_get(f"{here}/orders/", shop.list_orders)
    app.router.add_get(f"{here}/orders/{{code}}/", shop.one_order)
    async with TestServer(app) as server:
        shop.origin = str(server.make_url("")).rstrip("/")
        yield shop


@asynccontextmanager
async def helloasso_shop() -> AsyncIterator[HelloAssoServer]:
    """One with nothing sold yet."""
    shop, here = HelloAssoServer(), "/v5/organizations/asso/forms/Event/colloque"

    def known(request: web.Request) -> str | None:
        if request.path == "/oauth2/token":
            return None
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return f"Bearer {given}" if given in shop.tokens else "Bearer of another token"

    app = web.Application(middlewares=[_holding(known)])
    app.router.add_post("/oauth2/token", shop.token)
    app.router.add_get(f"{here}/public", shop.tiers)
    app.router.add_get(f"{here}/orders", shop.list_orders)
    app.router.add_get("/v5/orders/{number}", shop.one_order)
    async with TestServer(app) as server:
        shop.origin = str(server.make_url("")).rstrip("/")
        yield shop


def _holding(expected: Callable[[web.Request], str | None]) -> Any:  # noqa: ANN401  (a middleware)
    @web.middleware
    async def hold(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401  (aiohttp's)
        wanted = expected(request)
        if wanted is not None and request.headers.get("Authorization") != wanted:
            return web.json_response({"detail": "Invalid token."}, status=401)
        response: web.StreamResponse = await handler(request)
        return response

    return hold
