"""Use cases of the check-in desk: let in, let out, undo."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from schemas.envelope import to_milliseconds
from services.chassis.clock import Clock
from services.registration.application.audit import current_actor
from services.registration.application.doors import CheckInResult, Doors, ShownTicket, has_place
from services.registration.application.ports import Mint, Participant, Reading, Store
from services.registration.domain.checkins import CheckIn, Scan
from services.registration.domain.errors import CheckInNotFoundError, InvalidValueError, ParticipantNotFoundError, Rule
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.facts import ScanVoided
from services.registration.domain.instants import of_our_times
from services.registration.domain.tickets import read_ticket, ticket_of_another

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far the clock of a desk may run ahead of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIns:
    """The doors of all events. A check-in and its fact are committed together, before the desk is answered."""

    store: Store
    clock: Clock
    mint: Mint
    doors: Doors

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
        now = to_milliseconds(self.clock())
        if check_in.scanned_at is not None and check_in.scanned_at > now + CLOCK_TOLERANCE:
            raise InvalidValueError(pointer="/at", rule=Rule.NOT_IN_FUTURE)
        if check_in.scanned_at is not None and not of_our_times(check_in.scanned_at):
            raise InvalidValueError(pointer="/at", rule=Rule.OF_OUR_TIMES)
        code = None
        if ticket is not None:
            code = read_ticket(ticket) or ticket_of_another(event_id, ticket)
        judged = await self.doors.judge(
            event_id,
            ShownTicket(
                check_in=check_in,
                code=code,
                participant_id=participant_id,
                fact_id=self.mint.fact_id("check-in", event_id, retry_key) if retry_key else self.mint.fact_id(),
                retried=retry_key is not None,
                actor=current_actor(),
                now=now,
            ),
        )
        if judged.event_of_ticket is None:
            return judged.result
        return replace(judged.result, other_event=await self._public_event(judged.event_of_ticket))

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
        async with self.store.reading() as view:
            event = await view.event(event_id)
        return event if event.status in {EventStatus.PUBLISHED, EventStatus.CLOSED} else None


def require_place(event: Event, place_id: str) -> None:
    """Refuse a place that is neither a room nor a session of the event.

    Raises:
        InvalidValueError: then.
    """
    if not has_place(event, place_id):
        raise InvalidValueError(pointer="/place_id", rule=Rule.PLACE_OF_EVENT)


async def _participant(view: Reading, event_id: str, participant_id: str) -> Participant | None:
    try:
        return await view.participant(event_id, participant_id)
    except ParticipantNotFoundError:
        return None
