"""Rows of the tables to values of the domain, and back."""

import unicodedata
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from schemas.envelope import format_instant
from services.registration.adapters.question_store import question_from, question_values
from services.registration.application.ports import GuestLink
from services.registration.application.token_ports import StoredToken
from services.registration.domain.agenda import Conference, Room, Session
from services.registration.domain.checkins import Action, Outcome, Scan
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.event import ClosedBy, Closing, Event, EventStatus
from services.registration.domain.registrations import Person, Registration
from services.registration.domain.seats import Capacity, Mode, Offer, Ranks, SeatStatus
from services.registration.domain.session_places import SessionPlace
from services.registration.domain.streams import Stream, StreamKind
from services.registration.domain.suspect_times import TimeAcceptance


def event_from(row: Row[Any]) -> Event:
    """A row of `events`."""
    return Event(
        event_id=row.event_id,
        title=row.title,
        status=EventStatus(row.status),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        timezone=row.timezone,
        capacity=Capacity(in_person=row.in_person_seats, remote=row.remote_seats),
        grace_minutes=row.grace_minutes,
        reconnect_grace_seconds=row.reconnect_grace_seconds,
        offer_minutes=row.offer_minutes,
        no_show_minutes=row.no_show_minutes,
        description=row.description,
        series=row.series,
        rooms=tuple(_room(room) for room in row.rooms),
        sessions=tuple(_session(session) for session in row.sessions if not session.get("removed")),
        removed_sessions=tuple(_session(session) for session in row.sessions if session.get("removed")),
        data_contact=None if row.data_contact is None else DataContact(**row.data_contact),
        questions=tuple(question_from(question) for question in row.questions or ()),
        changed_at=row.changed_at,
        opened_at=row.opened_at,
        closing=None if row.closed_at is None else Closing(at=row.closed_at, by=ClosedBy(row.closed_by)),
        archived_at=row.archived_at,
    )


def event_values(event: Event) -> dict[str, Any]:
    """What `events` stores of an event."""
    return {
        "event_id": event.event_id,
        "title": event.title,
        "status": event.status.value,
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "timezone": event.timezone,
        "in_person_seats": event.capacity.in_person,
        "remote_seats": event.capacity.remote,
        "grace_minutes": event.grace_minutes,
        "reconnect_grace_seconds": event.reconnect_grace_seconds,
        "offer_minutes": event.offer_minutes,
        "no_show_minutes": event.no_show_minutes,
        "description": event.description,
        "series": event.series,
        "no_shows_from": event.no_shows_from,
        "rooms": [
            {
                "room_id": room.room_id,
                "name": room.name,
                "conference": {"source": room.conference.source, "room": room.conference.room}
                if room.conference
                else None,
                "address": room.address,
                "stream": None if room.stream is None else asdict(room.stream),
            }
            for room in event.rooms
        ],
        "sessions": [_session_values(session) for session in event.sessions]
        + [{**_session_values(session), "removed": True} for session in event.removed_sessions],
        "data_contact": None if event.data_contact is None else asdict(event.data_contact),
        "questions": [question_values(question) for question in event.questions],
        "changed_at": event.changed_at,
        "opened_at": event.opened_at,
        "closed_at": event.closing.at if event.closing else None,
        "closed_by": event.closing.by.value if event.closing else None,
        "archived_at": event.archived_at,
    }


def _room(stored: dict[str, Any]) -> Room:
    conference, stream = stored["conference"], stored.get("stream")
    return Room(
        room_id=stored["room_id"],
        name=stored["name"],
        conference=Conference(source=conference["source"], room=conference["room"]) if conference else None,
        address=stored.get("address"),
        stream=None if stream is None else _stream(stream),
    )


def _stream(stored: dict[str, Any]) -> Stream:
    kind = stored["kind"]
    return Stream(**{**stored, "kind": None if kind is None else StreamKind(kind)})


def _session_values(session: Session) -> dict[str, Any]:
    return {
        "session_id": session.session_id,
        "title": session.title,
        "starts_at": format_instant(session.starts_at),
        "ends_at": format_instant(session.ends_at),
        "room": session.room,
        "description": session.description,
        "speakers": list(session.speakers),
        "seats": {"in_person": session.capacity.in_person, "remote": session.capacity.remote},
        "cancelled": session.cancelled,
        "registration_needed": session.registration_needed,
    }


def _session(stored: dict[str, Any]) -> Session:
    """What was stored before sessions were more than a title in a room lacks the rest."""
    return Session(
        session_id=stored["session_id"],
        title=stored["title"],
        starts_at=datetime.fromisoformat(stored["starts_at"]),
        ends_at=datetime.fromisoformat(stored["ends_at"]),
        room=stored["room"],
        description=stored.get("description"),
        speakers=tuple(stored.get("speakers", ())),
        capacity=Capacity(**stored.get("seats", {})),
        cancelled=stored.get("cancelled", False),
        registration_needed=stored.get("registration_needed", False),
    )


