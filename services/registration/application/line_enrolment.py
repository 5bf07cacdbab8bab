"""How a line from elsewhere, of a file or of a shop's order, becomes a registration or changes one."""

from dataclasses import replace
from datetime import datetime

from services.registration.application.enrolment import Register, enrol
from services.registration.application.known_addresses import write_of_seat
from services.registration.application.ports import Mint, Writing
from services.registration.application.seat_changes import SeatWishes, change_seat
from services.registration.application.session_seating import choose
from services.registration.domain.errors import InvalidValueError, OverlappingSessionsError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.imports import Judged, Judgement, Refusal
from services.registration.domain.instants import after
from services.registration.domain.registrations import Person, Registration
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.session_places import check_choice


def held_to_event(judged: Judged, event: Event) -> Judged:
    """The same, but that nobody is registered or changed once an event is not open any more."""
    if judged.judgement is Judgement.REFUSED or event.status is EventStatus.PUBLISHED:
        return judged
    return replace(judged, judgement=Judgement.REFUSED, refusal=Refusal.EVENT_NOT_OPEN)


def held_to_agenda(judged: Judged, event: Event, *, now: datetime) -> Judged:
    """The same, but that nobody is registered or changed whose sessions they could not choose themselves."""
    chosen = judged.line.sessions if judged.judgement in {Judgement.NEW, Judgement.CHANGED} else None
    try:
        check_choice(event, chosen or (), now=now)
    except OverlappingSessionsError:
        return replace(judged, judgement=Judgement.REFUSED, refusal=Refusal.SESSIONS_AT_ONCE)
    except InvalidValueError:
        return replace(judged, judgement=Judgement.REFUSED, refusal=Refusal.SESSIONS_WRONG)
    return judged


async def carry_out(
    transaction: Writing, event: Event, judged: Judged, *, letters: bool, mint: Mint, at: datetime, now: datetime
) -> str:
    """Register whom a line that is not refused is about, or change what it says otherwise than it did.

    What it said is remembered; gives the participant's id.
    """
    line = judged.line
    if judged.known is None:
        command = Register(
            mode=line.mode,
            person=line.person,
            consents={},
            headcount=line.headcount,
            needs=line.needs,
            sessions=line.sessions or (),
            letters=letters,
            ticket=await _free(transaction, event.event_id, line.ticket, mint=mint, now=now),
        )
        participant_id = await enrol(transaction, event, command, mint=mint, at=at, now=now)
    else:
        participant_id = judged.known.participant_id
        await _change(transaction, event, judged, letters=letters, mint=mint, now=now)
    await transaction.remember_line(event.event_id, line, participant_id)
    return participant_id


async def take_ticket(
    transaction: Writing, seat: Registration, ticket: str | None, *, mint: Mint, now: datetime
) -> None:
    """Let somebody be known at the doors by a ticket that was made anew elsewhere, and by the one before no more."""
    if ticket is None or ticket == seat.ticket:
        return
    free = await _free(transaction, seat.event_id, ticket, mint=mint, now=now)
    if free is not None:
        at = after(seat.changed_at, now=now)
        await transaction.save_registration(replace(seat, ticket=free, changed_at=at))


async def _free(transaction: Writing, event_id: str, ticket: str | None, *, mint: Mint, now: datetime) -> str | None:
    """A ticket made elsewhere, if nobody else holds it; who cancelled holds it no more."""
    holder = None
    if ticket is not None:
        holder = await transaction.holder(event_id=event_id, ticket=ticket, participant_id=None)
    if holder is None:
        return ticket
    if holder.status is not SeatStatus.CANCELLED:
        return None
    before = await transaction.registration(holder.event_id, holder.participant_id)
    at = after(before.changed_at, now=now)
    await transaction.save_registration(replace(before, ticket=mint.ticket(), changed_at=at))
    return ticket


async def _change(
    transaction: Writing, event: Event, judged: Judged, *, letters: bool, mint: Mint, now: datetime
) -> None:
    """Change what the line says otherwise than it did, and nothing else: people may have corrected the rest."""
    line, known = judged.line, judged.known
    if known is None or known.person is None or not judged.changed:
        return
    news = {name: getattr(line.person, name) for name in ("name", "email", "language") if name in judged.changed}
    person = replace(known.person, **news)
    seat = await transaction.registration(event.event_id, known.participant_id)
    if person != known.person:
        await transaction.save_person(known.participant_id, person)
        if letters and _moved(known.person, person):
            await write_of_seat(transaction, seat)
    if "needs" in judged.changed:
        await transaction.save_needs(known.participant_id, line.needs)
    wishes: SeatWishes = {}
    if "mode" in judged.changed and line.mode.value in set(Mode) and seat.status is not SeatStatus.CANCELLED:
        wishes = {"mode": Mode(line.mode), "keep_waiting": True, "keep_seat": True}
    if "headcount" in judged.changed and line.headcount is not None and seat.headcount is not None:
        wishes["headcount"] = line.headcount
    if wishes:
        await change_seat(transaction, event, seat, wishes, may_wait=True, mint=mint, now=now)
    if line.sessions is not None and "sessions" in judged.changed:
        seat = await transaction.registration(event.event_id, known.participant_id)
        told_before = "sessions" in known.said
        if seat.status is not SeatStatus.CANCELLED and (told_before or not await _has_chosen(transaction, seat)):
            await choose(transaction, event, seat, line.sessions, mint=mint, now=now, letter=letters)


async def _has_chosen(transaction: Writing, seat: Registration) -> bool:
    """Whether somebody chose sessions themselves: a list that comes later takes none of them away."""
    return any(not place.is_left for place in await transaction.session_places([seat.participant_id]))


def _moved(before: Person, now: Person) -> bool:
    return bool(now.email) and before.email != now.email
