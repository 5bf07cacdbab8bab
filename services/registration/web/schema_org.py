"""An event in the words of schema.org, as search engines and other agendas read it from the public page."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.registration.domain.agenda import Room, Session
from services.registration.domain.data_contacts import DataContact
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.seats import Mode

_Described = Mapping[str, Any]


def described(event: Event, *, url: str, free: Mapping[Mode, int | None], image: str) -> _Described:
    """The event as JSON-LD, with the ways to attend that it has seats for.

    `url` is that of its public page, `free` the seats that nobody has (None without limit).
    """
    here, there = (event.capacity.of(mode) != 0 for mode in (Mode.IN_PERSON, Mode.REMOTE))
    attendance = "Mixed" if here == there else "Offline" if here else "Online"
    places = [_place(room) for room in event.rooms if room.physical] or [_place(room) for room in event.rooms]
    # Who registers gets a link of their own: the page is where remote attendance begins.
    online = [{"@type": "VirtualLocation", "url": url}] if attendance != "Offline" else []
    return {
        "@context": "https://schema.org",
        "@type": "Event",
        "@id": url,
        "url": url,
        "name": event.title,
        "image": [image],
        **({"description": event.description} if event.description else {}),
        **_hours(event.starts_at, event.ends_at, event),
        "eventStatus": _status(cancelled=event.status is EventStatus.CANCELLED),
        "eventAttendanceMode": f"https://schema.org/{attendance}EventAttendanceMode",
        **({"location": locations} if (locations := (places if attendance != "Online" else []) + online) else {}),
        **_seats("maximumPhysicalAttendeeCapacity", event.capacity.in_person),
        **_seats("maximumVirtualAttendeeCapacity", event.capacity.remote),
        **({"organizer": _organizer(event.data_contact)} if event.data_contact else {}),
        **({"offers": _registering(url, free)} if event.status is EventStatus.PUBLISHED else {}),
        **({"subEvent": [_session(session, event) for session in event.sessions]} if event.sessions else {}),
    }


def _registering(url: str, free: Mapping[Mode, int | None]) -> _Described:
    """How one gets a seat. What it costs is not known here: a shop may sell it."""
    full = all(seats == 0 for seats in free.values())
    return {"@type": "Offer", "url": url, "availability": f"https://schema.org/{'SoldOut' if full else 'InStock'}"}


def _organizer(contact: DataContact) -> _Described:
    return {"@type": "Organization", "name": contact.controller}


def _session(session: Session, event: Event) -> _Described:
    room = event.room(session.room)
    performers = [{"@type": "Person", "name": name} for name in session.speakers]
    return {
        "@type": "Event",
        "name": session.title,
        **_hours(session.starts_at, session.ends_at, event),
        "eventStatus": _status(cancelled=session.cancelled or event.status is EventStatus.CANCELLED),
        **({"description": session.description} if session.description else {}),
        **({"performer": performers} if performers else {}),
        **({"location": _place(room)} if room else {}),
    }


def _place(room: Room) -> _Described:
    return {"@type": "Place", "name": room.name} | ({"address": room.address} if room.address else {})


def _hours(starts_at: datetime, ends_at: datetime, event: Event) -> _Described:
    """In local time with its offset: what is shown is the hour of the place."""
    zone = ZoneInfo(event.timezone)
    local = (instant.astimezone(zone).isoformat(timespec="seconds") for instant in (starts_at, ends_at))
    return dict(zip(("startDate", "endDate"), local, strict=True))


def _status(*, cancelled: bool) -> str:
    return f"https://schema.org/Event{'Cancelled' if cancelled else 'Scheduled'}"


def _seats(name: str, seats: int | None) -> _Described:
    return {} if seats is None else {name: seats}
