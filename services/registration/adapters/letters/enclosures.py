"""What comes with a letter, and is on the personal page: the ticket as QR code and as PDF, the calendar entry."""

import io
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import icalendar
import segno

from services.chassis.clock import Clock
from services.chassis.printing import print_pdf
from services.registration.adapters.letters.agenda_feed import add_time_zones, new_calendar, sequence_at
from services.registration.adapters.letters.languages import Tongue, Tongues
from services.registration.application.chosen_sessions import ChosenSession
from services.registration.application.personal_links import PersonalLinks
from services.registration.application.ports import Participant
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.tickets import spell

_TICKET: Final = Path(__file__).parent / "ticket.typ"


class Enclosures:
    """Makes them, in the language of whom they are for. Safe in a thread."""

    def __init__(self, *, links: PersonalLinks, organizer: str, clock: Clock) -> None:
        """`organizer` is the address that calendar entries come from."""
        self._links = links
        self._organizer = organizer
        self._clock = clock
        self._tongues = Tongues.load()
        self._ticket = _TICKET.read_bytes()

    def qr_png(self, registration: Registration) -> bytes:
        """The ticket's code as a picture for mail programs, which show no SVG."""
        picture = io.BytesIO()
        segno.make_qr(spell(registration.ticket), error="m").save(picture, kind="png", scale=6, border=4)
        return picture.getvalue()

    def ticket_pdf(
        self, event: Event, participant: Participant, language: str, sessions: Sequence[ChosenSession] = ()
    ) -> bytes:
        """The ticket as PDF/UA-1: tagged, with its language, its title, and the code as text beside the picture."""
        tongue = self._tongues.of(language)
        words = _ticket_words(event, participant, tongue) | {
            "sessions_label": tongue.texts.gettext("Your sessions"),
            "sessions": "\n".join(session_lines(sessions, event, tongue)),
        }
        code = segno.make_qr(words["code"], error="m").svg_inline(border=4, omitsize=True)
        return print_pdf(self._ticket, words | {"qr": code}, stamped_at=self._clock())

    def calendar_entry(
        self, event: Event, participant: Participant, language: str, sessions: Sequence[ChosenSession] = ()
    ) -> bytes:
        """The event for the person's calendar, with an entry for each session that they have a seat in.

        A UID never changes, and SEQUENCE grows with each change of the event or the registration. Once one of them
        is cancelled the entry takes itself out of the calendar (METHOD:CANCEL); one of a session that was left says so.
        """
        seat, gettext = participant.registration, self._tongues.of(language).texts.gettext
        cancelled = event.status is EventStatus.CANCELLED or seat.status is SeatStatus.CANCELLED
        changed_at = max(event.changed_at, seat.changed_at)
        zone = ZoneInfo(event.timezone)
        entry = icalendar.Event()
        entry.add("uid", f"{seat.participant_id}.passerelle")
        entry.add("sequence", sequence_at(changed_at))
        entry.add("dtstamp", self._clock())
        entry.add("last-modified", changed_at)
        entry.add("dtstart", event.starts_at.astimezone(zone))
        entry.add("dtend", event.ends_at.astimezone(zone))
        entry.add("summary", event.title)
        entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        entry.add("organizer", f"mailto:{self._organizer}")
        entry.add("url", f"{self._links.public_url}/e/{event.event_id}")
        if not cancelled:
            whose = {"event_id": event.event_id, "participant_id": seat.participant_id}
            if seat.mode is not Mode.REMOTE:
                entry.add("location", where(event))
                entry.add("description", gettext("Ticket: %(code)s") % {"code": spell(seat.ticket)})
            elif seat.status is SeatStatus.CONFIRMED:
                # Calendars are shown to colleagues: this link leads into the meeting, and opens nothing else.
                entry.add("location", self._links.join_url(**whose))
        calendar = new_calendar()
        calendar.add("method", "CANCEL" if cancelled else "PUBLISH")
        calendar.add_component(entry)
        for chosen in sessions:
            if chosen.place.status is not SeatStatus.WAITLISTED:
                gone = cancelled or chosen.place.is_left or chosen.session.cancelled
                calendar.add_component(self._session_entry(chosen, event, seat, changed_at=changed_at, gone=gone))
        add_time_zones(calendar, event)
        written: bytes = calendar.to_ical()
        return written

    def _session_entry(
        self, chosen: ChosenSession, event: Event, seat: Registration, *, changed_at: datetime, gone: bool
    ) -> icalendar.Event:
        session, zone, changed = chosen.session, ZoneInfo(event.timezone), max(changed_at, chosen.place.changed_at)
        entry = icalendar.Event()
        entry.add("uid", f"{seat.participant_id}.{session.session_id}.passerelle")
        entry.add("sequence", sequence_at(changed))
        entry.add("dtstamp", self._clock())
        entry.add("last-modified", changed)
        entry.add("dtstart", session.starts_at.astimezone(zone))
        entry.add("dtend", session.ends_at.astimezone(zone))
        entry.add("summary", f"{session.title} – {event.title}")
        entry.add("status", "CANCELLED" if gone else "CONFIRMED")
        entry.add("organizer", f"mailto:{self._organizer}")
        room = event.room(session.room)
        if room is not None and seat.mode is Mode.IN_PERSON:
            entry.add("location", room.whereabouts)
        return entry


