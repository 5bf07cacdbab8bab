"""From the domain's facts to the wire: each becomes one record of a topic, keyed by its event."""

from collections.abc import Callable, Mapping
from typing import Final, TypedDict

from schemas import checkin as checkin_wire
from schemas import erasures as erasures_wire
from schemas import registration as wire
from schemas import session_places as places_wire
from schemas.envelope import CONTENT_TYPE, FactData
from schemas.envelope import Fact as WireFact
from schemas.topics import CHECKIN, REGISTRATION, Topic
from services.chassis.outbox import OutboxRecord
from services.registration.adapters.attendance_facts import contest_answer_fact, contest_fact, eligibility_fact
from services.registration.domain.checkins import Action
from services.registration.domain.event import Event
from services.registration.domain.facts import (
    AttendanceContested,
    ContestAnswered,
    EligibilityChanged,
    EventMoved,
    EventStep,
    Fact,
    GuestIdentified,
    OfferEnded,
    PersonErased,
    PlaceStep,
    ScanVoided,
    SeatMoved,
    SeatStep,
    SessionPlaceMoved,
    TicketScanned,
    TimeJudged,
)
from services.registration.domain.registrations import Registration

OFFICE: Final = "/registration"
"""The CloudEvents `source` of events, registrations and links."""
DESK: Final = "/registration/desk"
"""The CloudEvents `source` of check-ins."""

_EVENT_FACTS: Final[dict[EventStep, Callable[..., WireFact]]] = {
    EventStep.CREATED: wire.EventCreated,
    EventStep.CHANGED: wire.EventChanged,
    EventStep.PUBLISHED: wire.EventPublished,
    EventStep.CLOSED: wire.EventClosed,
    EventStep.CANCELLED: wire.EventCancelled,
}
_SEAT_FACTS: Final[dict[SeatStep, Callable[..., WireFact]]] = {
    SeatStep.REGISTERED: wire.ParticipantRegistered,
    SeatStep.CONFIRMED: wire.ParticipantConfirmed,
    SeatStep.MODE_CHANGED: wire.ParticipantModeChanged,
    SeatStep.CANCELLED: wire.ParticipantCancelled,
    SeatStep.OFFERED: wire.SeatOffered,
    SeatStep.RELEASED: wire.SeatReleased,
    SeatStep.CHANGED: wire.SeatChanged,
}


_PLACE_FACTS: Final[dict[PlaceStep, Callable[..., WireFact]]] = {
    PlaceStep.TAKEN: places_wire.SessionPlaceTaken,
    PlaceStep.CHANGED: places_wire.SessionPlaceChanged,
    PlaceStep.LEFT: places_wire.SessionPlaceLeft,
}


class _Seat(TypedDict):
    event_id: str
    mode: wire.Mode
    status: wire.SeatStatus
    waits_for: tuple[wire.Mode, ...] | None
    headcount: int | None


def to_record(fact: Fact) -> OutboxRecord:
    """The record that tells a fact."""
    topic, wire_fact = to_wire(fact)
    return OutboxRecord(
        topic=topic,
        key=wire_fact.data.event_id.encode(),
        value=wire_fact.to_bytes(),
        headers={"content-type": CONTENT_TYPE},
    )


def to_wire(fact: Fact) -> tuple[str, WireFact]:
    """The topic of a fact, and what is sent there."""
    topic, write = _WRITERS[type(fact)]
    return topic.name, write(fact)


def _event_fact(fact: EventMoved) -> WireFact:
    return _EVENT_FACTS[fact.step](
        id=fact.fact_id,
        source=OFFICE,
        time=fact.event.changed_at,
        recordedtime=fact.recorded_at,
        data=event_data(fact.event),
    )


def event_data(event: Event) -> wire.EventData:
    """The whole event as the topic carries it."""
    return wire.EventData(
        event_id=event.event_id,
        title=event.title,
        status=wire.EventStatus(event.status),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        timezone=event.timezone,
        capacity=wire.Capacity(in_person=event.capacity.in_person, remote=event.capacity.remote),
        grace_seconds=event.grace_minutes * 60,
        reconnect_grace_seconds=event.reconnect_grace_seconds,
        rooms=tuple(
            wire.Room(
                room_id=room.room_id,
                name=room.name,
                conference=wire.Conference(source=room.conference.source, room=room.conference.room)
                if room.conference
                else None,
            )
            for room in event.rooms
        ),
        sessions=tuple(
            wire.Session(
                session_id=session.session_id,
                title=session.title,
                starts_at=session.starts_at,
                ends_at=session.ends_at,
                room=session.room,
                capacity=wire.Capacity(in_person=session.capacity.in_person, remote=session.capacity.remote),
                cancelled=session.cancelled,
                registration_needed=session.registration_needed,
            )
            for session in event.sessions
        ),
        closed_at=event.closed_early_at,
        series=event.series,
    )


def _seat_fact(fact: SeatMoved) -> WireFact:
    seat = fact.registration
    data: FactData = FactData(event_id=seat.event_id)
    if fact.step is SeatStep.OFFERED and seat.offer is not None:
        offered, expires_at = wire.Mode(seat.offer.mode), seat.offer.until
        data = wire.OfferData(**_seat_data(seat), offered=offered, expires_at=expires_at)
    elif fact.step is not SeatStep.CANCELLED:
        data = wire.SeatData(**_seat_data(seat))
    return _SEAT_FACTS[fact.step](
        id=fact.fact_id,
        source=OFFICE,
        subject=seat.participant_id,
        time=seat.changed_at,
        recordedtime=fact.recorded_at,
        data=data,
    )


