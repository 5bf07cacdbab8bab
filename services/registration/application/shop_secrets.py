"""The secrets of ticket shops, sealed: they go in, and come out only to ask the shop."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from services.chassis.secrets import BrokenSealError, SecretBox
from services.registration.domain.shop_errors import ShopTroubleError
from services.registration.domain.ticket_shops import TicketShop, Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSecrets:
    """Seals with the key of this purpose."""

    box: SecretBox

    @classmethod
    def derive(cls, secret_key: str) -> "ShopSecrets":
        """With the key of this purpose."""
        return cls(box=SecretBox.derive(secret_key, purpose="ticket shops"))

    def seal(self, secrets: Mapping[str, str]) -> str:
        """Secrets by name, as they are stored."""
        return self.box.seal(json.dumps(dict(secrets)).encode()).decode()

    def open(self, shop: TicketShop) -> Mapping[str, str]:
        """A shop's secrets.

        Raises:
            ShopTroubleError: if they were sealed with another key: the installation's was changed.
        """
        try:
            opened: Mapping[str, str] = json.loads(self.box.open(shop.sealed.encode()))
        except BrokenSealError:
            raise ShopTroubleError(Trouble.SEALED_OTHERWISE) from None
        return opened
