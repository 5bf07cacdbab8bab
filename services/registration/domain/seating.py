"""Seats that come free go to those who wait, the first by rank first: given at once, or offered until a deadline.

Pure: what the database knows of an event's seats comes in, what happens to whom comes out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.registration.domain.event import Event
from services.registration.domain.facts import SeatStep
from services.registration.domain.registrations import Registration, give_seat, offer_seat, release
from services.registration.domain.seats import Mode, Ranks, has_free_seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Seating:
    """How an event is seated.

    `taken` counts by mode the confirmed and the seats on offer. `waiting` is who waits for each mode and has no open
    offer, the first by rank first: the beginning is enough, for `settle` is repeated until nothing comes of it.
    `no_shows` is who had a seat in the room when it was to be taken and never came in, the first to lose it first;
    `claimants` is who waits for the room and has not lost a seat so, the first by rank first.
    """

    taken: Mapping[Mode, int]
    waiting: Mapping[Mode, Sequence[Registration]]
    no_shows: Sequence[Registration] = ()
    claimants: Sequence[Registration] = ()
    next_ranks: Ranks = field(default_factory=Ranks)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange:
    """What happened to a registration, which is as it stands after."""

    step: SeatStep
    registration: Registration


def seated(before: Registration, mode: Mode, *, now: datetime) -> SeatChange:
    """Give a seat to who waits for it, told as what it is for them: their first, or another in its place."""
    step = SeatStep.CONFIRMED if before.holds is None else SeatStep.MODE_CHANGED
    return SeatChange(step=step, registration=give_seat(before, mode, now=now))


def settle(event: Event, seating: Seating, *, now: datetime) -> Sequence[SeatChange]:
    """Give or offer every free seat to the first who waits for it.

    Once nothing comes of it any more, nobody waits beside a free seat, and no seat is taken twice. From the instant
    that the event sets, who never came in loses the seat, the last to have registered first, to the first who waits for
    the room and has not lost a seat in this way.
    """
    taken = dict(seating.taken)
    changes: list[SeatChange] = []
    queues = {mode: list(seating.waiting.get(mode, ())) for mode in Mode}
    while mode := next((mode for mode in Mode if queues[mode] and has_free_seat(event.capacity, taken, mode)), None):
        before = queues[mode][0]
        change = _passed_on(event, before, mode, now=now)
        taken[mode] = taken.get(mode, 0) + 1
        if change.registration.offer is None and before.holds is not None:
            taken[before.holds] -= 1
        changes.append(change)
        _replace(queues, change.registration)
    # Only once all who can be seated are, also those whom this beginning of the waitlists does not show.
    return changes or _released(event, seating, now=now)


def _passed_on(event: Event, waiting: Registration, mode: Mode, *, now: datetime) -> SeatChange:
    until = event.offered_until(now)
    if until is None:
        return seated(waiting, mode, now=now)
    return SeatChange(step=SeatStep.OFFERED, registration=offer_seat(waiting, mode, until=until, now=now))


def _released(event: Event, seating: Seating, *, now: datetime) -> Sequence[SeatChange]:
    """The seat of the first no-show, and who gets it: nobody while more than the capacity is taken."""
    if not seating.no_shows or not seating.claimants:
        return []
    remote_is_free = has_free_seat(event.capacity, seating.taken, Mode.REMOTE)
    released = release(seating.no_shows[0], remote_seat_is_free=remote_is_free, next_ranks=seating.next_ranks, now=now)
    changes = [SeatChange(step=SeatStep.RELEASED, registration=released)]
    taken = {Mode.IN_PERSON: seating.taken.get(Mode.IN_PERSON, 0) - 1}
    if has_free_seat(event.capacity, taken, Mode.IN_PERSON):
        changes.append(seated(seating.claimants[0], Mode.IN_PERSON, now=now))
    return changes


def _replace(queues: dict[Mode, list[Registration]], changed: Registration) -> None:
    """Take somebody out of the queues where they wait no more, or not while they have an offer."""
    for mode, queue in queues.items():
        stays = changed.offer is None and mode in changed.ranks.modes
        queue[:] = [
            changed if waiting.participant_id == changed.participant_id else waiting
            for waiting in queue
            if stays or waiting.participant_id != changed.participant_id
        ]
