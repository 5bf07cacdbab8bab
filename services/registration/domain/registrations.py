"""A registration: a person's seat, ticket and place on the waitlist. Who the person is stands apart, to be erased."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.registration.domain.errors import RegistrationCancelledError
from services.registration.domain.instants import after
from services.registration.domain.seats import Mode, SeatStatus


class Purpose(StrEnum):
    """What a person may consent to, each by itself; attendance and its proof never rest on consent."""

    NEWSLETTER = "newsletter"
    PHOTOS = "photos"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Personal data of a participant; never leaves this service, and erasing somebody deletes it."""

    name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A seat; `rank` orders the waitlist of a mode, and is None for whoever does not wait.

    `moved_at` is when the mode was last changed or the registration withdrawn, None if neither ever happened.
    `retry_key` is what the request that made it would repeat, so that a repetition finds it.
    """

    participant_id: str
    event_id: str
    mode: Mode
    status: SeatStatus
    ticket: str
    created_at: datetime
    changed_at: datetime
    rank: int | None = None
    moved_at: datetime | None = None
    retry_key: str | None = None

    def require_active(self) -> None:
        """Refuse to change what was withdrawn.

        Raises:
            RegistrationCancelledError: if it was.
        """
        if self.status is SeatStatus.CANCELLED:
            raise RegistrationCancelledError(self.participant_id)


def confirm(registration: Registration, *, now: datetime) -> Registration:
    """Give a seat to somebody who waits."""
    registration.require_active()
    changed_at = after(registration.changed_at, now=now)
    return replace(registration, status=SeatStatus.CONFIRMED, rank=None, changed_at=changed_at)


def change_mode(
    registration: Registration, mode: Mode, *, seat_is_free: bool, next_rank: int, now: datetime
) -> Registration:
    """Move to the other mode: confirmed if a seat is free there, else at the end of its waitlist."""
    registration.require_active()
    status, rank = (SeatStatus.CONFIRMED, None) if seat_is_free else (SeatStatus.WAITLISTED, next_rank)
    at = after(registration.changed_at, now=now)
    return replace(registration, mode=mode, status=status, rank=rank, changed_at=at, moved_at=at)


def withdraw(registration: Registration, *, now: datetime) -> Registration:
    """Cancel; the seat comes free."""
    registration.require_active()
    at = after(registration.changed_at, now=now)
    return replace(registration, status=SeatStatus.CANCELLED, rank=None, changed_at=at, moved_at=at)
