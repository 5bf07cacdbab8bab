"""What places in sessions need of the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.session_places import SessionPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody who has, or waits for, a seat in a session; `name` is None once erased, `position` 1 for the next."""

    place: SessionPlace
    name: str | None
    position: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendeeQuery:
    """Which of a session: those with a seat in the order they got it, then those who wait, by mode and rank.

    `after` is what orders the last one already seen: the mode waited for, the rank, the instant, the participant.
    """

    session_id: str
    limit: int
    after: tuple[str, int, datetime, str] | None = None


class SessionReading(Protocol):
    """A consistent view of the places in sessions."""

    async def session_places(self, participant_ids: Collection[str]) -> Sequence[SessionPlace]:
        """The places of some participants, those that they left too."""
        ...

    async def session_positions(self, participant_ids: Collection[str]) -> Mapping[tuple[str, str], int]:
        """The positions of those of them who wait, 1 for the next, by participant and session."""
        ...

    async def session_counts(self, event_id: str) -> Mapping[tuple[str, Mode, SeatStatus], int]:
        """How many places of an event stand where, by session."""
        ...

    async def registered_for(self, event_id: str, session_ids: Collection[str]) -> Sequence[str]:
        """The participants who have, or wait for, a seat in some sessions, each once."""
        ...

    async def attendees(self, event_id: str, query: AttendeeQuery) -> Sequence[Attendee]:
        """A page of who is in a session, or waits for it."""
        ...


class SessionWriting(SessionReading, Protocol):
    """A transaction on them."""

    async def save_session_place(self, place: SessionPlace) -> None:
        """Insert or replace a place."""
        ...

    async def next_session_rank(self, event_id: str, session_id: str, mode: Mode) -> int:
        """The rank at the end of those who wait for a session in a mode."""
        ...

    async def places_out_of_step(self, event_id: str) -> Sequence[tuple[SessionPlace, Registration]]:
        """Whose registration is cancelled or of another mode, or has lost the seat it needs for one in a session."""
        ...

    async def waiting_for_session(
        self, event_id: str, session_id: str, mode: Mode, *, limit: int | None
    ) -> Sequence[tuple[SessionPlace, Registration]]:
        """Who waits for a session and has a seat of this mode at the event, the next first."""
        ...
