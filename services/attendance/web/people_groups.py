"""What the groups are called whom the figures of a report count, where a list shows those of one alone."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from schemas.registration import EventData
from services.attendance.web.report_tables import Tongue
from services.chassis.pages.formats import format_date
from services.chassis.pages.languages import mark

_WHO: Final[Mapping[str, str]] = {
    "registered": mark("Registered"),
    "waitlisted": mark("On the waitlist"),
    "cancelled": mark("Registration cancelled"),
    "came": mark("Came"),
    "guests": mark("Of those who came, not registered"),
    "absent": mark("Registered and never seen"),
    "shared": mark("Shared connections"),
    "switched": mark("Changes of mode"),
    "inferred": mark("Inferred"),
    "contradicted": mark("Facts that do not fit"),
    "suspect": mark("Facts left out for an impossible time"),
    "stayed": mark("Length of presence"),
}
_HOW: Final[Mapping[str, str]] = {
    "in_person": mark("On site"),
    "remote": mark("Remote"),
    "both": mark("Both"),
    "came": mark("Came"),
    "to_remote": mark("From the room to remote"),
    "to_in_person": mark("From remote to the room"),
}
_HALVES: Final[Mapping[str, str]] = {"morning": mark("morning"), "afternoon": mark("afternoon")}


def group_words(group: str, event: EventData, tongue: Tongue) -> str:
    """What a group of a report of this event is called."""
    kind, *how = group.split(":")
    words = [tongue.gettext(_WHO[kind])] if kind in _WHO else []
    if kind == "session":
        session_id, *how = how
        words.append(next((one.title for one in event.sessions if one.session_id == session_id), session_id))
    elif kind == "half_day":
        half_day, *how = how
        words.append(_half_day(half_day, tongue))
    elif kind == "stayed":
        minutes, *how = how
        words.append(tongue.gettext(mark("%(least)s or more")) % {"least": tongue.length(60 * int(minutes))})
    return ", ".join([*words, *(tongue.gettext(_HOW[one]) for one in how)])


def _half_day(half_day: str, tongue: Tongue) -> str:
    day, _, half = half_day.partition("/")
    written = format_date(date.fromisoformat(day), language=tongue.language, style="long")
    return f"{written}, {tongue.gettext(_HALVES[half])}"
