"""Use cases of the desks of an event together: what each must know, who is in, double entries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.desk_ports import Inside, TicketState
from services.registration.application.ports import Store
from services.registration.domain.double_entries import DoubleEntry, double_entries
from services.registration.domain.errors import CheckInNotFoundError
from services.registration.domain.event import Event
from services.registration.domain.seats import Mode, SeatStatus, free_seats
from services.registration.domain.session_places import seats_of, to_register_for
from services.registration.domain.unseated_entries import UnseatedEntry, unseated_entries

OVERLAP: Final = timedelta(seconds=30)
"""How far back of `since` a desk is told again: a transaction commits a moment after it has read the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A room or session (`kind`) that a desk may stand at; `capacity` None is without a known limit.

    `seats_left` is set for a session with `registration_needed`: how many more may register for it in person, None for
    without limit.
    """

    place_id: str
    kind: str
    name: str
    inside: int
    capacity: int | None
    registration_needed: bool = False
    seats_left: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskState:
    """What every desk of an event must know, as of `now`; `tickets` are all of them or the ones that may have changed.

    `expected` have a seat in the room, `seats_left` more could (None is without limit): a seat on offer is `taken` too.
    """

    now: datetime
    event: Event
    expected: int
    taken: Mapping[Mode, int]
    inside: Inside
    tickets: Sequence[TicketState]
    session_counts: Mapping[tuple[str, Mode, SeatStatus], int] = field(default_factory=dict)

    @property
    def seats_left(self) -> int | None:
        """Free seats in the room."""
        return free_seats(self.event.capacity, self.taken, Mode.IN_PERSON)

    @property
    def gates(self) -> Sequence[tuple[str | None, int]]:
        """How many are in by the gate where they came in, by the gate's name, the desks without one last."""
        return sorted(self.inside.by_gate.items(), key=lambda counted: (counted[0] is None, counted[0] or ""))

    @property
    def places(self) -> Sequence[Place]:
        """The rooms, then the sessions that take place, as they follow one another."""
        rooms = [
            Place(
                place_id=room.room_id,
                kind="room",
                name=room.name,
                inside=self.inside.by_place.get(room.room_id, 0),
                capacity=None,
            )
            for room in self.event.rooms
        ]
        sessions = [
            Place(
                place_id=session.session_id,
                kind="session",
                name=session.title,
                inside=self.inside.by_place.get(session.session_id, 0),
                capacity=session.capacity.in_person,
                registration_needed=session.registration_needed,
                seats_left=seats_of(session, self.session_counts)[Mode.IN_PERSON].free
                if session.registration_needed
                else None,
            )
            for session in sorted(self.event.sessions, key=lambda session: session.starts_at)
            if not session.cancelled
        ]
        return [*rooms, *sessions]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """The desks of all events."""

    store: Store
    clock: Clock

    async def state(self, event_id: str, *, since: datetime | None = None, with_tickets: bool = True) -> DeskState:
        """What a desk must know; with `since`, the tickets that may have changed from then on.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        now = self.clock()
        changed_from = None if since is None else since - OVERLAP
        async with self.store.reading() as view:
            event = await view.event(event_id)
            needed = bool(to_register_for(event))
            return DeskState(
                now=now,
                event=event,
                expected=(await view.counts(event_id)).get((Mode.IN_PERSON, SeatStatus.CONFIRMED), 0),
                taken=await view.taken(event_id),
                inside=await view.inside(event_id),
                tickets=await view.ticket_states(event_id, since=changed_from, with_sessions=needed)
                if with_tickets
                else (),
                session_counts=await view.session_counts(event_id) if needed else {},
            )

    async def double_entries(self, event_id: str) -> Sequence[tuple[DoubleEntry, bool]]:
        """The tickets that were let in at more than one desk, the latest first, and whether that is settled.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            await view.event(event_id)
            repeated = await view.repeated_entries(event_id)
            settled = await view.settled_notices(event_id)
        found = [double for scans in repeated.values() for double in double_entries(scans)]
        found.sort(key=lambda double: double.scans[-1].at, reverse=True)
        return [(double, double.fact_id in settled) for double in found]

    async def unseated_entries(self, event_id: str) -> Sequence[tuple[UnseatedEntry, bool]]:
        """Who was let in without the network and had no seat when it was told, and whether that is settled.

        Who got a seat since is left out. Raises as `double_entries`.
        """
        async with self.store.reading() as view:
            event = await view.event(event_id)
            sessions = [session.session_id for session in to_register_for(event)]
            found = await view.late_entries_without_seat(event_id, sessions)
            settled = await view.settled_notices(event_id)
        return [(entry, entry.name in settled) for entry in unseated_entries(found)]

    async def settle(self, event_id: str, name: str) -> None:
        """Note that an organizer has dealt with a double entry, or an unseated one; again changes nothing.

        Raises:
            EventNotFoundError: if there is no such event.
            CheckInNotFoundError: if none has this name.
        """
        doubles = {double.fact_id for double, _ in await self.double_entries(event_id)}
        if name not in doubles | {entry.name for entry, _ in await self.unseated_entries(event_id)}:
            raise CheckInNotFoundError(name)
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            await transaction.settle_notice(event_id, name, at=self.clock())
