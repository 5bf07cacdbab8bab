"""What happens to places in sessions is saved, told and written to whom it concerns, in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.registration.application.ports import Mint, Writing
from services.registration.domain.errors import SessionFullError, SessionNotFoundError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.facts import PlaceStep, SessionPlaceMoved
from services.registration.domain.instants import after
from services.registration.domain.letters import Letter, LetterKind
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import SeatStatus
from services.registration.domain.session_places import (
    SessionPlace,
    ask_for,
    changed_for_attendees,
    check_choice,
    follow,
    give,
    in_the_way,
    leave,
    seats_of,
    to_register_for,
)


@dataclass(slots=True, kw_only=True)
class _Moves:
    """What becomes of places in one transaction: each is told once, as it stands at the end."""

    transaction: Writing
    mint: Mint
    now: datetime
    before: dict[tuple[str, str], SessionPlace | None] = field(default_factory=dict)
    stands: dict[tuple[str, str], SessionPlace] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)

    async def move(self, before: SessionPlace | None, place: SessionPlace) -> None:
        self.before.setdefault(place.key, before)
        self.stands[place.key] = place
        await self.transaction.save_session_place(place)

    async def tell(self) -> None:
        facts = [
            SessionPlaceMoved(
                fact_id=self.mint.fact_id(), step=_step(self.before[key], place), place=place, recorded_at=self.now
            )
            for key, place in self.stands.items()
        ]
        if facts:
            await self.transaction.publish(facts)


async def settle_sessions(
    transaction: Writing, event: Event, *, mint: Mint, now: datetime, silent: Collection[str] = ()
) -> None:
    """Let places follow their registrations, and give the seats that are free to who waits for them, by rank.

    Only who has a seat at the event gets one in a session. It is given at once, and they are written to, but for the
    `silent`. Nobody who could have it waits beside a free seat afterwards.
    """
    if to_register_for(event):
        moves = _Moves(transaction=transaction, mint=mint, now=now)
        await _settle(moves, event)
        await moves.tell()
        await _write_of_given(moves, event, silent=silent)


async def choose(
    transaction: Writing,
    event: Event,
    registration: Registration,
    wanted: Sequence[str],
    *,
    mint: Mint,
    now: datetime,
    letter: bool,
) -> None:
    """Make these the sessions of a participant: what is new joins those who wait, what is left out is left.

    Raises:
        RegistrationCancelledError: if the registration was withdrawn.
        InvalidValueError: naming the session in `/sessions` that cannot be chosen, or not with another one.
    """
    registration.require_active()
    known = await _places(transaction, registration.participant_id)
    relevant = {session.session_id for session in to_register_for(event)}
    kept = {session_id for session_id, place in known.items() if session_id in relevant and not place.is_left}
    check_choice(event, wanted, kept=kept, now=now)
    if kept == set(wanted):
        return
    moves = _Moves(transaction=transaction, mint=mint, now=now)
    for session_id in sorted(kept - set(wanted)):
        await moves.move(known[session_id], leave(known[session_id], now=now))
    for session_id in dict.fromkeys(wanted):
        if session_id not in kept:
            await _ask(moves, registration, session_id, known.get(session_id))
    await _conclude(moves, event, registration, letter=letter)


async def move_to_session(
    transaction: Writing,
    event: Event,
    registration: Registration,
    session_id: str,
    *,
    mint: Mint,
    now: datetime,
    may_wait: bool,
    letter: bool,
) -> None:
    """Put a participant into a session, and take them out of those at the same time.

    Raises:
        RegistrationCancelledError: if the registration was withdrawn.
        SessionNotFoundError: if the event has no such session that people register for.
        SessionFullError: if no seat is free there, unless they `may_wait`.
    """
    registration.require_active()
    session = next((one for one in to_register_for(event) if one.session_id == session_id), None)
    if session is None:
        raise SessionNotFoundError(session_id)
    known = await _places(transaction, registration.participant_id)
    place = known.get(session_id)
    seats = seats_of(session, await transaction.session_counts(event.event_id))[registration.mode]
    seated = place is not None and place.status is SeatStatus.CONFIRMED
    if not (may_wait or seated) and (seats.free == 0 or registration.holds is None):
        raise SessionFullError(session_id)
    moves = _Moves(transaction=transaction, mint=mint, now=now)
    for other in in_the_way(event, session_id, known.values(), now=now):
        await moves.move(other, leave(other, now=now))
    if place is None or place.is_left:
        await _ask(moves, registration, session_id, place)
    if moves.stands:
        await _conclude(moves, event, registration, letter=letter)


async def tell_attendees(transaction: Writing, before: Event, now: Event) -> None:
    """Owe a letter to whoever registered for a session that an edit of the event changed."""
    changed = changed_for_attendees(before, now)
    if changed and now.status is EventStatus.PUBLISHED:
        attendees = await transaction.registered_for(now.event_id, changed)
        kind = LetterKind.SESSIONS_CHANGED
        await transaction.send(
            Letter(kind=kind, event_id=now.event_id, participant_id=participant_id) for participant_id in attendees
        )


async def leave_session(
    transaction: Writing, event: Event, registration: Registration, session_id: str, *, mint: Mint, now: datetime
) -> None:
    """Take a participant out of a session; its seat goes to the next. Again: nothing changes."""
    place = (await _places(transaction, registration.participant_id)).get(session_id)
    if place is not None and not place.is_left:
        moves = _Moves(transaction=transaction, mint=mint, now=now)
        await moves.move(place, leave(place, now=now))
        await _conclude(moves, event, registration, letter=True)


async def _conclude(moves: _Moves, event: Event, registration: Registration, *, letter: bool) -> None:
    await _settle(moves, event)
    await moves.tell()
    participant_id = registration.participant_id
    if letter:
        kind = LetterKind.SESSIONS_CHANGED
        await moves.transaction.send([Letter(kind=kind, event_id=event.event_id, participant_id=participant_id)])
    await _write_of_given(moves, event, silent={participant_id})


async def _settle(moves: _Moves, event: Event) -> None:
    transaction, event_id, now = moves.transaction, event.event_id, moves.now
    for place, registration in await transaction.places_out_of_step(event_id):
        rank = await transaction.next_session_rank(event_id, place.session_id, registration.mode)
        await moves.move(place, follow(place, registration, rank=rank, now=now))
    counts = await transaction.session_counts(event_id)
    for session in to_register_for(event):
        for mode, seats in seats_of(session, counts).items():
            if session.cancelled or not seats.waiting or seats.free == 0:
                continue
            waiting = await transaction.waiting_for_session(event_id, session.session_id, mode, limit=seats.free)
            for place, registration in waiting:
                await moves.move(place, give(place, now=now))
                # Whose registration has just changed has a letter about that, which tells of the sessions too.
                if registration.changed_at < after(None, now=now):
                    moves.given[registration.participant_id] = session.session_id


async def _ask(moves: _Moves, registration: Registration, session_id: str, before: SessionPlace | None) -> None:
    rank = await moves.transaction.next_session_rank(registration.event_id, session_id, registration.mode)
    await moves.move(before, ask_for(registration, session_id, before=before, rank=rank, now=moves.now))


async def _places(transaction: Writing, participant_id: str) -> Mapping[str, SessionPlace]:
    return {place.session_id: place for place in await transaction.session_places([participant_id])}


async def _write_of_given(moves: _Moves, event: Event, *, silent: Collection[str]) -> None:
    kind = LetterKind.SESSIONS_CHANGED
    await moves.transaction.send(
        Letter(kind=kind, event_id=event.event_id, participant_id=participant_id, about={"given": session_id})
        for participant_id, session_id in moves.given.items()
        if participant_id not in silent
    )


def _step(before: SessionPlace | None, place: SessionPlace) -> PlaceStep:
    if place.is_left:
        return PlaceStep.LEFT
    return PlaceStep.TAKEN if before is None or before.is_left else PlaceStep.CHANGED