def _ticket_words(event: Event, participant: Participant, tongue: Tongue) -> dict[str, str]:
    gettext = tongue.texts.gettext
    code = spell(participant.registration.ticket)
    return {
        "language": tongue.language,
        "title": gettext("Ticket: %(event)s") % {"event": event.title},
        "event": event.title,
        "when": when(event, tongue),
        "where": where(event),
        "name": participant.person.name if participant.person else "",
        "code": code,
        "alternative": gettext("QR code of ticket %(code)s") % {"code": code},
        "code_label": gettext("Ticket code"),
        "name_label": gettext("Name"),
        "when_label": gettext("When"),
        "where_label": gettext("Where"),
        "advice": gettext(
            "Show the QR code at the door, on your phone or on paper. Without it, say the code or your name."
        ),
    }


def when(event: Event, tongue: Tongue) -> str:
    """From when to when, in the event's time zone, which is named."""
    whole, day, time = (tongue.formats[name] for name in ("format_datetime", "format_date", "format_time"))
    same_day = day(event.starts_at, event.timezone) == day(event.ends_at, event.timezone)
    end = time(event.ends_at, event.timezone) if same_day else whole(event.ends_at, event.timezone, "full")
    zone = event.timezone.replace("_", " ")
    return f"{whole(event.starts_at, event.timezone, 'full')} – {end} ({zone})"


def session_lines(sessions: Sequence[ChosenSession], event: Event, tongue: Tongue) -> list[str]:
    """What somebody chose and has not left, a line each: when, what and where, and whether they wait for a seat."""
    lines = []
    for chosen in sessions:
        session, gettext = chosen.session, tongue.texts.gettext
        if chosen.place.is_left:
            continue
        start = tongue.formats["format_datetime"](session.starts_at, event.timezone)
        line = f"{start} – {session.title}" + (f" ({session.room})" if session.room else "")
        if chosen.removed:
            line = gettext("%(session)s: no longer in the agenda") % {"session": line}
        elif session.cancelled:
            line = gettext("%(session)s: does not take place") % {"session": line}
        elif chosen.place.status is SeatStatus.WAITLISTED:
            waits = gettext("%(session)s: number %(place)s on the waiting list")
            line = waits % {"session": line, "place": chosen.position or 1}
        lines.append(line)
    return lines


def where(event: Event) -> str:
    """The rooms of the event, with their addresses."""
    return " · ".join(room.whereabouts for room in event.rooms)
