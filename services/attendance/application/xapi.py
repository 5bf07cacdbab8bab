"""Attendance as xAPI statements, for a learning record store: who `attended` an event and its sessions, for how long.

Valid for xAPI 1.0.3 and 2.0. People are accounts with random names. A statement's id follows from all that it says:
sent twice it is the same statement, and one that would say something else has another id, as a store wants it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeAlias
from uuid import uuid5

from schemas.envelope import format_instant
from schemas.identifiers import NAMESPACE
from schemas.registration import EventData, Session
from services.attendance.adapters.tables import to_column
from services.attendance.application.translation import instant
from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import Span, intersection, measure, union

Statement: TypeAlias = dict[str, Any]

_VERB: Final = {
    "id": "http://adlnet.gov/expapi/verbs/attended",
    "display": {"en": "attended", "fr": "a assisté à"},
}
_MEETING: Final = "http://adlnet.gov/expapi/activities/meeting"
_NO_LANGUAGE: Final = "und"
"""Titles are in whatever language the organizers wrote them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody, under a random name, and when they were there in each mode: disjoint spans in order."""

    name: str
    spans: Mapping[Mode, Sequence[Span]]


def statements(event: EventData, attendees: Sequence[Attendee], *, home_page: str) -> Iterator[Statement]:
    """One a person for the event, then one for each session they were in; nobody's for what they were not in.

    `home_page` is the address of this Passerelle, which accounts, activities and extensions are named by.
    """
    whole = _activity(f"{home_page}/e/{event.event_id}", event.title)
    parts = [
        (_activity(f"{home_page}/e/{event.event_id}#{session.session_id}", session.title), _span(session))
        for session in event.sessions
        if not session.cancelled
    ]
    for attendee in attendees:
        yield from _attended(attendee, whole, attendee.spans, parent=None, home_page=home_page)
        for activity, span in parts:
            there = {mode: intersection(spans, [span]) for mode, spans in attendee.spans.items()}
            yield from _attended(attendee, activity, there, parent=whole, home_page=home_page)


def write_statements(event: EventData, attendees: Sequence[Attendee], *, home_page: str, out: BinaryIO) -> int:
    """Write the same, a line of JSON each; gives how many."""
    count = 0
    for statement in statements(event, attendees, home_page=home_page):
        out.write(json.dumps(statement, ensure_ascii=False).encode() + b"\n")
        count += 1
    return count


def _attended(
    attendee: Attendee,
    activity: Statement,
    spans: Mapping[Mode, Sequence[Span]],
    *,
    parent: Statement | None,
    home_page: str,
) -> Iterator[Statement]:
    modes = [mode.value for mode in Mode if spans.get(mode)]
    everywhere = union(span for each in spans.values() for span in each)
    if not everywhere:
        return
    context: Statement = {
        "platform": "Passerelle",
        "extensions": {f"{home_page}/xapi/mode": modes[0] if len(modes) == 1 else "both"},
    }
    if parent is not None:
        context["contextActivities"] = {"parent": [parent]}
    said: Statement = {
        "actor": {"objectType": "Agent", "account": {"homePage": home_page, "name": attendee.name}},
        "verb": _VERB,
        "object": activity,
        "result": {"duration": iso_duration(measure(everywhere))},
        "context": context,
        "timestamp": format_instant(instant(everywhere[-1][1])),
    }
    yield {"id": str(uuid5(NAMESPACE, f"xapi {json.dumps(said, sort_keys=True)}")), **said}


def iso_duration(milliseconds: int) -> str:
    """As ISO 8601 has it, to the hundredth of a second, which is as fine as stores compare: `PT1H2M3.45S`."""
    seconds, rest = divmod(milliseconds, 1000)
    hours, minutes = divmod(seconds // 60, 60)
    fraction = f".{rest // 10:02}" if rest >= 10 else ""  # noqa: PLR2004  (a hundredth)
    parts = [(hours, "H"), (minutes, "M")]
    written = "".join(f"{count}{unit}" for count, unit in parts if count)
    last = f"{seconds % 60}{fraction}S" if seconds % 60 or fraction or not written else ""
    return f"PT{written}{last}"


def _activity(address: str, title: str) -> Statement:
    definition = {"type": _MEETING, "name": {_NO_LANGUAGE: title}}
    return {"objectType": "Activity", "id": address, "definition": definition}


def _span(session: Session) -> Span:
    return to_column(session.starts_at), to_column(session.ends_at)
