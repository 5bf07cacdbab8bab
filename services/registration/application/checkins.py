"""Use cases of the check-in desk: let in, let out, undo."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from services.chassis.clock import Clock
from services.registration.application.ports import Mint, Participant, Reading, Store
from services.registration.domain.checkins import CheckIn, Decision, Outcome, Refusal, Scan, TicketHolder, decide
from services.registration.domain.errors import CheckInNotFoundError, InvalidValueError, ParticipantNotFoundError, Rule
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.facts import ScanVoided, TicketScanned
from services.registration.domain.instants import of_our_times
from services.registration.domain.seats import Mode, free_seats
from services.registration.domain.tickets import read_ticket, ticket_of_another

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far the clock of a desk may run ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInResult:
    """What the desk shows. `scan` is the one recorded now, else the earlier one that explains the outcome.

    `seats_left` is how many could still switch to the room, for a remote ticket (None is without limit).
    `other_event` is the one that the ticket is for, if the public may know it.
    """

    outcome: Outcome
    reason: Refusal | None = None
    scan: Scan | None = None
    earlier: Scan | None = None
    participant: Participant | None = None
    seats_left: int | None = None
    other_event: Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIns:
    """The doors of all events. A check-in and its fact are committed together, before the desk is answered."""

    store: Store
    clock: Clock
    mint: Mint

    async def check_in(
        self,
        event_id: str,
        check_in: CheckIn,
        *,
        ticket: str | None = None,
        participant_id: str | None = None,
        retry_key: str | None = None,
    ) -> CheckInResult:
        """Let the holder of a ticket, or a participant, in or out.

        `retry_key` is what the caller repeats with the same request: the fact's id derives from it, so that a retry
        is answered as the first time, even when the first answer was lost.

        Raises:
            EventNotFoundError: if there is no such event.
            InvalidValueError: if the scan lies in the future, or in no year of ours, or the event has no such place.
        """
        now = self.clock()
        if check_in.scanned_at is not None and check_in.scanned_at > now + CLOCK_TOLERANCE:
            raise InvalidValueError(pointer="/at", rule=Rule.NOT_IN_FUTURE)
        if check_in.scanned_at is not None and not of_our_times(check_in.scanned_at):
            raise InvalidValueError(pointer="/at", rule=Rule.OF_OUR_TIMES)
        fact_id = self.mint.fact_id("check-in", event_id, retry_key) if retry_key else self.mint.fact_id()
        async with self.store.writing() as transaction:
            event = await transaction.event(event_id)
            if check_in.place_id is not None and check_in.scanned_at is None:
                # Late word may be of a room that the agenda has lost since.
                require_place(event, check_in.place_id)
            holder = await self._holder(transaction, event_id, ticket, participant_id)
            same = await transaction.scan(event_id, fact_id) if retry_key else None
            if same is not None:
                return await self._result(transaction, event_id, Decision(outcome=same.outcome), holder, same)
            last = None
            if holder is not None and holder.event_id == event_id:
                last = await transaction.last_scan(
                    event_id, holder.participant_id, until=check_in.scanned_at, place_id=check_in.place_id
                )
            decision = decide(check_in, event_id=event_id, event_status=event.status, holder=holder, last=last, now=now)
            scan = None
            if decision.at is not None and holder is not None:
                scan = Scan(
                    fact_id=fact_id,
                    event_id=event_id,
                    participant_id=holder.participant_id,
                    action=check_in.action,
                    outcome=decision.outcome,
                    at=decision.at,
                    recorded_at=now,
                    gate=check_in.gate,
                    device=check_in.device,
                    place_id=check_in.place_id,
                    clock_offset_ms=check_in.clock_offset_ms,
                )
                await transaction.add_scan(scan)
                if scan.tells_of_presence:
                    await transaction.publish([TicketScanned(scan=scan)])
            result = await self._result(transaction, event_id, decision, holder, scan)
            if decision.reason is Refusal.REMOTE_TICKET:
                taken = await transaction.taken(event_id)
                result = replace(result, seats_left=free_seats(event.capacity, taken, Mode.IN_PERSON))
        if decision.reason is Refusal.OTHER_EVENT and holder is not None:
            result = replace(result, other_event=await self._public_event(holder.event_id))
        return result

    async def void(self, event_id: str, fact_id: str) -> Scan:
        """Take a scan back; it comes back with `voided_by`. Again: nothing changes.

        Raises:
            EventNotFoundError: if there is no such event.
            CheckInNotFoundError: if the event has no such scan.
        """
        now = self.clock()
        async with self.store.writing() as transaction:
            await transaction.event(event_id)
            scan = await transaction.scan(event_id, fact_id)
            if scan is None:
                raise CheckInNotFoundError(fact_id)
            if scan.voided_by is not None:
                return scan
            voided = scan.voided(by=self.mint.fact_id("void", event_id, fact_id), at=now)
            await transaction.save_scan(voided)
            if voided.tells_of_presence:
                await transaction.publish([ScanVoided(fact_id=voided.voided_by or "", scan=voided, at=now)])
            return voided

    async def last(self, event_id: str, *, limit: int) -> Sequence[tuple[Scan, Participant | None]]:
        """The scans recorded last, the latest first, with whose they are."""
        async with self.store.reading() as view:
            scans = await view.last_scans(event_id, limit=limit)
            return [(scan, await _participant(view, event_id, scan.participant_id)) for scan in scans]

    async def _public_event(self, event_id: str) -> Event | None:
        # Outside the transaction: one that locks two events could wait for one that locks the same two.
        async with self.store.reading() as view:
            event = await view.event(event_id)
        return event if event.status in {EventStatus.PUBLISHED, EventStatus.CLOSED} else None

    async def _holder(
        self, view: Reading, event_id: str, ticket: str | None, participant_id: str | None
    ) -> TicketHolder | None:
        code = None
        if ticket is not None:
            code = read_ticket(ticket) or ticket_of_another(event_id, ticket)
        if code is None and participant_id is None:
            return None
        return await view.holder(event_id=event_id, ticket=code, participant_id=participant_id)

    async def _result(
        self, view: Reading, event_id: str, decision: Decision, holder: TicketHolder | None, scan: Scan | None
    ) -> CheckInResult:
        """The answer, with the person; who holds a ticket of another event is not this desk's to know."""
        own = holder is not None and holder.event_id == event_id
        return CheckInResult(
            outcome=decision.outcome,
            reason=decision.reason,
            scan=scan,
            earlier=decision.earlier,
            participant=await _participant(view, event_id, holder.participant_id) if holder and own else None,
        )


def require_place(event: Event, place_id: str) -> None:
    """Refuse a place that is neither a room nor a session of the event.

    Raises:
        InvalidValueError: then.
    """
    places = {room.room_id for room in event.rooms} | {session.session_id for session in event.sessions}
    if place_id not in places:
        raise InvalidValueError(pointer="/place_id", rule=Rule.PLACE_OF_EVENT)


async def _participant(view: Reading, event_id: str, participant_id: str) -> Participant | None:
    try:
        return await view.participant(event_id, participant_id)
    except ParticipantNotFoundError:
        return None
