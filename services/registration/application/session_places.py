"""Use cases about the sessions that people register for: move, take out, see who is in."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.chosen_sessions import ChosenSession, chosen_sessions
from services.registration.application.ports import Mint, Store
from services.registration.application.session_ports import Attendee, AttendeeQuery
from services.registration.application.session_seating import leave_session, move_to_session
from services.registration.domain.agenda import Session
from services.registration.domain.audit import Act, Deed
from services.registration.domain.errors import SessionNotFoundError
from services.registration.domain.event import Event
from services.registration.domain.seats import Mode
from services.registration.domain.session_places import SessionSeats, seats_of, to_register_for

_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOverview:
    """How a session is seated, by mode."""

    session: Session
    seats: Mapping[Mode, SessionSeats]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlaces:
    """The places in sessions of all events. Every change and its facts are committed together."""

    store: Store
    clock: Clock
    mint: Mint

    async def put(self, event_id: str, participant_id: str, session_id: str, *, at_door: bool = False) -> None:
        """Put a participant into a session, out of those at the same time; in a full one they wait.

        They are written to; but `at_door` not, and then they do not wait either.

        Raises:
            SessionNotFoundError: if the event has no such session that people register for.
            SessionFullError: if no seat is free there, at a door.
            EventNotFoundError: if there is no such event.
            ParticipantNotFoundError: if it has no such registration.
            EventStateError: if the event is not published.
            RegistrationCancelledError: if the registration was withdrawn.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            registration = await transaction.registration(event_id, participant_id)
            event.require_open("choose sessions")
            await move_to_session(
                transaction,
                event,
                registration,
                session_id,
                mint=self.mint,
                now=now,
                may_wait=not at_door,
                letter=not at_door,
            )

    async def take_out(self, event_id: str, participant_id: str, session_id: str) -> None:
        """Take a participant out of a session; again changes nothing. Raises as `put`."""
        now = self.clock()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            registration = await transaction.registration(event_id, participant_id)
            event.require_open("choose sessions")
            await leave_session(transaction, event, registration, session_id, mint=self.mint, now=now)

    async def of(
        self, event: Event, participant_ids: Collection[str], *, gone_too: bool = False
    ) -> Mapping[str, Sequence[ChosenSession]]:
        """What some participants of an event chose, in the order of the agenda; who chose nothing is left out.

        With `gone_too`, also what they chose once and left, and then what was removed from the agenda.
        """
        async with self.store.reading() as view:
            return await chosen_sessions(view, event, participant_ids, gone_too=gone_too)

    async def overview(self, event: Event) -> Sequence[SessionOverview]:
        """How the sessions of an event that people register for are seated, in the order of the agenda."""
        sessions = to_register_for(event)
        if not sessions:
            return []
        async with self.store.reading() as view:
            counts = await view.session_counts(event.event_id)
        return [SessionOverview(session=session, seats=seats_of(session, counts)) for session in sessions]

    async def attendees(self, event: Event, query: AttendeeQuery) -> Sequence[Attendee]:
        """A page of who is in a session, or waits for it.

        Raises:
            SessionNotFoundError: if the event has no such session that people register for.
        """
        if query.session_id not in {session.session_id for session in to_register_for(event)}:
            raise SessionNotFoundError(query.session_id)
        async with self.store.reading() as view:
            return await view.attendees(event.event_id, query)

    async def taken_along(self, event_id: str, session_id: str) -> tuple[Event, Sequence[Attendee]]:
        """The event and all of them, to be taken along by an organizer; that they were is noted.

        Raises:
            EventNotFoundError: if there is no such event.
            SessionNotFoundError: if it has no such session that people register for.
        """
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            await transaction.note(Deed(act=Act.REGISTRATIONS_EXPORTED, event_id=event_id, subject=session_id))
        everybody: list[Attendee] = []
        while True:
            last = order_of(everybody[-1]) if everybody else None
            page = await self.attendees(event, AttendeeQuery(session_id=session_id, limit=_AT_A_TIME, after=last))
            everybody += page
            if len(page) < _AT_A_TIME:
                return event, everybody


def order_of(attendee: Attendee) -> tuple[str, int, datetime, str]:
    """What orders somebody among the attendees, to ask for the next ones."""
    place = attendee.place
    return "" if place.rank is None else place.mode.value, place.rank or 0, place.changed_at, place.participant_id
