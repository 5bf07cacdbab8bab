"""A registration service connected to a ticket shop of this machine."""

import io
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from services.registration.application.ticket_shops import TicketShops
from services.registration.domain.seats import Wish
from services.registration.domain.ticket_shops import Fate, Platform, Terms, TicketShop
from services.registration.web.shop_forms import SECRETS
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
from tests.integration.running_registration import MovedClock, RunningRegistration, running_registration

AnyShop = PretixServer | HelloAssoServer


class ConnectedShop:
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
        self, shop: TicketShop, body: bytes, headers: Mapping[str, str] | None = None, expect: int = 204
    ) -> None:
        path = f"/webhooks/ticket-shops/{self.shops.token(shop)}"
        async with self.service.client.post(path, data=io.BytesIO(body), headers=headers) as response:
            assert response.status == expect, await response.text()

    async def people(self) -> list[tuple[str, str, str, str]]:
        items = (await self.service.api("GET", f"/events/{self.event_id}/registrations"))["items"]
        return [(item["name"], item["email"], item["mode"], item["status"]) for item in items]

    async def fates(self, shop: TicketShop) -> Mapping[Fate, int]:
        return (await self.shops.report(shop)).fates


@asynccontextmanager
async def connected_shop(
    platform: Platform,
    data_dir: Path,
    *,
    database: str | None = None,
    public_url: str = "http://127.0.0.1:8080",
    **event: Any,  # noqa: ANN401  (fields of an event)
) -> AsyncIterator[ConnectedShop]:
    """The service, and a shop with nothing sold yet."""
    async with AsyncExitStack() as stack:
        opened: AnyShop
        if platform is Platform.PRETIX:
            opened = await stack.enter_async_context(pretix_shop())
        else:
            opened = await stack.enter_async_context(helloasso_shop())
        clock = MovedClock()
        service = await stack.enter_async_context(
            running_registration(
                data_dir, clock=clock, database=database, helloasso_url=opened.origin, public_url=public_url
            )
        )
        yield ConnectedShop(service, opened, clock, await service.event(**event))
