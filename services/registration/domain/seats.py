"""Seats by mode: who gets one, who waits, and who is next when one comes free."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """How a person takes part."""

    IN_PERSON = "in_person"
    REMOTE = "remote"


class SeatStatus(StrEnum):
    """Where a registration stands."""

    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Seats by mode; None is without limit."""

    in_person: int | None = None
    remote: int | None = None

    def of(self, mode: Mode) -> int | None:
        """The seats of one mode; None is without limit."""
        return self.in_person if mode is Mode.IN_PERSON else self.remote


def free_seats(capacity: Capacity, taken: Mapping[Mode, int], mode: Mode) -> int | None:
    """How many more can be confirmed in a mode; None is without limit.

    `taken` counts the confirmed by mode. A capacity lowered below what is taken leaves none, and takes none away.
    """
    limit = capacity.of(mode)
    return None if limit is None else max(0, limit - taken.get(mode, 0))


def has_free_seat(capacity: Capacity, taken: Mapping[Mode, int], mode: Mode) -> bool:
    """Whether one more can be confirmed in a mode."""
    free = free_seats(capacity, taken, mode)
    return free is None or free > 0