def _offer_end_fact(fact: OfferEnded) -> WireFact:
    kind: Callable[..., WireFact] = wire.SeatOfferWithdrawn
    seat = fact.registration
    offered, reason = wire.Mode(fact.mode), wire.OfferEnd(fact.reason)
    return kind(
        id=fact.fact_id,
        source=OFFICE,
        subject=seat.participant_id,
        time=seat.changed_at,
        recordedtime=fact.recorded_at,
        data=wire.OfferWithdrawnData(**_seat_data(seat), offered=offered, reason=reason),
    )


def _place_fact(fact: SessionPlaceMoved) -> WireFact:
    place = fact.place
    whose = {"event_id": place.event_id, "session_id": place.session_id}
    data: FactData = places_wire.SessionLeftData(**whose)
    if fact.step is not PlaceStep.LEFT:
        data = places_wire.SessionPlaceData(**whose, mode=wire.Mode(place.mode), status=wire.SeatStatus(place.status))
    return _PLACE_FACTS[fact.step](
        id=fact.fact_id,
        source=OFFICE,
        subject=place.participant_id,
        time=place.changed_at,
        recordedtime=fact.recorded_at,
        data=data,
    )


def _seat_data(seat: Registration) -> _Seat:
    """What the topic says of a registration; what it waits for only where mode and status do not say it."""
    told = () if seat.holds else (seat.mode,)
    waits_for = tuple(wire.Mode(mode) for mode in seat.ranks.modes)
    return {
        "event_id": seat.event_id,
        "mode": wire.Mode(seat.mode),
        "status": wire.SeatStatus(seat.status),
        "waits_for": None if waits_for == told else waits_for,
        "headcount": seat.headcount,
    }


def _identity_fact(fact: GuestIdentified) -> WireFact:
    kind: Callable[..., WireFact] = wire.IdentityLinked if fact.linked else wire.IdentityUnlinked
    return kind(
        id=fact.fact_id,
        source=OFFICE,
        subject=fact.participant_id,
        time=fact.at,
        recordedtime=fact.at,
        data=wire.LinkData(event_id=fact.event_id, guest_id=fact.guest_id, participant_id=fact.participant_id),
    )


def _erasure_fact(fact: PersonErased) -> WireFact:
    kind: Callable[..., WireFact] = erasures_wire.PersonErased
    return kind(
        id=fact.fact_id,
        source=OFFICE,
        subject=fact.participant_id,
        time=fact.at,
        recordedtime=fact.at,
        data=erasures_wire.ErasureData(event_id=fact.event_id, guests=fact.guests),
    )


def _time_fact(fact: TimeJudged) -> WireFact:
    said = fact.acceptance
    kind: Callable[..., WireFact] = wire.TimeAccepted if said.accepted else wire.TimeAcceptanceWithdrawn
    return kind(
        id=fact.fact_id,
        source=OFFICE,
        subject=said.subject,
        time=said.at,
        recordedtime=fact.recorded_at,
        data=wire.TimeAcceptanceData(event_id=said.event_id, fact_id=said.fact_id),
    )


def _scan_fact(fact: TicketScanned) -> WireFact:
    scan = fact.scan
    kind: Callable[..., WireFact] = checkin_wire.CheckedIn if scan.action is Action.IN else checkin_wire.CheckedOut
    return kind(
        id=scan.fact_id,
        source=DESK,
        subject=scan.participant_id,
        time=scan.at,
        recordedtime=scan.recorded_at,
        data=checkin_wire.CheckInData(
            event_id=scan.event_id,
            gate=scan.told_gate,
            place_id=scan.place_id,
            clock_offset_ms=scan.clock_offset_ms,
        ),
    )


def _void_fact(fact: ScanVoided) -> WireFact:
    kind: Callable[..., WireFact] = checkin_wire.CheckInVoided
    return kind(
        id=fact.fact_id,
        source=DESK,
        subject=fact.scan.participant_id,
        time=fact.at,
        recordedtime=fact.at,
        data=checkin_wire.VoidData(event_id=fact.scan.event_id, voided_id=fact.scan.fact_id),
    )


_WRITERS: Final[Mapping[type[Fact], tuple[Topic, Callable[..., WireFact]]]] = {
    EventMoved: (REGISTRATION, _event_fact),
    SeatMoved: (REGISTRATION, _seat_fact),
    OfferEnded: (REGISTRATION, _offer_end_fact),
    SessionPlaceMoved: (REGISTRATION, _place_fact),
    GuestIdentified: (REGISTRATION, _identity_fact),
    PersonErased: (REGISTRATION, _erasure_fact),
    TimeJudged: (REGISTRATION, _time_fact),
    EligibilityChanged: (REGISTRATION, eligibility_fact),
    AttendanceContested: (REGISTRATION, contest_fact),
    ContestAnswered: (REGISTRATION, contest_answer_fact),
    TicketScanned: (CHECKIN, _scan_fact),
    ScanVoided: (CHECKIN, _void_fact),
}
