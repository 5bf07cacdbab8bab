"""What the use cases about volunteers' hours need of the store."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from services.registration.domain.volunteering import AtDesk, Shift, Valuation


class VolunteerReading(Protocol):
    """What is written down."""

    async def shifts(self, event_id: str) -> Sequence[Shift]:
        """All of an event, by day and by when they were written down."""
        ...

    async def valuation(self, event_id: str) -> Valuation | None:
        """The method of an event; None if nobody said it."""
        ...

    async def last_valuation(self) -> Valuation | None:
        """The method that was said last, of whatever event."""
        ...

    async def at_desks(self, event_id: str, day: date, timezone: str) -> Sequence[AtDesk]:
        """When each door was scanned at on a day of a time zone, by its name."""
        ...


class VolunteerWriting(VolunteerReading, Protocol):
    """The same in a transaction."""

    async def add_shift(self, shift: Shift) -> None:
        """Keep a shift."""
        ...

    async def remove_shift(self, event_id: str, shift_id: str) -> bool:
        """Forget it, with the name; False if there is no such shift."""
        ...

    async def save_valuation(self, event_id: str, valuation: Valuation, *, at: datetime) -> None:
        """Keep the method of an event."""
        ...
