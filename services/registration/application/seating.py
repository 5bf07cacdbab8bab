"""What happens to seats is saved, told and written to whom it concerns, in the transaction that makes it happen."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from schemas.envelope import format_instant
from services.registration.application.ports import Mint, Writing
from services.registration.application.session_seating import settle_sessions
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.facts import OfferEnded, SeatMoved, SeatStep
from services.registration.domain.letters import Letter, LetterKind
from services.registration.domain.registrations import Registration, let_offer_pass, offer_seat, withdraw
from services.registration.domain.seating import SeatChange, Seating, seated, settle
from services.registration.domain.seats import Mode, OfferEnd, SeatStatus, has_free_seat

_AT_A_TIME: Final = 50
"""How many of who waits are looked at in one go: as many as a transaction should hold, not all of a long list."""
_LETTERS: Final[Mapping[SeatStep, LetterKind]] = {
    SeatStep.REGISTERED: LetterKind.REGISTERED,
    SeatStep.CONFIRMED: LetterKind.SEAT_CONFIRMED,
    SeatStep.MODE_CHANGED: LetterKind.MODE_CHANGED,
    SeatStep.CANCELLED: LetterKind.CANCELLED,
    SeatStep.OFFERED: LetterKind.SEAT_OFFERED,
    SeatStep.RELEASED: LetterKind.MODE_CHANGED,
}


async def settle_seats(transaction: Writing, event: Event, *, mint: Mint, now: datetime) -> None:
    """Give or offer free seats to those who wait, and let places in sessions follow what happened to registrations.

    Nobody waits beside a free seat afterwards.
    """
    if event.status is not EventStatus.PUBLISHED:
        return
    while changes := settle(event, await _seating(transaction, event, now), now=now):
        for change in changes:
            await record(transaction, change, mint=mint, now=now)
    await settle_sessions(transaction, event, mint=mint, now=now)


async def shorten_offers(transaction: Writing, event: Event, *, mint: Mint, now: datetime) -> None:
    """Keep no offer open beyond the start of an event that was moved; where that has passed, the seat is given.

    Who has the offer is told the new deadline: it was not they who let time pass.
    """
    for waiting in await transaction.offers_beyond(event.event_id, event.starts_at):
        if waiting.offer is None:
            continue
        mode, until = waiting.offer.mode, event.starts_at
        change = seated(waiting, mode, now=now)
        if now < until:
            offered = offer_seat(waiting, mode, until=until, now=now)
            change = SeatChange(step=SeatStep.OFFERED, registration=offered)
        await record(transaction, change, mint=mint, now=now)


async def record(
    transaction: Writing, change: SeatChange, *, mint: Mint, now: datetime, letter: LetterKind | None = None
) -> None:
    """Save what became of a registration, tell it, and write to the participant: `letter` in place of the usual one."""
    seat = change.registration
    await transaction.save_registration(seat)
    await tell(transaction, change, mint=mint, now=now, letter=letter)


async def tell(
    transaction: Writing,
    change: SeatChange,
    *,
    mint: Mint,
    now: datetime,
    letter: LetterKind | None = None,
    silent: bool = False,
) -> None:
    """Tell what became of a registration that is saved, and write to the participant, unless `silent`."""
    seat = change.registration
    fact = SeatMoved(fact_id=mint.fact_id(), step=change.step, registration=seat, recorded_at=now)
    await transaction.publish([fact])
    kind = letter or _letter(change)
    if kind is not None and not silent:
        about = {"released": "true"} if change.step is SeatStep.RELEASED else {}
        if seat.offer is not None and change.step is SeatStep.OFFERED:
            about = {"mode": seat.offer.mode.value, "until": format_instant(seat.offer.until)}
        await transaction.send([_letter_to(seat, kind, about)])


async def pass_offer(
    transaction: Writing, registration: Registration, reason: OfferEnd, *, mint: Mint, now: datetime
) -> Registration:
    """Keep a seat no more for somebody; gives the registration as it stands then.

    What comes free is not yet given to anybody: see `settle_seats`.

    Raises:
        NoOfferError: if none was kept.
    """
    passed = let_offer_pass(registration, now=now)
    mode = registration.offer.mode if registration.offer else passed.mode
    # The clocks of several processes find the same offer expired: whoever tells it tells the same fact.
    since = registration.changed_at.isoformat()
    same = ("offer-expired", passed.participant_id, since) if reason is OfferEnd.EXPIRED else ()
    told = OfferEnded(fact_id=mint.fact_id(*same), registration=passed, mode=mode, reason=reason, recorded_at=now)
    await transaction.save_registration(passed)
    await transaction.publish([told])
    return passed


async def end_offer(
    transaction: Writing, registration: Registration, reason: OfferEnd, *, mint: Mint, now: datetime
) -> None:
    """Do the same; and who neither has a seat nor waits for one after that is registered no more."""
    passed = await pass_offer(transaction, registration, reason, mint=mint, now=now)
    letter = LetterKind.OFFER_EXPIRED if reason is OfferEnd.EXPIRED else None
    if passed.awaits_nothing:
        cancelled = SeatChange(step=SeatStep.CANCELLED, registration=withdraw(passed, now=now))
        await record(transaction, cancelled, mint=mint, now=now, letter=letter)
    elif letter is not None:
        await transaction.send([_letter_to(passed, letter)])


def _letter_to(seat: Registration, kind: LetterKind, about: Mapping[str, str] | None = None) -> Letter:
    return Letter(kind=kind, event_id=seat.event_id, participant_id=seat.participant_id, about=about or {})


def _letter(change: SeatChange) -> LetterKind | None:
    if change.step is SeatStep.REGISTERED and change.registration.status is SeatStatus.WAITLISTED:
        return LetterKind.WAITLISTED
    return _LETTERS.get(change.step)


async def _seating(transaction: Writing, event: Event, now: datetime) -> Seating:
    event_id, since = event.event_id, event.no_shows_from
    taken = await transaction.taken(event_id)
    # Who waits matters only where a seat is free.
    free = [mode for mode in Mode if has_free_seat(event.capacity, taken, mode)]
    waiting = {mode: await transaction.waiting(event_id, mode, limit=_AT_A_TIME) for mode in free}
    seating = Seating(taken=taken, waiting=waiting)
    if since is None or since > now:
        return seating
    return replace(
        seating,
        no_shows=await transaction.no_shows(event_id, since=since, limit=_AT_A_TIME),
        claimants=await transaction.waiting(event_id, Mode.IN_PERSON, limit=_AT_A_TIME, never_released=True),
        next_ranks=await transaction.next_ranks(event_id),
    )
