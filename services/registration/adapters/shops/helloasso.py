"""HelloAsso: https://dev.helloasso.com/. An order has items, each for a person or a thing; the payer need not come.

It does not tell what changed since when, so that new orders are asked for by their date, and all of them each hour. A
notification is only a reason to ask for its order, signed or not.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from yarl import URL

from services.chassis.clock import Clock
from services.registration.adapters.rows import searchable
from services.registration.adapters.shops.http import Answer, ShopClient, read
from services.registration.domain.shop_errors import NoticeRefusedError, ShopTroubleError
from services.registration.domain.ticket_shops import ShopTicket, TicketKind, TicketState, Trouble, Walk

SIGNATURE: Final = "x-ha-signature"
_PAGE_SIZE: Final = "100"
_OVERLAP: Final = timedelta(days=1)
"""Orders are dated when they are begun, and listed when they are paid."""
_EARLY: Final = timedelta(minutes=2)
_PEOPLE: Final = {"Registration", "Membership"}
_STATES: Final = {
    "Processed": TicketState.VALID,
    "Registered": TicketState.VALID,
    "Waiting": TicketState.PENDING,
    "Unknown": TicketState.PENDING,
}
"""What is not in it is cancelled, refused, abandoned or deleted."""


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


_Id = Annotated[int, Field(ge=0, le=2**63 - 1)]


class _Token(BaseModel):
    access_token: str
    expires_in: int = 1800


class _Tier(_Model):
    id: _Id
    label: str | None = None


class _FormPage(_Model):
    tiers: list[_Tier] = []


class _Person(_Model):
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None

    @property
    def name(self) -> str:
        return " ".join(part.strip() for part in (self.first_name, self.last_name) if part and part.strip())


class _CustomField(_Model):
    name: str | None = None
    answer: str | None = None


class _Item(_Model):
    id: _Id
    type: str | None = None
    state: str | None = None
    tier_id: _Id | None = None
    user: _Person | None = None
    custom_fields: list[_CustomField] | None = None

    @property
    def email(self) -> str:
        """The answer to a question for it, of the form's own."""
        for each in self.custom_fields or ():
            asked = searchable(each.name or "")
            if each.answer and "@" in each.answer and ("mail" in asked or "courriel" in asked):
                return each.answer.strip()
        return ""


class _Order(_Model):
    id: _Id
    date: datetime | None = None
    organization_slug: str = ""
    form_type: str = ""
    form_slug: str = ""
    payer: _Person | None = None
    items: list[_Item] | None = None

    @property
    def date_in_utc(self) -> str:
        """Its date, such that the later is the greater; empty without one."""
        if self.date is None:
            return ""
        return (self.date if self.date.tzinfo else self.date.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


class _Pagination(_Model):
    continuation_token: str | None = None


class _Orders(_Model):
    data: list[_Order]
    pagination: _Pagination = _Pagination()


class _OfOrder(_Model):
    id: _Id
    form_slug: str | None = None


class _Notified(_OfOrder):
    order: _OfOrder | None = None


class _Notice(_Model):
    event_type: str
    data: dict[str, Any]


@dataclass(slots=True)
class HelloAssoTokens:
    """Access tokens, each used until it is near its end: HelloAsso gives only so many at a time."""

    client: ShopClient
    origin: URL
    clock: Clock
    _known: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)

    async def token(self, client_id: str, client_secret: str, *, fresh: bool = False) -> str:
        """A token that is good; a new one if it is to be `fresh`.

        Raises:
            ShopTroubleError: if there is none.
        """
        token, until = self._known.get((client_id, client_secret), ("", self.clock()))
        if fresh or until <= self.clock():
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
            answer = await self.client.ask("POST", self.origin / "oauth2/token", form=form)
            given = read(_Token, answer)
            token = given.access_token
            self._known[client_id, client_secret] = (
                token,
                self.clock() + timedelta(seconds=given.expires_in) - _EARLY,
            )
        return token


