"""Use cases about walk-ins: somebody at a door without a ticket, who may be registered all the same."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.clock import Clock
from services.registration.application.checkins import CheckIns, require_place
from services.registration.application.doors import CheckInResult
from services.registration.application.enrolment import Register
from services.registration.application.ports import Participant, Reading, RosterQuery, Store
from services.registration.application.registrations import Registrations
from services.registration.domain.checkins import CheckIn
from services.registration.domain.errors import AlreadyRegisteredError, ModeFullError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.known_addresses import already_registered, plain
from services.registration.domain.registrations import Person
from services.registration.domain.seats import Mode, SeatStatus, free_seats
from services.registration.domain.session_places import still_open

_MOST_OF_ONE_NAME = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkIns:
    """The walk-ins of all events."""

    store: Store
    clock: Clock
    registrations: Registrations
    check_ins: CheckIns

    async def known(self, event_id: str, person: Person) -> Sequence[Participant]:
        """Who is registered with this address or by this name, and not cancelled: it may be they who are at the door.

        Raises:
            EventNotFoundError: if there is no such event.
        """
        async with self.store.reading() as view:
            await view.event(event_id)
            return await _known(view, event_id, person)

    async def is_registered(self, event_id: str, retry_key: str) -> bool:
        """Whether somebody was let in with this key."""
        async with self.store.reading() as view:
            return await view.registered_by(event_id, retry_key) is not None

    async def let_in(
        self, event_id: str, person: Person, check_in: CheckIn, *, retry_key: str, look_first: bool = False
    ) -> tuple[str, CheckInResult]:
        """Register somebody who is at the door, for the session too if it is one's, and let them in.

        Returns their ticket too.

        It is two transactions, both the same when repeated with the same key: a desk that got no answer asks again.
        Late word (`scanned_at`) is taken even if the room is full or the event closed by now: they were let in, and
        wait for a seat. With `look_first`, late word of who has registered with this name and address is theirs.

        Raises:
            EventNotFoundError: if there is no such event.
            EventStateError: if it is not published.
            ModeFullError: if no seat is left in the room.
            AlreadyRegisteredError: with `look_first`, if this person may be registered (`known`).
            InvalidValueError: as `CheckIns.check_in`.
        """
        is_late = check_in.scanned_at is not None
        async with self.store.reading() as view:
            event = await view.event(event_id)
            before = await view.registered_by(event_id, retry_key)
            free = free_seats(event.capacity, await view.taken(event_id), Mode.IN_PERSON)
            looks = look_first and before is None
            known = await _known(view, event_id, person) if looks else ()
        if check_in.place_id is not None and not is_late:
            require_place(event, check_in.place_id)
        if is_late:
            registered = next((one for one in known if one.person is not None and _same(one.person, person)), None)
            if registered is not None:
                return await self._scan(event_id, registered, check_in, retry_key=retry_key)
        else:
            if before is None:
                event.require_open("register")
            if known:
                raise AlreadyRegisteredError(event_id, [0])
            if before is None and free == 0:
                raise ModeFullError(Mode.IN_PERSON)
        command = Register(
            mode=Mode.IN_PERSON,
            person=person,
            consents={},
            retry_key=retry_key,
            sessions=self._sessions(event, check_in.place_id),
            letters=event.status is EventStatus.PUBLISHED,
            was_there=is_late,
        )
        registered = await self.registrations.register(event_id, command)
        return await self._scan(event_id, registered, check_in, retry_key=retry_key)

    async def _scan(
        self, event_id: str, participant: Participant, check_in: CheckIn, *, retry_key: str
    ) -> tuple[str, CheckInResult]:
        seat = participant.registration
        result = await self.check_ins.check_in(
            event_id, check_in, participant_id=seat.participant_id, retry_key=retry_key
        )
        return seat.ticket, result

    def _sessions(self, event: Event, place_id: str | None) -> tuple[str, ...]:
        """The session that they are at the door of, if one may still register for it."""
        open_now = {session.session_id for session in still_open(event, now=self.clock())}
        return (place_id,) if place_id in open_now else ()


async def _known(view: Reading, event_id: str, person: Person) -> Sequence[Participant]:
    holders = await view.registered_as(event_id, person.email) if person.email else ()
    found = {
        holder.participant_id: await view.participant(event_id, holder.participant_id)
        for holder in already_registered(holders, person, is_venue=False, shares_address=False)
    }
    for one in await view.roster(event_id, RosterQuery(limit=_MOST_OF_ONE_NAME, search=person.name)):
        if one.person is not None and plain(one.person.name) == plain(person.name):
            found.setdefault(one.registration.participant_id, one)
    return [one for one in found.values() if one.registration.status is not SeatStatus.CANCELLED]


def _same(one: Person, other: Person) -> bool:
    return plain(one.name) == plain(other.name) and one.email.lower() == other.email.lower() != ""
