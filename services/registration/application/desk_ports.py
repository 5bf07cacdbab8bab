"""What the desks need of the database: who holds which ticket, who is where, and what was scanned twice."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.registration.domain.checkins import Scan, TicketHolder
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.unseated_entries import UnseatedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketState:
    """What a desk must know of a ticket to judge it alone.

    `last` is the last scan that tells whether its holder is at the event; `places` are the rooms and sessions that they
    are in, each with the scan that says so, `sessions` those they have a seat in. `name` is None once erased.
    """

    participant_id: str
    ticket: str
    name: str | None
    mode: Mode
    status: SeatStatus
    last: Scan | None
    places: Mapping[str, Scan] = field(default_factory=dict)
    sessions: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Whoever is at a door with a ticket; `name` is None once erased."""

    holder: TicketHolder
    ticket: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedScan:
    """A scan to be recorded, and who made it, for the audit log."""

    scan: Scan
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """How many are in, each counted once: by the gate where they came in last, and in each room and session."""

    by_gate: Mapping[str | None, int]
    by_place: Mapping[str, int]

    @property
    def on_site(self) -> int:
        """How many are at the event."""
        return sum(self.by_gate.values())


class DeskReading(Protocol):
    """A consistent view of what concerns the desks."""

    async def ticket_states(
        self, event_id: str, *, since: datetime | None, with_sessions: bool = False
    ) -> Sequence[TicketState]:
        """The tickets of an event; with `since`, those that changed or were scanned at that instant or later.

        `with_sessions` they have their seats in sessions, whose changes count too.
        """
        ...

    async def guests(
        self, event_id: str, *, codes: Collection[str], participant_ids: Collection[str]
    ) -> Sequence[Guest]:
        """Who holds these tickets, of any event; and these participants of this event."""
        ...

    async def scans_of_guests(self, event_id: str, participant_ids: Collection[str]) -> Sequence[Scan]:
        """The scans of these participants at the event, voided ones left out."""
        ...

    async def scans_named(self, event_id: str, fact_ids: Collection[str]) -> Sequence[Scan]:
        """Those of these scans that the event has, voided ones too."""
        ...

    async def inside(self, event_id: str) -> Inside:
        """Who is in, by their last scans."""
        ...

    async def repeated_entries(self, event_id: str) -> Mapping[str, Sequence[Scan]]:
        """The scans of each participant who came in more than once, voided ones left out."""
        ...

    async def late_entries_without_seat(self, event_id: str, sessions: Collection[str]) -> Sequence[UnseatedEntry]:
        """The entries told late of who had no seat in the room, or in one of these sessions, and has none yet."""
        ...

    async def settled_notices(self, event_id: str) -> Collection[str]:
        """The double and unseated entries that an organizer has settled, by what names them."""
        ...


class DeskWriting(DeskReading, Protocol):
    """A transaction on it."""

    async def record_scans(self, recorded: Sequence[RecordedScan]) -> None:
        """Insert scans, and tell those that say something of presence, in their order."""
        ...

    async def settle_notice(self, event_id: str, name: str, *, at: datetime) -> None:
        """Note that an organizer has dealt with it; again changes nothing."""
        ...