def registration_from(row: Row[Any]) -> Registration:
    """A row of `registrations`."""
    return Registration(
        participant_id=row.participant_id,
        event_id=row.event_id,
        mode=Mode(row.mode),
        status=SeatStatus(row.status),
        ticket=row.ticket,
        ranks=Ranks(in_person=row.in_person_rank, remote=row.remote_rank),
        offer=None if row.offered is None else Offer(mode=Mode(row.offered), until=row.offered_until),
        created_at=row.created_at,
        changed_at=row.changed_at,
        moved_at=row.moved_at,
        released_at=row.released_at,
        headcount=row.headcount,
        group_id=row.group_id,
        retry_key=row.retry_key,
    )


def registration_values(registration: Registration) -> dict[str, Any]:
    """What `registrations` stores."""
    return {
        "participant_id": registration.participant_id,
        "event_id": registration.event_id,
        "mode": registration.mode.value,
        "status": registration.status.value,
        "ticket": registration.ticket,
        "in_person_rank": registration.ranks.in_person,
        "remote_rank": registration.ranks.remote,
        "offered": registration.offer.mode.value if registration.offer else None,
        "offered_until": registration.offer.until if registration.offer else None,
        "created_at": registration.created_at,
        "changed_at": registration.changed_at,
        "moved_at": registration.moved_at,
        "released_at": registration.released_at,
        "headcount": registration.headcount,
        "group_id": registration.group_id,
        "retry_key": registration.retry_key,
    }


def session_place_from(row: Row[Any]) -> SessionPlace:
    """A row of `session_places`."""
    return SessionPlace(
        event_id=row.event_id,
        session_id=row.session_id,
        participant_id=row.participant_id,
        mode=Mode(row.mode),
        status=SeatStatus(row.status),
        rank=row.rank,
        changed_at=row.changed_at,
    )


def session_place_values(place: SessionPlace) -> dict[str, Any]:
    """What `session_places` stores."""
    return {
        "event_id": place.event_id,
        "session_id": place.session_id,
        "participant_id": place.participant_id,
        "mode": place.mode.value,
        "status": place.status.value,
        "rank": place.rank,
        "changed_at": place.changed_at,
    }


def person_values(person: Person) -> dict[str, Any]:
    """What `people` stores of a person."""
    return {
        "name": person.name,
        "email": person.email,
        "language": person.language,
        "search_text": searchable(f"{person.name} {person.email}"),
    }


def searchable(text: str) -> str:
    """Text as it is searched: without case and accents, so that `lea` finds `Léa`."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return " ".join(plain.casefold().split())


def scan_from(row: Row[Any]) -> Scan:
    """A row of `scans`."""
    return Scan(
        fact_id=row.fact_id,
        event_id=row.event_id,
        participant_id=row.participant_id,
        action=Action(row.action),
        outcome=Outcome(row.outcome),
        at=row.at,
        recorded_at=row.recorded_at,
        gate=row.gate,
        device=row.device,
        place_id=row.place_id,
        clock_offset_ms=row.clock_offset_ms,
        voided_by=row.voided_by,
        voided_at=row.voided_at,
    )


def scan_values(scan: Scan) -> dict[str, Any]:
    """What `scans` stores."""
    return {
        "fact_id": scan.fact_id,
        "event_id": scan.event_id,
        "participant_id": scan.participant_id,
        "action": scan.action.value,
        "outcome": scan.outcome.value,
        "at": scan.at,
        "recorded_at": scan.recorded_at,
        "gate": scan.gate,
        "device": scan.device,
        "place_id": scan.place_id,
        "clock_offset_ms": scan.clock_offset_ms,
        "voided_by": scan.voided_by,
        "voided_at": scan.voided_at,
    }


def guest_link_from(row: Row[Any]) -> GuestLink:
    """A row of `guest_links`."""
    return GuestLink(
        guest_id=row.guest_id,
        participant_id=row.participant_id,
        changed_at=row.changed_at,
        set_aside=row.set_aside,
    )


def time_acceptance_from(row: Row[Any]) -> TimeAcceptance:
    """A row of `time_acceptances`."""
    return TimeAcceptance(
        event_id=row.event_id, fact_id=row.fact_id, subject=row.subject, accepted=row.accepted, at=row.at
    )


def token_from(row: Row[Any]) -> StoredToken:
    """A row of `tokens`."""
    return StoredToken(
        token_id=row.token_id,
        hash=row.hash,
        role=row.role,
        event_id=row.event_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
