"""A registration: a person's seat, ticket and places on the waitlists. Who the person is stands apart, to be erased."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.registration.domain.errors import NoOfferError, OfferExpiredError, RegistrationCancelledError
from services.registration.domain.instants import after
from services.registration.domain.seats import Mode, Offer, Ranks, SeatStatus, Wish


class Purpose(StrEnum):
    """What a person may consent to, each by itself; attendance and its proof never rest on consent."""

    NEWSLETTER = "newsletter"
    PHOTOS = "photos"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Personal data of a participant; never leaves this service, and erasing somebody deletes it.

    `email` is empty where somebody came to the door without a registration and gave none: nothing is sent to them.
    """

    name: str
    email: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A seat, or places on the waitlists, or both: who has a seat in one mode may wait for one in the other.

    `mode` is that of the seat held, else what is waited for. `offer` is a seat kept for who waits for it, whose rank
    stays until then. `moved_at` is when the mode was last changed or the registration withdrawn, None if neither ever
    happened; `released_at` when a seat nobody had come for was last given to somebody else. `headcount` is set for a
    venue: how many, as attested, take part behind its one connection. `group_id` is common to those registered by one
    person. `retry_key` is what the request that made it would repeat, so that a repetition finds it.
    """

    participant_id: str
    event_id: str
    mode: Mode
    status: SeatStatus
    ticket: str
    created_at: datetime
    changed_at: datetime
    ranks: Ranks = field(default_factory=Ranks)
    offer: Offer | None = None
    moved_at: datetime | None = None
    released_at: datetime | None = None
    headcount: int | None = None
    group_id: str | None = None
    retry_key: str | None = None

    @property
    def holds(self) -> Mode | None:
        """The mode of the seat held."""
        return self.mode if self.status is SeatStatus.CONFIRMED else None

    @property
    def awaits_nothing(self) -> bool:
        """Whether it neither holds a seat nor waits for one, and is not cancelled: nothing is left of it."""
        return self.status is SeatStatus.WAITLISTED and not self.ranks.modes

    def require_active(self) -> None:
        """Refuse to change what was withdrawn.

        Raises:
            RegistrationCancelledError: if it was.
        """
        if self.status is SeatStatus.CANCELLED:
            raise RegistrationCancelledError(self.participant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What somebody gets who registers: a seat, places on waitlists, or both."""

    mode: Mode
    status: SeatStatus
    ranks: Ranks = field(default_factory=Ranks)


def first_place(wish: Wish, *, free: Mapping[Mode, bool], next_ranks: Ranks) -> Place:
    """What is there for a wish: a seat where one is free in its mode, else the end of that waitlist.

    Who wishes for either has the room, else a remote seat and a rank for the room, else waits for what comes first.
    """
    if wish is not Wish.EITHER:
        mode = Mode(wish)
        if free[mode]:
            return Place(mode=mode, status=SeatStatus.CONFIRMED)
        return Place(mode=mode, status=SeatStatus.WAITLISTED, ranks=Ranks().put(mode, next_ranks.of(mode)))
    if free[Mode.IN_PERSON]:
        return Place(mode=Mode.IN_PERSON, status=SeatStatus.CONFIRMED)
    if free[Mode.REMOTE]:
        return Place(mode=Mode.REMOTE, status=SeatStatus.CONFIRMED, ranks=Ranks(in_person=next_ranks.in_person))
    return Place(mode=Mode.IN_PERSON, status=SeatStatus.WAITLISTED, ranks=next_ranks)


def give_seat(registration: Registration, mode: Mode, *, now: datetime) -> Registration:
    """Give a seat to somebody who waits for it; one they hold in the other mode comes free.

    Who gets a remote seat goes on waiting for the room if they did; who gets the room waits for nothing more.
    """
    registration.require_active()
    at = after(registration.changed_at, now=now)
    return replace(
        registration,
        mode=mode,
        status=SeatStatus.CONFIRMED,
        ranks=Ranks(in_person=None if mode is Mode.IN_PERSON else registration.ranks.in_person),
        offer=None,
        changed_at=at,
        moved_at=registration.moved_at if mode is registration.mode else at,
    )


