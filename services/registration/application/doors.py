"""The doors of an event: what is scanned at the same time is judged together, in one transaction.

Who writes of an event waits for whoever wrote before, and for the disk; so at a full door the scans would stand in line
for ten waits and two dozen statements each. Those that come while a transaction is on its way share the next one.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from contextvars import Context
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from services.registration.application.desk_ports import Guest, RecordedScan
from services.registration.application.ports import Store, Writing
from services.registration.domain.checkins import CheckIn, Decision, Outcome, Refusal, Scan, decide, last_scan
from services.registration.domain.errors import InvalidValueError, RegistrationError, Rule
from services.registration.domain.event import Event
from services.registration.domain.seats import Mode, SeatStatus, free_seats
from services.registration.domain.session_places import seats_of, to_register_for

LARGEST_GROUP: Final = 64
_TURNS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTicket:
    """A ticket that waits to be judged: its code, as stored, or else the participant who is at the door.

    `fact_id` is that of the scan to come; with `retried`, one that derives from the request: if it is recorded, it is
    answered again. `actor` is who let them in, for the audit log.
    """

    check_in: CheckIn
    code: str | None
    participant_id: str | None
    fact_id: str
    retried: bool
    actor: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInResult:
    """What the desk shows. `scan` is the one recorded now, else the earlier one that explains the outcome.

    `guest` is whose ticket it is, if it is of this event. `seats_left` is how many could still switch to the room, for
    a remote ticket, or register for the session, for who has not (None is without limit). `other_event` is the one that
    the ticket is for, if the public may know it.
    """

    outcome: Outcome
    reason: Refusal | None = None
    scan: Scan | None = None
    earlier: Scan | None = None
    guest: Guest | None = None
    seats_left: int | None = None
    other_event: Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The result for one ticket, with the event that it is for where that is another one."""

    result: CheckInResult
    event_of_ticket: str | None = None


class Doors:
    """All doors of all events. Each event has its own groups: one that is held up holds up no other."""

    def __init__(self, store: Store) -> None:
        """Nothing runs before a ticket is shown."""
        self._store = store
        self._waiting: dict[str, deque[tuple[ShownTicket, asyncio.Future[Judged]]]] = {}
        self._working: set[asyncio.Task[None]] = set()

    async def judge(self, event_id: str, shown: ShownTicket) -> Judged:
        """The result, once it is committed. Who goes away meanwhile leaves the scan behind.

        Raises:
            EventNotFoundError: if there is no such event.
            InvalidValueError: if the event has no such place.
        """
        answer: asyncio.Future[Judged] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.get(event_id)
        if waiting is None:
            waiting = self._waiting[event_id] = deque()
            # In a context of its own: the group is not part of the request that happened to come first.
            working = asyncio.create_task(self._work(event_id, waiting), context=Context())
            self._working.add(working)
            working.add_done_callback(self._working.discard)
        waiting.append((shown, answer))
        return await answer

    async def _work(self, event_id: str, waiting: deque[tuple[ShownTicket, asyncio.Future[Judged]]]) -> None:
        """Judge group after group, until nobody waits."""
        try:
            while waiting:
                # No timer: a few turns of the event loop, in which requests that were already read get here and join.
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                await self._settle(event_id, [waiting.popleft() for _ in range(min(LARGEST_GROUP, len(waiting)))])
        finally:
            del self._waiting[event_id]
            for _, answer in waiting:
                answer.cancel()

    async def _settle(self, event_id: str, group: Sequence[tuple[ShownTicket, asyncio.Future[Judged]]]) -> None:
        try:
            results = await self._judge([shown for shown, _ in group], event_id)
        except asyncio.CancelledError:
            for _, answer in group:
                answer.cancel()
            raise
        except Exception as error:  # noqa: BLE001  (whatever it is belongs to whoever waits for it)
            if len(group) == 1:
                _tell(group[0][1], error)
                return
            # What no database takes must not take the others with it.
            for one in group:
                await self._settle(event_id, [one])
        else:
            for (_, answer), result in zip(group, results, strict=True):
                _tell(answer, result)

    async def _judge(self, group: Sequence[ShownTicket], event_id: str) -> Sequence[Judged | Exception]:
        async with self._store.writing_scans() as transaction:
            try:
                desk = await _Desk.opened(transaction, event_id, group)
            except RegistrationError as error:
                return [error] * len(group)
            results = [desk.judge(shown) for shown in group]
            await transaction.record_scans(desk.recorded)
        return results


