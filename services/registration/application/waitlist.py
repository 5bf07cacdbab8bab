"""Seats that come free go to those who wait, in the transaction that frees them."""

from datetime import datetime

from services.registration.application.ports import Mint, Writing
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.facts import SeatMoved, SeatStep
from services.registration.domain.registrations import confirm
from services.registration.domain.seats import Mode, free_seats


async def fill_free_seats(transaction: Writing, event: Event, *, mint: Mint, now: datetime) -> None:
    """Confirm the next of each waitlist while there are free seats. Nobody waits beside a free seat afterwards."""
    if event.status is not EventStatus.PUBLISHED:
        return
    taken = await transaction.taken(event.event_id)
    for mode in Mode:
        free = free_seats(event.capacity, taken, mode)
        if free == 0:
            continue
        for waiting in await transaction.waitlist(event.event_id, mode, limit=free):
            confirmed = confirm(waiting, now=now)
            await transaction.save_registration(confirmed)
            step = SeatStep.CONFIRMED
            await transaction.publish(
                [SeatMoved(fact_id=mint.fact_id(), step=step, registration=confirmed, recorded_at=now)]
            )
