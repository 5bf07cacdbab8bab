"""The agenda as a calendar to subscribe to."""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import icalendar

from services.registration.domain.agenda import Session
from services.registration.domain.event import Event, EventStatus

_SEQUENCES_BEGIN: Final = datetime(2020, 1, 1, tzinfo=UTC)
_AROUND: Final = timedelta(days=366)
_ASK_AGAIN: Final = timedelta(hours=1)


def sequence_at(changed_at: datetime) -> int:
    """The SEQUENCE of an entry whose subject last changed then: it grows with time, and needs no counter."""
    return int((changed_at - _SEQUENCES_BEGIN).total_seconds())


def new_calendar() -> icalendar.Calendar:
    """A calendar of ours, still empty."""
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Passerelle//Registration//EN")
    calendar.add("version", "2.0")
    return calendar


def add_time_zones(calendar: icalendar.Calendar, event: Event) -> None:
    """Readers that know the zone by its name do so; the others need its rules for these days only."""
    calendar.add_missing_timezones(
        first_date=event.starts_at.date() - _AROUND, last_date=event.ends_at.date() + _AROUND
    )


def agenda_feed(event: Event, *, public_url: str) -> bytes:
    """One entry a session, or one for an event without any; the same bytes until the event changes.

    A session keeps its UID whatever becomes of it, and its SEQUENCE grows with each change. What does not take place,
    or is in the agenda no more, says so (STATUS:CANCELLED); the calendar of a cancelled event takes its entries back
    (METHOD:CANCEL). Speakers are named: the organizer made their names public.
    """
    calendar = new_calendar()
    if event.status is EventStatus.CANCELLED:
        calendar.add("method", "CANCEL")
    calendar.add("name", event.title)
    calendar.add("x-wr-calname", event.title)
    calendar.add("x-wr-timezone", event.timezone)
    calendar.add("refresh-interval", _ASK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    url = f"{public_url}/e/{event.event_id}"
    for session in (*event.sessions, *event.removed_sessions):
        calendar.add_component(_session_entry(session, event, url=url))
    if not event.sessions:
        entry = _entry(event, uid=event.event_id, title=event.title, cancelled=False, url=url)
        _place(entry, event, starts_at=event.starts_at, ends_at=event.ends_at)
        if event.rooms:
            entry.add("location", " · ".join(room.whereabouts for room in event.rooms))
        calendar.add_component(entry)
    add_time_zones(calendar, event)
    written: bytes = calendar.to_ical()
    return written


def _session_entry(session: Session, event: Event, *, url: str) -> icalendar.Event:
    entry = _entry(event, uid=session.session_id, title=session.title, cancelled=session.cancelled, url=url)
    _place(entry, event, starts_at=session.starts_at, ends_at=session.ends_at)
    room = event.room(session.room)
    if room is not None:
        entry.add("location", room.whereabouts)
    lines = [", ".join(session.speakers), session.description or ""]
    if any(lines):
        entry.add("description", "\n\n".join(line for line in lines if line))
    return entry


def _entry(event: Event, *, uid: str, title: str, cancelled: bool, url: str) -> icalendar.Event:
    entry = icalendar.Event()
    entry.add("uid", f"{uid}.passerelle")
    entry.add("sequence", sequence_at(event.changed_at))
    # Without a METHOD, DTSTAMP is when the entry last changed (RFC 5545, 3.8.7.2).
    entry.add("dtstamp", event.changed_at)
    entry.add("last-modified", event.changed_at)
    entry.add("summary", title)
    entry.add("status", "CANCELLED" if cancelled or event.status is EventStatus.CANCELLED else "CONFIRMED")
    entry.add("url", url)
    return entry


def _place(entry: icalendar.Event, event: Event, *, starts_at: datetime, ends_at: datetime) -> None:
    zone = ZoneInfo(event.timezone)
    entry.add("dtstart", starts_at.astimezone(zone))
    entry.add("dtend", ends_at.astimezone(zone))
