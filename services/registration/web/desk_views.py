"""What desks get, as models."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

import msgspec
from pydantic import BaseModel

from schemas.envelope import Instant, format_instant
from services.registration.application.desk_ports import TicketState
from services.registration.application.desks import DeskState, Place
from services.registration.application.doors import CheckInResult
from services.registration.domain.checkins import Action, Outcome, Refusal, Scan
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.seats import Mode, SeatStatus

_DIGEST_BYTES: Final = 16


class ScanView(BaseModel):
    """A check-in or check-out that is recorded."""

    fact_id: str
    participant_id: str
    action: Action
    at: Instant
    gate: str | None
    device: str | None
    place_id: str | None
    clock_offset_ms: int | None
    voided: bool

    @classmethod
    def of(cls, scan: Scan) -> "ScanView":
        """A scan."""
        return cls(
            fact_id=scan.fact_id,
            participant_id=scan.participant_id,
            action=scan.action,
            at=scan.at,
            gate=scan.gate,
            device=scan.device,
            place_id=scan.place_id,
            clock_offset_ms=scan.clock_offset_ms,
            voided=scan.voided_by is not None,
        )


class OtherEventView(BaseModel):
    """The event that a ticket is for, where it is not this one."""

    title: str
    starts_at: Instant
    timezone: str

    @classmethod
    def of(cls, event: Event) -> "OtherEventView":
        """What anybody may know of it."""
        return cls(title=event.title, starts_at=event.starts_at, timezone=event.timezone)


class CheckInView(BaseModel):
    """What the desk shows.

    `fact_id` is the recorded scan, or the earlier one that made the person `already_in`; `earlier` tells where and when
    that was. With `remote_ticket`, `seats_left` is how many may still switch to the room, with `not_in_session` how
    many may still register for the session, null being without limit. With `other_event`, that is the event of the
    ticket, if the public may know it.
    """

    outcome: Outcome
    reason: Refusal | None
    fact_id: str | None
    at: Instant | None
    gate: str | None
    participant_id: str | None
    name: str | None
    mode: Mode | None
    status: SeatStatus | None
    earlier: ScanView | None
    seats_left: int | None
    other_event: OtherEventView | None

    @classmethod
    def of(cls, result: CheckInResult) -> "CheckInView":
        """The desk's answer."""
        shown = result.scan or result.earlier
        guest = result.guest
        seat = guest.holder if guest else None
        return cls(
            outcome=result.outcome,
            reason=result.reason,
            fact_id=shown.fact_id if shown else None,
            at=shown.at if shown else None,
            gate=shown.gate if shown else None,
            participant_id=seat.participant_id if seat else None,
            name=guest.name if guest else None,
            mode=seat.mode if seat else None,
            status=seat.status if seat else None,
            earlier=ScanView.of(result.earlier) if result.earlier else None,
            seats_left=result.seats_left,
            other_event=OtherEventView.of(result.other_event) if result.other_event else None,
        )


class VoidView(BaseModel):
    """A scan taken back; `fact_id` is the fact that says so."""

    fact_id: str
    voided_id: str
    participant_id: str

    @classmethod
    def of(cls, scan: Scan) -> "VoidView":
        """A voided scan."""
        return cls(fact_id=scan.voided_by or "", voided_id=scan.fact_id, participant_id=scan.participant_id)


class PlaceView(BaseModel):
    """A room or session that a desk may stand at, and how many are in; `capacity` null is without a known limit.

    Where `registration_needed`, `seats_left` more may register for the session, null being without limit.
    """

    place_id: str
    kind: str
    name: str
    inside: int
    capacity: int | None
    registration_needed: bool
    seats_left: int | None

    @classmethod
    def of(cls, place: Place) -> "PlaceView":
        """A place."""
        return cls(
            place_id=place.place_id,
            kind=place.kind,
            name=place.name,
            inside=place.inside,
            capacity=place.capacity,
            registration_needed=place.registration_needed,
            seats_left=place.seats_left,
        )


