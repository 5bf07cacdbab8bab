"""The report of an event as a page: the figures first, then its parts, each drawing beside its table."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from services.attendance.web import report_answers as answers
from services.attendance.web.api import COUNTERS, known_event
from services.attendance.web.known_at import asked_moment, unambiguous
from services.attendance.web.report_api import report_of
from services.attendance.web.report_drawing import arrivals, retention_lines, stacked
from services.attendance.web.report_files import tongue_of
from services.attendance.web.report_gathering import gathered
from services.attendance.web.report_parts import tables
from services.attendance.web.report_tables import Line, ReportTable, state_of
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import render

PARTS: Final = 10
"""Half-days, or sessions, on one page."""
_MOST_LINES: Final = 24
"""Lines of the table of arrivals on the page; its files have all."""
_API: Final = "/api/v1/events/"


class ReportPageQuery(BaseModel):
    """Which part, as known when; which page of half-days or sessions, and whose retention."""

    part: Literal["", "course", "sessions"] = ""
    as_of: Annotated[str, Field(max_length=40)] = ""
    session: Annotated[str, Field(max_length=200)] = ""
    page: Annotated[int, Field(ge=1, le=10_000)] = 1


def add_report_page(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/events/{event_id}/report", show_report)


async def show_report(request: web.Request) -> web.Response:
    """The report as it stands now, or as it was known at an instant."""
    require(request, *COUNTERS, event_id=request.match_info["event_id"])
    query = read_query(request, ReportPageQuery)
    event = await known_event(request)
    known = asked_moment(request, query.as_of, timezone=event.timezone)
    report = await report_of(request, known.moment)
    tongue = tongue_of(request, report)
    found = {table.key: table for table in tables(report, tongue)}
    return render(
        request,
        "report.html",
        status=known.status,
        event=event,
        query=query,
        known=known,
        report=report,
        state=state_of(report, tongue),
        tables=found,
        same={"as_of": unambiguous(report.as_of)},
        listed=_listed,
        **_of_part(query, report, found),
    )


def _of_part(
    query: ReportPageQuery, report: answers.EventReportAnswer, found: dict[str, ReportTable]
) -> dict[str, Any]:
    """What one part shows beside its tables."""
    match query.part:
        case "course":
            classes = report.durations.classes
            quarters, every = gathered(report.quarter_hours, most=_MOST_LINES)
            return {
                "durations": stacked([(one.total.value, None) for one in classes]),
                "quarters": quarters,
                "every": every,
                "arrivals": arrivals(quarters),
            }
        case "sessions":
            shown = _shown(report.sessions, found["sessions"], query.page)
            ids = {one.id for one in shown["parts"]}
            listed = [one for one in report.retention if one.session_id in ids]
            chosen = next((one for one in listed if one.session_id == query.session), next(iter(listed), None))
            return {
                **shown,
                "retention": chosen,
                "stayed": None if chosen is None else found[f"retention {chosen.session_id}"],
                "curves": ("", "") if chosen is None else retention_lines(chosen),
            }
        case _:
            return _shown(report.half_days, found["half_days"], query.page)


def _shown(parts: Sequence[answers.ReportedPart], table: ReportTable, page: int) -> dict[str, Any]:
    """One page of half-days or sessions, drawn and in words."""
    pages = max(1, -(-len(parts) // PARTS))
    page = min(page, pages)
    first = (page - 1) * PARTS
    shown = parts[first : first + PARTS]
    return {
        "page": page,
        "pages": pages,
        "parts": shown,
        "lines": table.lines[first : first + PARTS],
        "bars": stacked([(one.people.in_person.value, _only_remote(one.people)) for one in shown]),
    }


def _only_remote(people: answers.ByMode) -> int | None:
    """Who was there remotely and never in the room, so that nobody is drawn twice."""
    if people.remote.value is None or people.both.value is None:
        return None
    return people.remote.value - people.both.value


def _listed(line: Line, number: int) -> str | None:
    """The page on which those are listed whom a cell counts."""
    facts = line.facts[number] if number < len(line.facts) else None
    if facts is None:
        return None
    event_id, _, rest = facts.removeprefix(_API).partition("/")
    page = rest.replace("presence?", "live/people?", 1).replace("timeline?", "live/timeline?", 1)
    return f"/events/{event_id}/{page}"