@dataclass(frozen=True, slots=True, kw_only=True)
class HelloAssoShop:
    """A form of an association; implements the port `ShopCounter`."""

    client: ShopClient
    tokens: HelloAssoTokens
    settings: Mapping[str, str]
    secrets: Mapping[str, str]
    walks_all_every: timedelta = timedelta(hours=1)

    async def kinds(self) -> Sequence[TicketKind]:
        """See the port."""
        tiers = read(_FormPage, await self._get(*self._form, "public")).tiers
        return [TicketKind(kind_id=str(tier.id), label=(tier.label or str(tier.id))[:200]) for tier in tiers]

    async def walk(self, walk: Walk) -> tuple[Sequence[ShopTicket], Walk]:
        """See the port."""
        query = {"pageSize": _PAGE_SIZE, "withDetails": "true", "sortOrder": "Asc"}
        if walk.since is not None:
            query["from"] = (datetime.fromisoformat(walk.since) - _OVERLAP).isoformat()
        if walk.page is not None:
            query["continuationToken"] = walk.page
        orders = read(_Orders, await self._get(*self._form, "orders", **query))
        tickets = [ticket for order in orders.data for ticket in _tickets(order)]
        last = max((order.date_in_utc for order in orders.data), default="")
        until = last or walk.until or walk.since
        following = orders.pagination.continuation_token
        # There is a token even on the last page; the one after it is empty.
        if not orders.data or not following or following == walk.page:
            return tickets, Walk(since=until)
        return tickets, Walk(since=walk.since, page=following, until=until)

    async def order(self, order_id: str) -> Sequence[ShopTicket]:
        """See the port."""
        try:
            order = read(_Order, await self._get("orders", order_id))
        except ShopTroubleError as error:
            if error.trouble is not Trouble.NOT_FOUND:
                raise
            return ()
        slugs = (order.organization_slug, order.form_type, order.form_slug)
        ours = tuple(self.settings[name] for name in ("organization", "form_type", "form"))
        return _tickets(order) if [slug.lower() for slug in slugs] == [slug.lower() for slug in ours] else ()

    @property
    def _form(self) -> tuple[str, ...]:
        named = self.settings
        return ("organizations", named["organization"], "forms", named["form_type"], named["form"])

    async def _get(self, *path: str, **query: str) -> Answer:
        url = self.tokens.origin / "v5"
        for step in path:
            url = url / step
        credentials = (self.secrets["client_id"], self.secrets["client_secret"])
        try:
            return await self._ask(url.with_query(query), await self.tokens.token(*credentials))
        except ShopTroubleError as error:
            if error.trouble is not Trouble.CREDENTIALS_REFUSED:
                raise
        # A token may be taken back before its time.
        return await self._ask(url.with_query(query), await self.tokens.token(*credentials, fresh=True))

    async def _ask(self, url: URL, token: str) -> Answer:
        return await self.client.ask("GET", url, headers={"Authorization": f"Bearer {token}"})


def helloasso_identity(settings: Mapping[str, str]) -> str:
    """What names a shop among all."""
    return " ".join(("helloasso", settings["organization"], settings["form_type"], settings["form"])).lower()


def order_of_helloasso_notice(
    settings: Mapping[str, str], secrets: Mapping[str, str], *, headers: Mapping[str, str], body: bytes
) -> str | None:
    """Which order a notification is about; None if it is about no order of this form.

    Raises:
        NoticeRefusedError: if there is a key and it is not signed with it, or if it cannot be read.
    """
    key = secrets.get("signature_key")
    if key:
        expected = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        signature = headers.get(SIGNATURE, "").strip().lower()
        if not hmac.compare_digest(signature.encode(errors="replace"), expected.encode()):
            raise NoticeRefusedError(readable=True)
    try:
        notice = _Notice.model_validate_json(body)
        if notice.event_type not in {"Order", "Payment"}:
            return None
        told = _Notified.model_validate(notice.data)
    except ValidationError:
        raise NoticeRefusedError(readable=False) from None
    about: _OfOrder | None = told if notice.event_type == "Order" else told.order
    if about is None or (about.form_slug or settings["form"]).lower() != settings["form"].lower():
        return None
    return str(about.id)


def _tickets(order: _Order) -> Sequence[ShopTicket]:
    people = [item for item in order.items or () if item.type in _PEOPLE]
    payer = order.payer or _Person()
    return [
        ShopTicket(
            order_id=str(order.id),
            position_id=str(item.id),
            kind_id=str(item.tier_id or ""),
            state=_STATES.get(item.state or "", TicketState.CANCELLED),
            name=(item.user.name if item.user else "") or (payer.name if len(people) == 1 else ""),
            email=item.email or (item.user.email if item.user else "") or payer.email or "",
        )
        for item in people
    ]