class GateView(BaseModel):
    """How many of those who are in came in last by this gate; null is a desk that names none."""

    gate: str | None
    inside: int


class EntryView(BaseModel):
    """When, and by which gate, somebody came into a room or session that they are in."""

    place_id: str
    at: Instant
    gate: str | None


class TicketView(BaseModel):
    """What a desk must know of a ticket to judge it without the network.

    `digest` stands for the code: `base64url(sha256("{event_id}:{code}")[:16])`, of the code without separators, so that
    a lost telephone holds no ticket that anybody could show. `name` is null once erased. `places` are the rooms and
    sessions that they are in, by `entries`; `sessions` are those with a seat, of those one registers for.
    """

    digest: str
    participant_id: str
    name: str | None
    mode: Mode
    status: SeatStatus
    last: ScanView | None
    places: list[str]
    entries: list[EntryView]
    sessions: list[str]


class DeskView(BaseModel):
    """What a desk needs to go on without the network, and to count who is in.

    `now` is the server's clock. `tickets` are all of them, or, with `since`, those that may have changed: `since` is
    the `now` of an earlier answer.
    """

    now: Instant
    event_id: str
    title: str
    status: EventStatus
    starts_at: Instant
    ends_at: Instant
    timezone: str
    capacity: int | None
    seats_left: int | None
    expected: int
    on_site: int
    gates: list[GateView]
    places: list[PlaceView]
    tickets: list[TicketView]

    @classmethod
    def of(cls, state: DeskState) -> "DeskView":
        """The state of an event's desks, but for the tickets: see `desk_document`."""
        event = state.event
        return cls(
            now=state.now,
            event_id=event.event_id,
            title=event.title,
            status=event.status,
            starts_at=event.starts_at,
            ends_at=event.ends_at,
            timezone=event.timezone,
            capacity=event.capacity.in_person,
            seats_left=state.seats_left,
            expected=state.expected,
            on_site=state.inside.on_site,
            gates=[GateView(gate=gate, inside=number) for gate, number in state.gates],
            places=[PlaceView.of(place) for place in state.places],
            tickets=[],
        )


def desk_document(state: DeskState) -> bytes:
    """The whole `DeskView`. There are thousands of tickets: they are written without a model for each of them."""
    event_id = state.event.event_id
    whole = DeskView.of(state).model_dump(mode="json")
    return msgspec.json.encode(whole | {"tickets": [_ticket(ticket, event_id) for ticket in state.tickets]})


def _ticket(ticket: TicketState, event_id: str) -> dict[str, object]:
    """A `TicketView`."""
    return {
        "digest": ticket_digest(event_id, ticket.ticket),
        "participant_id": ticket.participant_id,
        "name": ticket.name,
        "mode": ticket.mode,
        "status": ticket.status,
        "last": None if ticket.last is None else _scan(ticket.last),
        "places": sorted(ticket.places),
        "entries": [
            {"place_id": place_id, "at": format_instant(scan.at), "gate": scan.gate}
            for place_id, scan in sorted(ticket.places.items())
        ],
        "sessions": sorted(ticket.sessions),
    }


def _scan(scan: Scan) -> dict[str, object]:
    """A `ScanView`."""
    return {
        "fact_id": scan.fact_id,
        "participant_id": scan.participant_id,
        "action": scan.action,
        "at": format_instant(scan.at),
        "gate": scan.gate,
        "device": scan.device,
        "place_id": scan.place_id,
        "clock_offset_ms": scan.clock_offset_ms,
        "voided": scan.voided_by is not None,
    }


def ticket_digest(event_id: str, ticket: str) -> str:
    """What stands for a ticket code on a desk's device; see `TicketView`."""
    return urlsafe_b64encode(sha256(f"{event_id}:{ticket}".encode()).digest()[:_DIGEST_BYTES]).decode().rstrip("=")
