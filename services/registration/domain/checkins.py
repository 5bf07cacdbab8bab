"""The decision at the door, and its undoing. Pure: what the desk knows comes in, what happened comes out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.registration.domain.event import EventStatus
from services.registration.domain.instants import after
from services.registration.domain.seats import Mode, SeatStatus


class Action(StrEnum):
    """Which way somebody goes through the door."""

    IN = "in"
    OUT = "out"


class Outcome(StrEnum):
    """What the desk answers."""

    CHECKED_IN = "checked_in"
    ALREADY_IN = "already_in"
    CHECKED_OUT = "checked_out"
    NOT_IN = "not_in"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why somebody is not let in."""

    UNKNOWN_TICKET = "unknown_ticket"
    OTHER_EVENT = "other_event"
    REGISTRATION_CANCELLED = "registration_cancelled"
    WAITLISTED = "waitlisted"
    REMOTE_TICKET = "remote_ticket"
    NOT_IN_SESSION = "not_in_session"
    EVENT_NOT_PUBLISHED = "event_not_published"
    EVENT_CLOSED = "event_closed"
    EVENT_CANCELLED = "event_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """A ticket is shown at a door. `scanned_at` is set by a desk that was offline and sends its scans later.

    `place_id` is the room or session that is entered or left; None is a door of the event itself. Whoever enters a room
    is at the event; whoever leaves a room may still be. `clock_offset_ms` is what the desk had to add to its own clock.
    `let_in` is late word of somebody whom a volunteer let in without a seat: they were there, whoever has the seat.
    """

    action: Action
    scanned_at: datetime | None = None
    gate: str | None = None
    device: str | None = None
    place_id: str | None = None
    clock_offset_ms: int | None = None
    let_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A check-in or check-out that counted; `voided_by` is the fact that took it back, at `voided_at`."""

    fact_id: str
    event_id: str
    participant_id: str
    action: Action
    outcome: Outcome
    at: datetime
    recorded_at: datetime
    gate: str | None = None
    device: str | None = None
    place_id: str | None = None
    clock_offset_ms: int | None = None
    voided_by: str | None = None
    voided_at: datetime | None = None

    def voided(self, *, by: str, at: datetime) -> "Scan":
        """The same scan, taken back by a fact."""
        return replace(self, voided_by=by, voided_at=at)

    @property
    def tells_of_presence(self) -> bool:
        """Whether it says something of who is at the event: leaving a room does not."""
        return self.place_id is None or self.action is Action.IN

    @property
    def told_gate(self) -> str | None:
        """The gate as it may be told where nothing can be erased: no address, which names somebody and no door."""
        return None if self.gate is None or "@" in self.gate else self.gate

    def tells_of(self, place_id: str) -> bool:
        """Whether it says something of who is in a room or session: leaving the event is leaving the room."""
        return self.place_id == place_id or (self.place_id is None and self.action is Action.OUT)


def last_scan(scans: Iterable[Scan], *, until: datetime | None, place_id: str | None) -> Scan | None:
    """The last of a participant's scans that tells whether they are at the event, or in one of its rooms or sessions.

    Voided ones do not count; nor does what is later than `until`.
    """
    telling = (
        scan
        for scan in scans
        if scan.voided_by is None
        and (scan.tells_of_presence if place_id is None else scan.tells_of(place_id))
        and (until is None or scan.at <= until)
    )
    return max(telling, key=lambda scan: (scan.at, scan.recorded_at), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketHolder:
    """What the desk needs to know of whoever shows a ticket; `moved_at` as in `Registration`."""

    event_id: str
    participant_id: str
    mode: Mode
    status: SeatStatus
    moved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the desk answers.

    `at` is the instant of a scan to record, None if there is none to record. `earlier` is the scan that made the
    person already in, when they are.
    """

    outcome: Outcome
    reason: Refusal | None = None
    at: datetime | None = None
    earlier: Scan | None = None


_BY_EVENT = {
    EventStatus.DRAFT: Refusal.EVENT_NOT_PUBLISHED,
    EventStatus.CANCELLED: Refusal.EVENT_CANCELLED,
}
_BY_SEAT = {
    SeatStatus.CANCELLED: Refusal.REGISTRATION_CANCELLED,
    SeatStatus.WAITLISTED: Refusal.WAITLISTED,
}


def decide(
    check_in: CheckIn,
    *,
    event_id: str,
    event_status: EventStatus,
    holder: TicketHolder | None,
    last: Scan | None,
    now: datetime,
    in_session: bool = True,
) -> Decision:
    """Decide what happens at the door.

    `holder` is None for a ticket that nobody has. `last` is the last scan of this person, of those that were not voided
    and say something of the place that is entered or left: at or before `scanned_at` if that is set, else of all.
    `in_session` is False at a session that one registers for, for who has no seat there.

    A scan of an offline desk is recorded even where it changes nothing, because scans of several desks arrive in
    any order: an exit may be sent before the entry that it ends, and would be lost.
    """
    reason = _refusal(check_in, event_id=event_id, event_status=event_status, holder=holder)
    if reason is None and not in_session and check_in.action is Action.IN and check_in.scanned_at is None:
        # Late word is never refused for this: whoever was let in was there.
        reason = Refusal.NOT_IN_SESSION
    if reason is not None:
        return Decision(outcome=Outcome.REFUSED, reason=reason)
    is_in = last is not None and last.action is Action.IN
    if check_in.action is Action.IN:
        outcome = Outcome.ALREADY_IN if is_in else Outcome.CHECKED_IN
    else:
        outcome = Outcome.CHECKED_OUT if is_in else Outcome.NOT_IN
    earlier = last if outcome is Outcome.ALREADY_IN else None
    if check_in.scanned_at is not None:
        return Decision(outcome=outcome, at=check_in.scanned_at, earlier=earlier)
    if outcome in {Outcome.ALREADY_IN, Outcome.NOT_IN}:
        return Decision(outcome=outcome, earlier=earlier)
    return Decision(outcome=outcome, at=after(last.at if last else None, now=now))


def _refusal(
    check_in: CheckIn, *, event_id: str, event_status: EventStatus, holder: TicketHolder | None
) -> Refusal | None:
    if event_status is EventStatus.CLOSED and check_in.scanned_at is None and check_in.action is Action.IN:
        # A scan that says when it was made is late word of what happened before the close; and whoever is still inside
        # when the clock closes the event leaves after it.
        return Refusal.EVENT_CLOSED
    if event_status in _BY_EVENT:
        return _BY_EVENT[event_status]
    if holder is None:
        return Refusal.UNKNOWN_TICKET
    if holder.event_id != event_id:
        return Refusal.OTHER_EVENT
    return _seat_refusal(check_in, holder)


def _seat_refusal(check_in: CheckIn, holder: TicketHolder) -> Refusal | None:
    if check_in.action is Action.OUT:
        # Whoever is inside can always leave, even if their seat was cancelled or moved meanwhile.
        return None
    if check_in.scanned_at is not None and holder.moved_at is not None and check_in.scanned_at < holder.moved_at:
        # Late word of an entry made with the ticket as it was then.
        return None
    if check_in.let_in and check_in.scanned_at is not None and holder.status is not SeatStatus.CANCELLED:
        return None
    if holder.status in _BY_SEAT:
        return _BY_SEAT[holder.status]
    return Refusal.REMOTE_TICKET if holder.mode is Mode.REMOTE else None
