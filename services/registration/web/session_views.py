"""What clients get of the sessions that people register for, as models."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.registration.application.chosen_sessions import ChosenSession
from services.registration.application.session_places import SessionOverview
from services.registration.application.session_ports import Attendee
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.session_places import SessionSeats


class ChosenSessionView(BaseModel):
    """A session that a participant chose; `position` is theirs on its waitlist, 1 for the next, null with a seat."""

    session_id: str
    status: SeatStatus
    position: int | None

    @classmethod
    def all_of(cls, sessions: Sequence[ChosenSession]) -> "list[ChosenSessionView]":
        """What a participant chose."""
        return [
            cls(session_id=each.session.session_id, status=each.place.status, position=each.position)
            for each in sessions
        ]


class SessionSeatsView(BaseModel):
    """The seats of a session in one mode; `capacity` and `free` are null without limit."""

    capacity: int | None
    confirmed: int
    free: int | None
    waiting: int

    @classmethod
    def of(cls, seats: SessionSeats) -> "SessionSeatsView":
        """Those of one mode."""
        return cls(capacity=seats.capacity, confirmed=seats.confirmed, free=seats.free, waiting=seats.waiting)


class SessionOverviewView(BaseModel):
    """How a session that people register for is seated."""

    session_id: str
    title: str
    in_person: SessionSeatsView
    remote: SessionSeatsView

    @classmethod
    def of(cls, overview: SessionOverview) -> "SessionOverviewView":
        """One session."""
        seats = {mode.value: SessionSeatsView.of(overview.seats[mode]) for mode in Mode}
        return cls(session_id=overview.session.session_id, title=overview.session.title, **seats)


class SessionsView(BaseModel):
    """The sessions of an event that people register for, as they follow one another."""

    items: list[SessionOverviewView]


class AttendeeView(BaseModel):
    """Somebody in a session, or who waits for it: `position` is 1 for the next, null with a seat."""

    participant_id: str
    name: str | None
    mode: Mode
    status: SeatStatus
    position: int | None

    @classmethod
    def of(cls, attendee: Attendee) -> "AttendeeView":
        """One of them."""
        place = attendee.place
        return cls(
            participant_id=place.participant_id,
            name=attendee.name,
            mode=place.mode,
            status=place.status,
            position=attendee.position,
        )
