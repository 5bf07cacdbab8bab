"""What reconciling a report needs of the outside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.streaming_bridge.domain.meetings import HeldEvent, RoomOfEvent
from services.streaming_bridge.domain.observations import Finding
from services.streaming_bridge.domain.reports import Report
from services.streaming_bridge.domain.room_checks import ClaimedRoom


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtReport:
    """A report as it is kept until it is accepted, a day at most; `zone` is the one that its instants were read in."""

    report_id: str
    event_id: str
    room_id: str
    zone: str
    brought_at: datetime
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIdentities:
    """What registration knows: which guest is which participant, and whose an address is."""

    links: Mapping[str, str]
    addresses: Mapping[str, str]


class Reports(Protocol):
    """Where reports are kept, sealed."""

    async def keep(self, brought: BroughtReport) -> None:
        """Store one."""
        ...

    async def find(self, event_id: str, report_id: str, *, now: datetime) -> BroughtReport | None:
        """One of an event; None if there is none, or none any more."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedStay:
    """A joining and leaving that were accepted of a report; `stay_id` is the joining's fact, `position` its place."""

    stay_id: str
    position: int
    source: str
    room: str
    subject: str
    start: datetime
    end: datetime
    accepted_at: datetime


class AcceptedStays(Protocol):
    """What was accepted of reports, and not taken back since."""

    async def latest(
        self, event_id: str, *, limit: int, before: int | None = None, only: Collection[str] | None = None
    ) -> Sequence[AcceptedStay]:
        """Those of an event, the latest accepted first: some of them, or those whose position is smaller."""
        ...

    async def take_back(self, event_id: str, stay_ids: Collection[str], *, now: datetime) -> int:
        """Void the facts of some stays; how many stays. Those that were taken back before are none of them."""
        ...

    async def taken_back(self, event_id: str) -> Collection[str]:
        """The facts of an event that were taken back."""
        ...


class Events(Protocol):
    """The events and their rooms on platforms."""

    async def event(self, event_id: str) -> HeldEvent | None:
        """An event; None if it is unknown."""
        ...

    async def rooms(self, event_id: str) -> Sequence[RoomOfEvent]:
        """Its rooms on platforms."""
        ...


class Sightings(Protocol):
    """What was delivered."""

    async def of_event(self, event_id: str, *, room: ClaimedRoom | None = None) -> Sequence[Finding]:
        """All that was told of who was there."""
        ...


class People(Protocol):
    """Who people are."""

    async def all_names(self, event_id: str, subjects: Collection[str]) -> Mapping[str, str] | None:
        """The names of all who have one; None if registration is away."""
        ...

    async def identities(self, event_id: str, emails: Collection[str]) -> KnownIdentities | None:
        """What registration knows; None if it is away."""
        ...
