"""Orders of ticket shops that register people: the same for pretix and HelloAsso, each asked as it answers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from services.registration.application.ticket_shops import TicketShops
from services.registration.bootstrap import MIGRATIONS
from services.registration.domain.seats import Wish
from services.registration.domain.ticket_shops import POLL_EVERY, Fate, Platform, Terms, TicketShop
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.ticket_shops import (
    IN_ROOM,
    LUNCH,
    ON_LINK,
    HelloAssoServer,
    PretixServer,
    helloasso_shop,
    pretix_shop,
    raw,
)
from tests.integration.running_registration import MovedClock, RunningRegistration, kinds, running_registration

AnyShop = PretixServer | HelloAssoServer
SECRETS = {"api_token", "client_id", "client_secret", "signature_key"}
EACH = pytest.mark.parametrize("platform", list(Platform))


class Door:
    """A service with a shop that it is connected to."""

    def __init__(self, service: RunningRegistration, server: AnyShop, clock: MovedClock, event_id: str) -> None:
        self.service, self.server, self.clock, self.event_id = service, server, clock, event_id

    @property
    def shops(self) -> TicketShops:
        return self.service.parts.use_cases.shops

    async def connect(self, **terms: Any) -> TicketShop:  # noqa: ANN401  (fields of Terms)
        """Connect it, and have its tickets register people."""
        settings = {name: text for name, text in self.server.form.items() if name not in SECRETS}
        secrets = {name: text for name, text in self.server.form.items() if name in SECRETS}
        shop = await self.shops.connect(self.event_id, Platform(self.server.platform), settings, secrets)
        prefix = "1-" if shop.platform is Platform.PRETIX else ""
        modes = {f"{prefix}{IN_ROOM}": Wish.IN_PERSON, f"{prefix}{ON_LINK}": Wish.REMOTE, LUNCH: None}
        assert {kind.kind_id for kind in shop.kinds} == set(modes)
        await self.shops.agree(shop, Terms(modes=modes, **terms), active=True)
        return await self.stands(shop)

    async def stands(self, shop: TicketShop) -> TicketShop:
        return await self.shops.find(self.event_id, shop.shop_id)

    async def round(self, after: timedelta = timedelta(seconds=1)) -> None:
        """Let the clock go round until nothing is due."""
        self.clock.now += after
        for _ in range(20):
            await self.shops.rounds.ask_due()

    async def tell(self, shop: TicketShop, order: str) -> None:
        """Have the shop send word of an order."""
        await self.post(shop, raw(self.server.notice(order)))

    async def post(
        self, shop: TicketShop, body: bytes, headers: Mapping[str, str] | None = None, expect: int = 200
    ) -> None:
        path = f"/webhooks/ticket-shops/{self.shops.token(shop)}"
        async with self.service.client.post(path, data=body, headers=headers) as response:
            assert response.status == expect, await response.text()

    async def people(self) -> list[tuple[str, str, str, str]]:
        items = (await self.service.api("GET", f"/events/{self.event_id}/registrations"))["items"]
        return [(item["name"], item["email"], item["mode"], item["status"]) for item in items]

    async def fates(self, shop: TicketShop) -> Mapping[Fate, int]:
        return (await self.shops.report(shop)).fates


@asynccontextmanager
async def door_of(
    platform: Platform,
    data_dir: Path,
    database: str | None = None,
    **event: Any,  # noqa: ANN401
) -> AsyncIterator[Door]:
    async with AsyncExitStack() as stack:
        opened: AnyShop
        if platform is Platform.PRETIX:
            opened = await stack.enter_async_context(pretix_shop())
        else:
            opened = await stack.enter_async_context(helloasso_shop())
        clock = MovedClock()
        service = await stack.enter_async_context(
            running_registration(data_dir, clock=clock, database=database, helloasso_url=opened.origin)
        )
        yield Door(service, opened, clock, await service.event(**event))


@pytest_asyncio.fixture
async def door(tmp_path: Path, platform: Platform, new_database: NewDatabase) -> AsyncIterator[Door]:
    async with door_of(platform, tmp_path, await new_database(MIGRATIONS)) as opened:
        yield opened


@ON_BOTH
@EACH
async def test_orders_register_people_once_and_what_changes_in_them_changes_here(door: Door) -> None:
    server = door.server
    server.sell("101", name="Zoé Ünal", email="zoe@example.org")
    server.sell("102", name="Anne Lefèvre", kind=ON_LINK)
    server.sell("102", name="Anne Lefèvre", kind=LUNCH)
    server.sell("103", name="Paul Petit", state="pending")
    server.sell("104", name="Nobody Comes", state="cancelled")
    server.sell("105", name="Ida Noir", kind="99")
    server.sell("106", name="", email="x@example.org")
    server.sell("106", name="", email="y@example.org")
    server.sell("107", name="Kim Lee", email="not an address@example")
    shop = await door.connect()
    await door.round()
    expected = [
        ("Zoé Ünal", "zoe@example.org", "in_person", "confirmed"),
        ("Anne Lefèvre", "buyer@example.org", "remote", "confirmed"),
    ]
    assert await door.people() == expected
    fates = {
        Fate.REGISTERED: 2,
        Fate.LEFT_OUT: 1,
        Fate.PENDING: 1,
        Fate.WITHDRAWN: 1,
        Fate.KIND_UNKNOWN: 1,
        Fate.NAME_MISSING: 2,
        Fate.EMAIL_WRONG: 1,
    }
    assert await door.fates(shop) == fates
    looked_at = (await door.shops.report(shop)).to_look_at
    assert [(told.order_id, told.position_id) for told in looked_at][:2] == [("105", "1005"), ("106", "1006")]
    facts = await door.service.outbox()
    for wait in (POLL_EVERY, timedelta(days=1)):
        await door.round(after=wait)
        assert (await door.people(), await door.fates(shop)) == (expected, fates)
    assert await door.service.outbox() == facts
    server.sell("101", 1000, name="Zoé Ünal-Roux", email="roux@example.org", kind=ON_LINK)
    server.sell("103", 1003, name="Paul Petit")
    server.sell("102", 1001, name="", state="cancelled", kind=ON_LINK)
    server.sell("102", 1002, name="", state="cancelled", kind=LUNCH)
    await door.round(after=timedelta(hours=2))
    assert await door.people() == [
        ("Zoé Ünal-Roux", "roux@example.org", "remote", "confirmed"),
        ("Anne Lefèvre", "buyer@example.org", "remote", "cancelled"),
        ("Paul Petit", "buyer@example.org", "in_person", "confirmed"),
    ]
    server.sell("102", 1001, name="Anne Lefèvre", kind=ON_LINK)
    await door.round(after=timedelta(hours=2))
    assert (await door.people())[-1] == ("Anne Lefèvre", "buyer@example.org", "remote", "confirmed")
    assert kinds(await door.service.outbox())[-1] == "registration.participant.registered"
