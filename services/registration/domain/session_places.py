"""Places in the sessions of an agenda that people register for: what may be chosen together, and who gets a seat.

Pure: what the database knows comes in, what becomes of a place comes out.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import combinations

from services.registration.domain.agenda import Session
from services.registration.domain.errors import InvalidValueError, OverlappingSessionsError, Rule
from services.registration.domain.event import Event
from services.registration.domain.instants import after
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, SeatStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlace:
    """Somebody's place in a session: a seat, a rank among those who wait for one, or one that was left.

    `mode` is that of the registration when the place last changed. Ranks have gaps, as those of the event have.
    """

    event_id: str
    session_id: str
    participant_id: str
    mode: Mode
    status: SeatStatus
    changed_at: datetime
    rank: int | None = None

    @property
    def is_left(self) -> bool:
        """Whether nothing is left of it."""
        return self.status is SeatStatus.CANCELLED

    @property
    def key(self) -> tuple[str, str]:
        """Whose it is, in which session."""
        return self.participant_id, self.session_id


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSeats:
    """How a session is seated in one mode: `capacity` and `free` are None without limit."""

    capacity: int | None
    confirmed: int = 0
    waiting: int = 0

    @property
    def free(self) -> int | None:
        """How many more can have a seat. A capacity lowered below what is taken leaves none, and takes none away."""
        return None if self.capacity is None else max(0, self.capacity - self.confirmed)


def to_register_for(event: Event) -> Sequence[Session]:
    """The sessions of an event that people register for, those that do not take place too, as they follow one another.

    Places in others count for nothing, and stand again once their session is registered for again.
    """
    return sorted(
        (session for session in event.sessions if session.registration_needed),
        key=lambda session: (session.starts_at, session.ends_at),
    )


def still_open(event: Event, *, now: datetime) -> Sequence[Session]:
    """Those of them that somebody may still choose."""
    return [session for session in to_register_for(event) if not session.cancelled and session.ends_at > now]


def overlap(one: Session, other: Session) -> bool:
    """Whether nobody can attend both whole."""
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def check_choice(event: Event, wanted: Sequence[str], *, kept: Collection[str] = (), now: datetime) -> None:
    """Refuse sessions that nobody registers for, that are over, or that take place at the same time.

    What somebody has already (`kept`) they may keep, unless it overlaps with what they choose; what does not take place
    or is over is in nobody's way.

    Raises:
        InvalidValueError: naming the place in `wanted`.
        OverlappingSessionsError: with the later of the two, and the title of the other.
    """
    known = {session.session_id: session for session in to_register_for(event)}
    to_come = {session.session_id for session in still_open(event, now=now)}
    for place, session_id in enumerate(wanted):
        if session_id not in known or session_id not in to_come | set(kept):
            raise InvalidValueError(pointer=f"/sessions/{place}", rule=Rule.SESSION_OPEN)
    attended = [(place, known[session_id]) for place, session_id in enumerate(wanted) if session_id in to_come]
    for (_, one), (place, other) in combinations(attended, 2):
        both_kept = {one.session_id, other.session_id} <= set(kept)
        if one is not other and not both_kept and overlap(one, other):
            raise OverlappingSessionsError(pointer=f"/sessions/{place}", other=one.title)


def at_the_same_time(sessions: Sequence[Session]) -> Sequence[tuple[Session, Session]]:
    """Those of somebody's sessions of which they can attend only one whole: the agenda changed after they chose."""
    taking_place = [session for session in sessions if not session.cancelled]
    return [(one, other) for one, other in combinations(taking_place, 2) if overlap(one, other)]


def changed_for_attendees(before: Event, now: Event) -> Collection[str]:
    """The sessions of which their attendees must be told: what it is called, when, where and whether it takes place."""

    def told(event: Event) -> set[tuple[object, ...]]:
        return {
            (one.session_id, one.title, one.starts_at, one.ends_at, one.room, one.cancelled)
            for one in to_register_for(event)
        }

    # Both ways: what is in the agenda again has the people that it had.
    return {str(session_id) for session_id, *_ in told(before) ^ told(now)}


def in_the_way(
    event: Event, session_id: str, places: Iterable[SessionPlace], *, now: datetime
) -> Sequence[SessionPlace]:
    """The places that somebody gives up who moves to a session: those in sessions to come at the same time."""
    target = next(session for session in to_register_for(event) if session.session_id == session_id)
    others = {
        session.session_id
        for session in still_open(event, now=now)
        if session is not target and overlap(session, target)
    }
    return [place for place in places if not place.is_left and place.session_id in others]


def ask_for(
    registration: Registration, session_id: str, *, before: SessionPlace | None, rank: int, now: datetime
) -> SessionPlace:
    """A place at the end of those who wait; whether there is a seat is found when the event is settled."""
    registration.require_active()
    earliest = registration.created_at if before is None else before.changed_at
    return SessionPlace(
        event_id=registration.event_id,
        session_id=session_id,
        participant_id=registration.participant_id,
        mode=registration.mode,
        status=SeatStatus.WAITLISTED,
        rank=rank,
        changed_at=after(earliest, now=now),
    )


def leave(place: SessionPlace, *, now: datetime) -> SessionPlace:
    """Give a place up; its seat comes free."""
    return replace(place, status=SeatStatus.CANCELLED, rank=None, changed_at=after(place.changed_at, now=now))


def follow(place: SessionPlace, registration: Registration, *, rank: int, now: datetime) -> SessionPlace:
    """What becomes of a place whose registration has another mode, no seat any more, or was cancelled.

    It waits, the last of those of its mode: a seat of one mode says nothing of the other's.
    """
    if registration.status is SeatStatus.CANCELLED:
        return leave(place, now=now)
    at = after(place.changed_at, now=now)
    return replace(place, mode=registration.mode, status=SeatStatus.WAITLISTED, rank=rank, changed_at=at)


def give(place: SessionPlace, *, now: datetime) -> SessionPlace:
    """Give a seat to somebody who waits."""
    return replace(place, status=SeatStatus.CONFIRMED, rank=None, changed_at=after(place.changed_at, now=now))


def seats_of(session: Session, counts: Mapping[tuple[str, Mode, SeatStatus], int]) -> Mapping[Mode, SessionSeats]:
    """How a session is seated, by mode, of the places counted by session, mode and status."""
    return {
        mode: SessionSeats(
            capacity=session.capacity.of(mode),
            confirmed=counts.get((session.session_id, mode, SeatStatus.CONFIRMED), 0),
            waiting=counts.get((session.session_id, mode, SeatStatus.WAITLISTED), 0),
        )
        for mode in Mode
    }
