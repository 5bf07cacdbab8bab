"""Seats by mode: how many are free, what somebody wishes for, and their places among those who wait."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum


class Mode(StrEnum):
    """How a person takes part."""

    IN_PERSON = "in_person"
    REMOTE = "remote"


class Wish(StrEnum):
    """How somebody who registers wants to take part; `either` is in the room, and remotely while the room is full."""

    IN_PERSON = "in_person"
    REMOTE = "remote"
    EITHER = "either"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranks:
    """What orders those who wait for a seat of each mode; None is for a mode that somebody does not wait for.

    Ranks have gaps, for who waits no more; a position on the waitlist, 1 for the next, is counted from them.
    """

    in_person: int | None = None
    remote: int | None = None

    def of(self, mode: Mode) -> int | None:
        """The rank in one mode."""
        return self.in_person if mode is Mode.IN_PERSON else self.remote

    def put(self, mode: Mode, rank: int | None) -> "Ranks":
        """The same, with another rank in one mode."""
        return replace(self, in_person=rank) if mode is Mode.IN_PERSON else replace(self, remote=rank)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """What somebody waits for."""
        return tuple(mode for mode in Mode if self.of(mode) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A seat kept for somebody who waits for it, until they accept or decline it or the time is up."""

    mode: Mode
    until: datetime


class OfferEnd(StrEnum):
    """Why a seat that was offered is kept no more for whom it was offered to."""

    EXPIRED = "expired"
    DECLINED = "declined"
    CANCELLED = "cancelled"


def free_seats(capacity: Capacity, taken: Mapping[Mode, int], mode: Mode) -> int | None:
    """How many more can be confirmed in a mode; None is without limit.

    `taken` counts by mode the confirmed and the seats on offer. A capacity lowered below what is taken leaves none, and
    takes none away.
    """
    limit = capacity.of(mode)
    return None if limit is None else max(0, limit - taken.get(mode, 0))


def has_free_seat(capacity: Capacity, taken: Mapping[Mode, int], mode: Mode) -> bool:
    """Whether one more can be confirmed in a mode."""
    free = free_seats(capacity, taken, mode)
    return free is None or free > 0
