"""How somebody gets a place at an event, whoever registers them: themselves, another person, a desk or a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from services.registration.application.ports import Mint, Writing
from services.registration.application.seating import settle_seats, tell
from services.registration.application.session_seating import choose
from services.registration.domain.event import Event
from services.registration.domain.facts import SeatStep
from services.registration.domain.questions import Answer, Said, read_answers
from services.registration.domain.registrations import Person, Purpose, Registration, first_place
from services.registration.domain.seating import SeatChange
from services.registration.domain.seats import Mode, Ranks, Wish, has_free_seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """Somebody wants to take part.

    `headcount` is set for a venue: how many, as attested, take part behind its one connection. `needs` is what they ask
    for to be able to take part. `retry_key` is what a repetition of the same request would repeat. Without `letters`
    nobody is written to about it. `ticket` is the code of one that they hold already. `shares_address` is for who has
    none of their own: it is somebody else's. `sessions` are those they will come to, of those one registers for.
    `answers` are to the questions of the event, by their ids; who `was_asked` answers those that are required.
    `was_there` is late word of somebody who came to the door: an event that is closed by now takes it still.
    """

    mode: Mode | Wish
    person: Person
    consents: Mapping[Purpose, bool]
    headcount: int | None = None
    needs: str | None = None
    retry_key: str | None = None
    letters: bool = True
    ticket: str | None = None
    shares_address: bool = False
    sessions: tuple[str, ...] = ()
    answers: Mapping[str, Said] = field(default_factory=dict)
    was_asked: bool = False
    was_there: bool = False


async def enrol(
    transaction: Writing,
    event: Event,
    command: Register,
    *,
    mint: Mint,
    at: datetime,
    now: datetime,
    group_id: str | None = None,
) -> str:
    """Give somebody a seat at an open event, or a place at the end of its waitlist; gives the participant's id.

    Raises:
        InvalidValueError: naming the session that cannot be chosen, or not with another one; or a question that is not
            answered as it asks to be.
    """
    answers = answers_in(command, event)
    taken = await transaction.taken(event.event_id)
    free = {mode: has_free_seat(event.capacity, taken, mode) for mode in Mode}
    next_ranks = Ranks() if all(free.values()) else await transaction.next_ranks(event.event_id)
    place = first_place(Wish(command.mode), free=free, next_ranks=next_ranks)
    registration = Registration(
        participant_id=mint.participant_id(),
        event_id=event.event_id,
        mode=place.mode,
        status=place.status,
        ranks=place.ranks,
        ticket=command.ticket or mint.ticket(),
        created_at=at,
        changed_at=at,
        headcount=command.headcount,
        group_id=group_id,
        retry_key=command.retry_key,
    )
    await transaction.add_participant(registration, command.person, command.consents)
    if command.needs is not None:
        await transaction.save_needs(registration.participant_id, command.needs)
    if answers:
        await transaction.save_answers(event.event_id, registration.participant_id, answers)
    registered = SeatChange(step=SeatStep.REGISTERED, registration=registration)
    await tell(transaction, registered, mint=mint, now=now, silent=not command.letters)
    if registration.ranks.modes and event.no_shows_from is not None and event.no_shows_from <= now:
        # Nobody waits beside a free seat; but seats of no-shows come free only for who waits.
        await settle_seats(transaction, event, mint=mint, now=now)
    if command.sessions:
        seat = await transaction.registration(event.event_id, registration.participant_id)
        await choose(transaction, event, seat, command.sessions, mint=mint, now=now, letter=False)
    return registration.participant_id


def answers_in(command: Register, event: Event) -> Mapping[str, Answer | None]:
    """What somebody who registers answers to the questions of the event.

    Raises:
        InvalidValueError: naming a question that is not answered as it asks to be.
    """
    return read_answers(event.questions, command.answers, all_asked=command.was_asked)
