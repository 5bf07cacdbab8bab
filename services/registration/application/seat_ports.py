"""What seats need of the database: who has one, who waits, to whom one is offered, and who never came for theirs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.registration.application.session_ports import SessionReading, SessionWriting
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, Ranks, SeatStatus


class SeatReading(SessionReading, Protocol):
    """A consistent view of the seats, those in sessions too."""

    async def registration(self, event_id: str, participant_id: str) -> Registration:
        """A registration of the event.

        Raises:
            ParticipantNotFoundError: if the event has none of this id.
        """
        ...

    async def counts(self, event_id: str) -> Mapping[tuple[Mode, SeatStatus], int]:
        """How many registrations stand where."""
        ...

    async def offered(self, event_id: str) -> Mapping[Mode, int]:
        """How many seats are on offer, by mode."""
        ...

    async def awaited(self, event_id: str) -> Mapping[Mode, int]:
        """How many wait for a seat of each mode, those to whom one is offered left out."""
        ...

    async def taken(self, event_id: str) -> Mapping[Mode, int]:
        """The confirmed and the seats on offer, by mode."""
        ...

    async def waiting(
        self, event_id: str, mode: Mode, *, limit: int, never_released: bool = False
    ) -> Sequence[Registration]:
        """Who waits for a seat of a mode and has no open offer, the next first; without those once released."""
        ...

    async def no_shows(self, event_id: str, *, since: datetime, limit: int) -> Sequence[Registration]:
        """Who has a seat in the room since before an instant and never came in, the last to have registered first."""
        ...

    async def expired_offers(self, event_id: str, *, now: datetime) -> Sequence[Registration]:
        """Whose offer's time is up, the earliest first."""
        ...

    async def offers_beyond(self, event_id: str, instant: datetime) -> Sequence[Registration]:
        """To whom a seat is offered for longer than until an instant."""
        ...

    async def events_to_settle(self, *, now: datetime) -> Sequence[str]:
        """The published events where an offer's time is up, or where somebody waits beside seats of no-shows."""
        ...

    async def group(self, event_id: str, group_id: str) -> Sequence[str]:
        """The participants that one person registered together, in their order."""
        ...


class SeatWriting(SeatReading, SessionWriting, Protocol):
    """A transaction on them."""

    async def save_registration(self, registration: Registration) -> None:
        """Replace a registration."""
        ...

    async def next_ranks(self, event_id: str) -> Ranks:
        """The ranks at the end of each waitlist."""
        ...
