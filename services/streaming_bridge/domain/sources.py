"""Sources: the conferencing platforms that may send webhooks, and where participants are sent."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PlatformName(StrEnum):
    """The platforms the bridge speaks with; the value stands in addresses and in the envelope's `source`."""

    JITSI = "jitsi"
    JAAS = "jaas"
    BIGBLUEBUTTON = "bigbluebutton"
    LIVEKIT = "livekit"
    ZOOM = "zoom"
    OWNCAST = "owncast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One conferencing platform of the organizer.

    `webhook_secrets` are all valid at once, the newest first, so that a secret can be changed without losing a
    delivery. `settings` may be shown; `secrets` (for join links) and `webhook_secrets` never.
    """

    name: str
    platform: PlatformName
    webhook_secrets: tuple[str, ...] = field(repr=False)
    settings: Mapping[str, str]
    secrets: Mapping[str, str] = field(repr=False)
    created_at: datetime
    updated_at: datetime

    @property
    def uri(self) -> str:
        """The envelope's `source` of every fact that comes from here."""
        return f"/bridge/{self.platform}/{self.name}"
