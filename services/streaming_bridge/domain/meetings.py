"""The meetings of one event, as an organizer sees them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.streaming_bridge.domain.room_checks import Check, ClaimedRoom, Drift
from services.streaming_bridge.domain.sources import PlatformName


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEvent:
    """An event as far as the bridge knows it; `title` is absent of one that did not change for long."""

    event_id: str
    title: str | None
    timezone: str
    starts_at: datetime
    ends_at: datetime
    cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomOfEvent:
    """A room of an event that is on a platform; `label` is its name in the event."""

    room_id: str
    label: str
    claimed: ClaimedRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A room of an event, and how it stands.

    `platform` is absent where its source is not there. `opened_at` is since when it is open, `closed_at` when it was
    closed last; neither: it was never open. `present` are the connections that are in it by the deliveries.
    `last_report` is when something of its platform's report was accepted, which opens no room.
    """

    room: RoomOfEvent
    platform: PlatformName | None
    opened_at: datetime | None
    closed_at: datetime | None
    present: int
    check: Check | None
    drifts: Sequence[Drift]
    last_delivery: datetime | None
    last_report: datetime | None

    @property
    def state(self) -> Literal["open", "closed", "never_opened"]:
        """In a word."""
        if self.opened_at is not None:
            return "open"
        return "never_opened" if self.closed_at is None else "closed"

    @property
    def drifting(self) -> Drift | None:
        """The alert that goes on."""
        return next((drift for drift in self.drifts if drift.ended_at is None), None)
