"""How a line from elsewhere, of a file or of a shop's order, becomes a registration or changes one."""

from dataclasses import replace
from datetime import datetime

from services.registration.application.enrolment import Register, enrol
from services.registration.application.known_addresses import write_of_seat
from services.registration.application.ports import Mint, Writing
from services.registration.application.seat_changes import SeatWishes, change_seat
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.imports import Judged, Judgement, Refusal
from services.registration.domain.registrations import Person
from services.registration.domain.seats import Mode, SeatStatus


def held_to_event(judged: Judged, event: Event) -> Judged:
    """The same, but that nobody is registered or changed once an event is not open any more."""
    if judged.judgement is Judgement.REFUSED or event.status is EventStatus.PUBLISHED:
        return judged
    return replace(judged, judgement=Judgement.REFUSED, refusal=Refusal.EVENT_NOT_OPEN)


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
            letters=letters,
        )
        participant_id = await enrol(transaction, event, command, mint=mint, at=at, now=now)
    else:
        participant_id = judged.known.participant_id
        await _change(transaction, event, judged, letters=letters, mint=mint, now=now)
    await transaction.remember_line(event.event_id, line, participant_id)
    return participant_id


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


def _moved(before: Person, now: Person) -> bool:
    return bool(now.email) and before.email != now.email