@dataclass(slots=True, kw_only=True)
class _Desk:
    """What must be known of an event to judge a group; what is judged first is known to what comes next."""

    event: Event
    by_code: Mapping[str, Guest]
    by_participant: Mapping[str, Guest]
    scans: dict[str, list[Scan]]
    by_fact: dict[str, Scan]
    taken: Mapping[Mode, int] | None
    sessions: Mapping[str, int | None]
    seated: Collection[tuple[str, str]]
    recorded: list[RecordedScan] = field(default_factory=list)

    @classmethod
    async def opened(cls, transaction: Writing, event_id: str, group: Sequence[ShownTicket]) -> "_Desk":
        event = await transaction.event(event_id)
        guests = await transaction.guests(
            event_id,
            codes=[shown.code for shown in group if shown.code is not None],
            participant_ids=[shown.participant_id for shown in group if shown.participant_id is not None],
        )
        own = [guest for guest in guests if guest.holder.event_id == event_id]
        scans: dict[str, list[Scan]] = {guest.holder.participant_id: [] for guest in own}
        for scan in await transaction.scans_of_guests(event_id, list(scans)):
            scans[scan.participant_id].append(scan)
        retried = [shown.fact_id for shown in group if shown.retried]
        sessions, seated = await _sessions(transaction, event, group, list(scans))
        remote = any(guest.holder.mode is Mode.REMOTE for guest in own)
        return cls(
            event=event,
            by_code={guest.ticket: guest for guest in guests},
            by_participant={guest.holder.participant_id: guest for guest in own},
            scans=scans,
            by_fact={scan.fact_id: scan for scan in await transaction.scans_named(event_id, retried)},
            taken=await transaction.taken(event_id) if remote else None,
            sessions=sessions,
            seated=seated,
        )

    def judge(self, shown: ShownTicket) -> Judged | Exception:
        check_in, event_id = shown.check_in, self.event.event_id
        # Late word may be of a room that the agenda has lost since.
        if (
            check_in.place_id is not None
            and check_in.scanned_at is None
            and not has_place(self.event, check_in.place_id)
        ):
            return InvalidValueError(pointer="/place_id", rule=Rule.PLACE_OF_EVENT)
        guest = self._guest(shown)
        holder = guest.holder if guest is not None else None
        own = guest if holder is not None and holder.event_id == event_id else None
        same = self.by_fact.get(shown.fact_id) if shown.retried else None
        if same is not None:
            return Judged(result=CheckInResult(outcome=same.outcome, scan=same, guest=own))
        last = None
        if own is not None:
            before = self.scans[own.holder.participant_id]
            last = last_scan(before, until=check_in.scanned_at, place_id=check_in.place_id)
        place_id = check_in.place_id or ""
        decision = decide(
            check_in,
            event_id=event_id,
            event_status=self.event.status,
            holder=holder,
            last=last,
            now=shown.now,
            in_session=place_id not in self.sessions
            or (holder is not None and (holder.participant_id, place_id) in self.seated),
        )
        result = CheckInResult(
            outcome=decision.outcome,
            reason=decision.reason,
            scan=self._record(shown, decision, own),
            earlier=decision.earlier,
            guest=own,
        )
        if decision.reason is Refusal.REMOTE_TICKET and self.taken is not None:
            result = replace(result, seats_left=free_seats(self.event.capacity, self.taken, Mode.IN_PERSON))
        if decision.reason is Refusal.NOT_IN_SESSION:
            result = replace(result, seats_left=self.sessions[place_id])
        elsewhere = decision.reason is Refusal.OTHER_EVENT and holder is not None
        return Judged(result=result, event_of_ticket=holder.event_id if elsewhere and holder is not None else None)

    def _guest(self, shown: ShownTicket) -> Guest | None:
        if shown.code is not None:
            return self.by_code.get(shown.code)
        return None if shown.participant_id is None else self.by_participant.get(shown.participant_id)

    def _record(self, shown: ShownTicket, decision: Decision, guest: Guest | None) -> Scan | None:
        if decision.at is None or guest is None:
            return None
        check_in = shown.check_in
        scan = Scan(
            fact_id=shown.fact_id,
            event_id=self.event.event_id,
            participant_id=guest.holder.participant_id,
            action=check_in.action,
            outcome=decision.outcome,
            at=decision.at,
            recorded_at=shown.now,
            gate=check_in.gate,
            device=check_in.device,
            place_id=check_in.place_id,
            clock_offset_ms=check_in.clock_offset_ms,
        )
        self.scans[scan.participant_id].append(scan)
        self.by_fact[scan.fact_id] = scan
        self.recorded.append(RecordedScan(scan=scan, actor=shown.actor))
        return scan


async def _sessions(
    transaction: Writing, event: Event, group: Sequence[ShownTicket], participants: Sequence[str]
) -> tuple[Mapping[str, int | None], Collection[tuple[str, str]]]:
    """The seats left in the sessions, of those one registers for, that the group is at; and who has one there."""
    at = {shown.check_in.place_id for shown in group}
    sessions = [session for session in to_register_for(event) if session.session_id in at]
    if not sessions:
        return {}, ()
    counts = await transaction.session_counts(event.event_id)
    places = await transaction.session_places(participants)
    seated = {place.key for place in places if place.status is SeatStatus.CONFIRMED}
    return {session.session_id: seats_of(session, counts)[Mode.IN_PERSON].free for session in sessions}, seated


def has_place(event: Event, place_id: str) -> bool:
    """Whether it is a room or a session of the event."""
    return any(room.room_id == place_id for room in event.rooms) or any(
        session.session_id == place_id for session in event.sessions
    )


def _tell(answer: "asyncio.Future[Judged]", result: Judged | Exception) -> None:
    # Whoever hung up meanwhile has a cancelled future; their scan is committed all the same.
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
