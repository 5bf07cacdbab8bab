"""The settings of the bridge."""

import hashlib
import hmac
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from services.chassis.periods import Period, Unit, period_of
from services.chassis.settings import CommonSettings, Port


class BridgeSettings(CommonSettings):
    """What the bridge adds to the common settings."""

    service: ClassVar[str] = "streaming_bridge"

    port: Port = 8082
    # How far the instant of a signature may be from now. JaaS repeats a delivery with an exponential backoff; for how
    # long, and whether it signs a repetition anew, it does not say, nor does Zoom, whose last one comes after 85
    # minutes. A night in which nobody could take a delivery must not make it a forgery. A replay within the day does no
    # harm: what is signed makes the fact's id, and each fact counts once, for ever.
    signature_tolerance_hours: Annotated[
        int, Field(ge=1, le=24 * 31, description="a whole number of hours between 1 and 744")
    ] = 24
    # A meeting asks for the link again whenever a connection breaks for long: shorter would lock out who reloads.
    join_link_minutes: Annotated[
        int, Field(ge=1, le=24 * 60, description="a whole number of minutes between 1 and 1440")
    ] = 60
    guest_name_days: Annotated[int, Field(ge=1, le=3650, description="a whole number of days between 1 and 3650")] = 30
    # What comes twice is known by them: never for less than the time in which JaaS may repeat itself. Those of rooms
    # that no event claimed are lost with them.
    keep_deliveries: Annotated[
        Period,
        NoDecode,
        BeforeValidator(period_of(shortest_days=31)),
        Field(description="a period between 31 days and 50 years, such as 90 days, 18 months or 1 year"),
    ] = Period(count=1, unit=Unit.YEAR)

    @property
    def pseudonym_key(self) -> bytes:
        """The key of the digests that stand for names and addresses in a platform's ids."""
        return hmac.digest(self.secret.encode(), b"passerelle pseudonyms", hashlib.sha256)
