"""The door to the shops of all platforms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from yarl import URL

from services.chassis.clock import Clock
from services.registration.adapters.shops.helloasso import (
    HelloAssoShop,
    HelloAssoTokens,
    helloasso_identity,
    order_of_helloasso_notice,
)
from services.registration.adapters.shops.http import Reach, ShopClient
from services.registration.adapters.shops.pretix import PretixShop, order_of_pretix_notice, pretix_identity
from services.registration.application.shop_ports import ShopCounter
from services.registration.domain.ticket_shops import Platform, TicketShop
from services.registration.settings import RegistrationSettings

_HERE: Final = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpShopDoor:
    """Asks over HTTP; implements the port `ShopDoor`."""

    client: ShopClient
    helloasso: HelloAssoTokens

    @classmethod
    def of(cls, settings: RegistrationSettings, clock: Clock) -> "HttpShopDoor":
        """With what the settings allow: who has Passerelle on their own machine for themselves may try a shop there."""
        loopback = urlsplit(settings.public_url).hostname in _HERE
        reach = Reach(private=settings.shops_at_private_addresses, loopback=loopback)
        # HelloAsso's own address is the operator's to set, and may be anywhere.
        trusted = ShopClient(reach=Reach(private=True, loopback=True), clock=clock)
        tokens = HelloAssoTokens(client=trusted, origin=URL(settings.helloasso_url), clock=clock)
        return cls(client=ShopClient(reach=reach, clock=clock), helloasso=tokens)

    def identity(self, platform: Platform, settings: Mapping[str, str]) -> str:
        """See the port."""
        return pretix_identity(settings) if platform is Platform.PRETIX else helloasso_identity(settings)

    def counter(self, platform: Platform, settings: Mapping[str, str], secrets: Mapping[str, str]) -> ShopCounter:
        """See the port."""
        if platform is Platform.PRETIX:
            return PretixShop.of(settings, secrets, self.client)
        return HelloAssoShop(client=self.helloasso.client, tokens=self.helloasso, settings=settings, secrets=secrets)

    def order_of_notice(
        self, shop: TicketShop, secrets: Mapping[str, str], *, headers: Mapping[str, str], body: bytes
    ) -> str | None:
        """See the port."""
        if shop.platform is Platform.PRETIX:
            return order_of_pretix_notice(shop.settings, body)
        return order_of_helloasso_notice(shop.settings, secrets, headers=headers, body=body)
