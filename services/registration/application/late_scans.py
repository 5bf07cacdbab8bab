"""Use cases about late scans: what a desk kept while it had no network, and sends in batches when it is back.

Each is known by its own id and may be sent again by anybody, at any time: nothing has to be stored to know it again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

import structlog

from services.registration.application.checkins import CheckIns
from services.registration.application.doors import CheckInResult
from services.registration.application.registrations import Registrations
from services.registration.application.session_places import SessionPlaces
from services.registration.application.walk_ins import WalkIns
from services.registration.domain.checkins import CheckIn, Outcome
from services.registration.domain.errors import (
    EventStateError,
    ModeFullError,
    OfferExpiredError,
    RegistrationCancelledError,
    RegistrationError,
    SessionFullError,
    SessionNotFoundError,
)
from services.registration.domain.registrations import Person
from services.registration.domain.seats import Mode, SeatStatus

log = structlog.stdlib.get_logger(__name__)


class Seat(StrEnum):
    """What became of the seat of somebody whom a volunteer let in without one."""

    GIVEN = "given"
    NONE_LEFT = "none_left"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptScan:
    """A ticket, or a participant, at a door; `undone` if the volunteer took it back before it was sent."""

    scan_id: str
    check_in: CheckIn
    ticket: str | None
    participant_id: str | None
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWalkIn:
    """Somebody without a ticket; `look_first` as in `WalkIns.let_in`."""

    scan_id: str
    check_in: CheckIn
    person: Person
    look_first: bool
    undone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptUndoing:
    """A scan that the server knows is taken back."""

    fact_id: str


Kept = KeptScan | KeptWalkIn | KeptUndoing


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of one of them: a result, or what refuses it, or neither: then it may be sent again.

    `ticket` is a walk-in's; `seat` is set where one was asked for.
    """

    result: CheckInResult | None = None
    refused: RegistrationError | None = None
    ticket: str | None = None
    seat: Seat | None = None
    done: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LateScans:
    """The late scans of all events."""

    check_ins: CheckIns
    walk_ins: WalkIns
    registrations: Registrations
    session_places: SessionPlaces

    async def take(self, event_id: str, kept: Sequence[Kept]) -> Sequence[Taken]:
        """Record each, and say of each what became of it: what is wrong with one is not wrong with the others.

        Scans are judged together. What may take a seat has its turn, so that the first at the door has it.
        """
        taken: list[Taken] = []
        for alone, run in groupby(kept, key=_has_its_turn):
            if alone:
                taken += [await self._guarded(event_id, one) for one in run]
            else:
                taken += await asyncio.gather(*(self._guarded(event_id, one) for one in run))
        return taken

    async def _guarded(self, event_id: str, kept: Kept) -> Taken:
        try:
            return await self._take(event_id, kept)
        except RegistrationError as error:
            return Taken(refused=error)
        except Exception:
            # Whatever it is, the desk keeps this scan; the others of the batch are not sent again for it.
            log.exception("late_scan.failed", event_id=event_id)
            return Taken(done=False)

    async def _take(self, event_id: str, kept: Kept) -> Taken:
        if isinstance(kept, KeptUndoing):
            await self.check_ins.void(event_id, kept.fact_id)
            return Taken()
        ticket = None
        if isinstance(kept, KeptWalkIn):
            if kept.undone and not await self.walk_ins.is_registered(event_id, kept.scan_id):
                # Nobody is registered only to be taken back.
                return Taken()
            ticket, result = await self.walk_ins.let_in(
                event_id,
                kept.person,
                replace(kept.check_in, let_in=True),
                retry_key=kept.scan_id,
                look_first=kept.look_first,
            )
        else:
            result = await self.check_ins.check_in(
                event_id,
                kept.check_in,
                ticket=kept.ticket,
                participant_id=kept.participant_id,
                retry_key=kept.scan_id,
            )
        if kept.undone:
            if result.scan is not None:
                await self.check_ins.void(event_id, result.scan.fact_id)
            return Taken(result=result, ticket=ticket)
        # Their presence is recorded: nobody has to have a seat for that.
        wants_seat = isinstance(kept, KeptWalkIn) or kept.check_in.let_in
        seat = await self._seat(event_id, result, kept.check_in.place_id) if wants_seat else None
        return Taken(result=result, ticket=ticket, seat=seat)

    async def _seat(self, event_id: str, result: CheckInResult, place_id: str | None) -> Seat | None:
        """Give them a seat in the room, and in the session that they went to, if they have none."""
        if result.guest is None or result.outcome is Outcome.REFUSED:
            return None
        holder = result.guest.holder
        try:
            if holder.mode is not Mode.IN_PERSON:
                await self.registrations.edit(event_id, holder.participant_id, {"mode": Mode.IN_PERSON}, may_wait=False)
            elif holder.status is not SeatStatus.CONFIRMED:
                return Seat.NONE_LEFT
            if place_id is not None:
                await self._seat_in_session(event_id, holder.participant_id, place_id)
        except (ModeFullError, SessionFullError, OfferExpiredError, EventStateError, RegistrationCancelledError):
            return Seat.NONE_LEFT
        return Seat.GIVEN

    async def _seat_in_session(self, event_id: str, participant_id: str, place_id: str) -> None:
        try:
            await self.session_places.put(event_id, participant_id, place_id, at_door=True)
        except SessionNotFoundError:
            # A room, or a session that anybody may attend.
            return


def _has_its_turn(kept: Kept) -> bool:
    return not isinstance(kept, KeptScan) or kept.check_in.let_in or kept.undone
