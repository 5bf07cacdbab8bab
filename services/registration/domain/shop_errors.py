"""What goes wrong with ticket shops, each error with its data."""

from datetime import timedelta

from services.registration.domain.errors import RegistrationError
from services.registration.domain.ticket_shops import Trouble


class ShopNotFoundError(RegistrationError):
    """The event has no such shop, or no shop has such a token."""

    def __init__(self, shop_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(shop_id)
        self.shop_id = shop_id


class ShopConnectedError(RegistrationError):
    """The shop is connected to the event already."""

    def __init__(self, shop_id: str) -> None:
        """Keep which one it is."""
        super().__init__(shop_id)
        self.shop_id = shop_id


class ShopTroubleError(RegistrationError):
    """A shop cannot be asked, or its answer not be used; it wants to be left alone for `wait`, if it said so."""

    def __init__(self, trouble: Trouble, *, wait: timedelta | None = None) -> None:
        """Keep what is the matter."""
        super().__init__(trouble)
        self.trouble = trouble
        self.wait = wait


class NoticeRefusedError(RegistrationError):
    """What came to the address of a shop is not signed as it should be, or not to be read."""

    def __init__(self, *, readable: bool) -> None:
        """Keep which of the two."""
        super().__init__(readable)
        self.readable = readable
