"""What a ticket shop answers, and what is sent to its address, is understood or refused, however damaged it is."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from services.registration.adapters.shops.helloasso import HelloAssoShop, HelloAssoTokens, order_of_helloasso_notice
from services.registration.adapters.shops.http import Answer, Reach, ShopClient
from services.registration.adapters.shops.pretix import PretixShop, order_of_pretix_notice
from services.registration.application.imports import LineKeys
from services.registration.application.shop_ports import ShopCounter
from services.registration.domain.imports import ImportLine, Refusal
from services.registration.domain.seats import Wish
from services.registration.domain.shop_errors import NoticeRefusedError, ShopTroubleError
from services.registration.domain.ticket_shops import ShopTicket, Walk
from services.registration.web.shop_tickets import read_ticket
from tests.integration.running_registration import MovedClock

PRETIX: Final = {"url": "https://pretix.eu", "organizer": "asso", "event": "colloque"}
HELLOASSO: Final = {"organization": "asso", "form_type": "Event", "form": "colloque"}
OF_PRETIX: Final = {
    "code": "A1",
    "status": "p",
    "email": "buyer@example.org",
    "locale": "fr",
    "invoice_address": {"name": "Buyer"},
    "positions": [
        {"id": 1, "item": 2, "variation": 3, "attendee_name": "Zoé Ünal", "addon_to": None, "secret": "x" * 32}
    ],
    "name": {"fr": "Entrée"},
    "id": 2,
    "variations": [{"id": 3, "value": {"fr": "Sur place"}}],
}
OF_HELLOASSO: Final = {
    "id": 1,
    "date": "2026-11-01T10:00:00+01:00",
    "organizationSlug": "asso",
    "formType": "Event",
    "formSlug": "colloque",
    "payer": {"email": "buyer@example.org", "firstName": "B", "lastName": "Uyer"},
    "items": [
        {
            "id": 5,
            "type": "Registration",
            "state": "Processed",
            "tierId": 7,
            "user": {"firstName": "Zoé", "lastName": "Ünal"},
            "customFields": [{"name": "E-mail", "answer": "zoe@example.org"}],
        }
    ],
}
ANSWER: Final = {
    "results": [OF_PRETIX],
    "next": None,
    "data": [OF_HELLOASSO],
    "pagination": {"continuationToken": "2"},
    "tiers": [{"id": 7, "label": "Sur place"}],
}
NOTICES: Final = [
    {"organizer": "asso", "event": "colloque", "code": "A1", "action": "pretix.event.order.paid"},
    {"eventType": "Order", "data": OF_HELLOASSO},
    {"eventType": "Payment", "data": {"id": 3, "order": OF_HELLOASSO}},
]
ODD: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**30)
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["x" * 400, "\0", "../../x", "2026-11-01T10:00:00", [], {}, [[]], {"id": {}}])
)


@st.composite
def damaged(draw: st.DrawFn, whole: Any) -> Any:  # noqa: ANN401  (JSON)
    """A document with some of its parts taken out or replaced."""
    document = copy.deepcopy(whole)
    for _ in range(draw(st.integers(min_value=0, max_value=3))):
        holder, step = draw(st.sampled_from(list(_places(document))))
        if draw(st.booleans()):
            holder[step] = copy.deepcopy(draw(ODD))
        else:
            del holder[step]
        if not list(_places(document)):
            break
    return document


def _places(node: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    steps = list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
    for step in steps:
        yield node, step
        yield from _places(node[step])


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying(ShopClient):
    """A shop that says always the same, and lets everybody in."""

    says: Mapping[str, Any] = field(default_factory=dict)

    async def ask(
        self,
        method: str,  # noqa: ARG002  (it answers whatever it is asked)
        url: URL,  # noqa: ARG002
        *,
        headers: Mapping[str, str] | None = None,  # noqa: ARG002
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        return Answer(document={"access_token": "token"} if form else self.says, headers={})


def shops_saying(says: Mapping[str, Any]) -> list[ShopCounter]:
    client = Saying(reach=Reach(), clock=MovedClock(), says=says)
    tokens = HelloAssoTokens(client=client, origin=URL("https://api.helloasso.com"), clock=MovedClock())
    secrets = {"api_token": "t", "client_id": "i", "client_secret": "s"}
    helloasso = HelloAssoShop(client=client, tokens=tokens, settings=HELLOASSO, secrets=secrets)
    return [PretixShop.of(PRETIX, secrets, client), helloasso]


@given(list_of_orders=damaged(ANSWER), of_pretix=damaged(OF_PRETIX), of_helloasso=damaged(OF_HELLOASSO))
async def test_an_answer_is_read_or_refused(list_of_orders: Any, of_pretix: Any, of_helloasso: Any) -> None:  # noqa: ANN401
    tickets: list[ShopTicket] = []
    for says in (list_of_orders, of_pretix, of_helloasso):
        for shop in shops_saying(says):
            try:
                await shop.kinds()
                tickets += await shop.order("1")
            except ShopTroubleError:
                pass
            try:
                found, walk = await shop.walk(Walk())
                tickets += found
                await shop.walk(walk)
            except ShopTroubleError:
                pass
    for ticket in tickets:
        line = read_ticket(ticket, Wish.EITHER, "fr", "0" * 64, LineKeys(key=b"key"))
        assert isinstance(line, ImportLine | Refusal)
        assert ticket.order_id.isalnum()
        assert len(ticket.order_id) <= 60 >= len(ticket.position_id)


@given(
    body=st.binary(max_size=60) | st.sampled_from(NOTICES).flatmap(damaged).map(lambda said: json.dumps(said).encode())
)
def test_a_notification_is_about_an_order_or_refused(body: bytes) -> None:
    ways: list[Callable[[], str | None]] = [
        lambda: order_of_pretix_notice(PRETIX, body),
        lambda: order_of_helloasso_notice(HELLOASSO, {}, headers={}, body=body),
    ]
    for order_of in ways:
        try:
            order_id = order_of()
        except NoticeRefusedError:
            continue
        assert order_id is None or (order_id.isalnum() and len(order_id) <= 40)
