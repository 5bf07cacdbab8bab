"""A change of somebody's seat: another mode, with or without the places on waitlists, another headcount, or none."""

from dataclasses import replace
from datetime import datetime
from typing import TypedDict

from services.registration.application.ports import Mint, Writing
from services.registration.application.seating import pass_offer, record, settle_seats, tell
from services.registration.domain.errors import InvalidValueError, ModeFullError, Rule
from services.registration.domain.event import Event
from services.registration.domain.facts import SeatStep
from services.registration.domain.instants import after
from services.registration.domain.registrations import (
    Registration,
    accept_offer,
    change_mode,
    wait_no_more,
    withdraw,
)
from services.registration.domain.seating import SeatChange
from services.registration.domain.seats import Mode, OfferEnd, has_free_seat


class SeatWishes(TypedDict, total=False):
    """What a participant wants of their seat.

    With a change of mode, `keep_waiting` keeps the places on waitlists, and `keep_seat` the seat held while there is
    none in the other mode. `keep_waiting` false by itself gives the places up.
    """

    mode: Mode
    keep_waiting: bool
    keep_seat: bool
    headcount: int


async def change_seat(
    transaction: Writing,
    event: Event,
    seat: Registration,
    wishes: SeatWishes,
    *,
    may_wait: bool,
    mint: Mint,
    now: datetime,
) -> None:
    """Do what a participant wants of their seat, and give what comes free to the next who waits.

    Raises:
        RegistrationCancelledError: if the registration was withdrawn.
        EventStateError: for a change of mode, if the event is not published.
        ModeFullError: for a change to a full mode, unless `may_wait`.
        OfferExpiredError: for a change to a mode whose seat was kept until a time that has passed.
        InvalidValueError: for a headcount of whoever is no venue.
    """
    mode, changed = wishes.get("mode"), seat
    if wishes.get("headcount", seat.headcount) != seat.headcount:
        changed = _recounted(seat, wishes["headcount"], now=now)
        await record(transaction, SeatChange(step=SeatStep.CHANGED, registration=changed), mint=mint, now=now)
    if mode is not None and changed.offer is not None and changed.offer.mode is mode:
        event.require_open("accept a seat")
        step = SeatStep.CONFIRMED if changed.holds is None else SeatStep.MODE_CHANGED
        change = SeatChange(step=step, registration=accept_offer(changed, now=now))
    elif mode is not None and mode is not changed.mode:
        event.require_open("change the mode of a registration")
        change = await _moved(transaction, event, changed, wishes, may_wait=may_wait, mint=mint, now=now)
    elif wishes.get("keep_waiting") is False and changed.holds is not None and changed.ranks.modes:
        event.require_open("leave the waitlist")
        if changed.offer is not None:
            changed = await pass_offer(transaction, changed, OfferEnd.DECLINED, mint=mint, now=now)
        change = SeatChange(step=SeatStep.CHANGED, registration=wait_no_more(changed, now=now))
    else:
        return
    await record(transaction, change, mint=mint, now=now)
    await settle_seats(transaction, event, mint=mint, now=now)


async def withdraw_seat(
    transaction: Writing, event: Event, seat: Registration, *, mint: Mint, now: datetime, silent: bool = False
) -> None:
    """Cancel a registration, and give what comes free to the next who waits; nobody is written to if `silent`.

    Raises:
        RegistrationCancelledError: if it was withdrawn already.
    """
    if seat.offer is not None:
        seat = await pass_offer(transaction, seat, OfferEnd.CANCELLED, mint=mint, now=now)
    withdrawn = SeatChange(step=SeatStep.CANCELLED, registration=withdraw(seat, now=now))
    await transaction.save_registration(withdrawn.registration)
    await tell(transaction, withdrawn, mint=mint, now=now, silent=silent)
    await settle_seats(transaction, event, mint=mint, now=now)


async def _moved(
    transaction: Writing,
    event: Event,
    seat: Registration,
    wishes: SeatWishes,
    *,
    may_wait: bool,
    mint: Mint,
    now: datetime,
) -> SeatChange:
    seat.require_active()
    mode, wishes_to_wait = wishes["mode"], wishes.get("keep_waiting", False)
    seat_is_free = has_free_seat(event.capacity, await transaction.taken(event.event_id), mode)
    if not seat_is_free and not may_wait:
        raise ModeFullError(mode)
    keep_seat = wishes.get("keep_seat", False) and not seat_is_free and seat.holds is not None
    if seat.offer is not None and not wishes_to_wait and not keep_seat:
        seat = await pass_offer(transaction, seat, OfferEnd.DECLINED, mint=mint, now=now)
    moved = change_mode(
        seat,
        mode,
        seat_is_free=seat_is_free,
        next_rank=(await transaction.next_ranks(event.event_id)).of(mode) or 1,
        keep_waiting=wishes_to_wait,
        keep_seat=keep_seat,
        now=now,
    )
    return SeatChange(step=SeatStep.CHANGED if keep_seat else SeatStep.MODE_CHANGED, registration=moved)


def _recounted(seat: Registration, headcount: int, *, now: datetime) -> Registration:
    if seat.headcount is None:
        raise InvalidValueError(pointer="/headcount", rule=Rule.OF_A_VENUE)
    seat.require_active()
    return replace(seat, headcount=headcount, changed_at=after(seat.changed_at, now=now))