def offer_seat(registration: Registration, mode: Mode, *, until: datetime, now: datetime) -> Registration:
    """Keep a seat for somebody who waits for it."""
    registration.require_active()
    at = after(registration.changed_at, now=now)
    return replace(registration, offer=Offer(mode=mode, until=until), changed_at=at)


def accept_offer(registration: Registration, *, now: datetime) -> Registration:
    """Take the seat that is kept for somebody.

    Raises:
        RegistrationCancelledError: if the registration was withdrawn.
        NoOfferError: if none is.
        OfferExpiredError: if its time was up.
    """
    registration.require_active()
    if registration.offer is None:
        raise NoOfferError(registration.participant_id)
    if registration.offer.until <= now:
        raise OfferExpiredError(registration.participant_id)
    return give_seat(registration, registration.offer.mode, now=now)


def let_offer_pass(registration: Registration, *, now: datetime) -> Registration:
    """Give the kept seat back, and the place on its waitlist with it; a seat held in the other mode stays.

    Raises:
        NoOfferError: if no seat is kept.
    """
    if registration.offer is None:
        raise NoOfferError(registration.participant_id)
    ranks = registration.ranks.put(registration.offer.mode, None)
    return replace(
        registration,
        mode=ranks.modes[0] if registration.holds is None and ranks.modes else registration.mode,
        ranks=ranks,
        offer=None,
        changed_at=after(registration.changed_at, now=now),
    )


def change_mode(
    registration: Registration,
    mode: Mode,
    *,
    seat_is_free: bool,
    next_rank: int,
    keep_waiting: bool = False,
    keep_seat: bool = False,
    now: datetime,
) -> Registration:
    """Move to the other mode: confirmed if a seat is free there, else at the end of its waitlist.

    With `keep_waiting` the places on waitlists stay, and so does an offer. With `keep_seat` a seat held stays while its
    holder waits for the other.
    """
    registration.require_active()
    at = after(registration.changed_at, now=now)
    kept = registration.ranks if keep_waiting else Ranks()
    offer = registration.offer if keep_waiting else None
    if seat_is_free:
        return replace(
            registration,
            mode=mode,
            status=SeatStatus.CONFIRMED,
            ranks=kept.put(mode, None),
            offer=offer,
            changed_at=at,
            moved_at=at,
        )
    rank = registration.ranks.of(mode) or next_rank
    if keep_seat and registration.holds is not None:
        return replace(registration, ranks=registration.ranks.put(mode, rank), changed_at=at)
    waiting = kept.put(mode, rank)
    return replace(
        registration, mode=mode, status=SeatStatus.WAITLISTED, ranks=waiting, offer=offer, changed_at=at, moved_at=at
    )


def wait_no_more(registration: Registration, *, now: datetime) -> Registration:
    """Keep the seat held and give the places on the waitlists up."""
    registration.require_active()
    return replace(registration, ranks=Ranks(), offer=None, changed_at=after(registration.changed_at, now=now))


def release(registration: Registration, *, remote_seat_is_free: bool, next_ranks: Ranks, now: datetime) -> Registration:
    """Take the seat in the room from somebody who has not come.

    They may be on their way or on the link: they have a remote seat if one is free, and are the last to wait for what
    they have not.
    """
    registration.require_active()
    at = after(registration.changed_at, now=now)
    ranks = replace(next_ranks, remote=None) if remote_seat_is_free else next_ranks
    return replace(
        registration,
        mode=Mode.REMOTE if remote_seat_is_free else Mode.IN_PERSON,
        status=SeatStatus.CONFIRMED if remote_seat_is_free else SeatStatus.WAITLISTED,
        ranks=ranks,
        offer=None,
        changed_at=at,
        moved_at=at,
        released_at=at,
    )


def withdraw(registration: Registration, *, now: datetime) -> Registration:
    """Cancel; the seat comes free."""
    registration.require_active()
    at = after(registration.changed_at, now=now)
    return replace(registration, status=SeatStatus.CANCELLED, ranks=Ranks(), offer=None, changed_at=at, moved_at=at)
