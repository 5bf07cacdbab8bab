"""The report of an event, for programs; and what its page and its files need too."""

from datetime import datetime
from typing import Final

from aiohttp import web

from services.attendance.application.reporting import Reports
from services.attendance.application.told_report import ToldReports
from services.attendance.web.analysis_api import ANALYSIS, refusals
from services.attendance.web.api import COUNTERS, READING, REPORTS, PastQuery
from services.attendance.web.moments import CLOCK, known_moment
from services.attendance.web.people import sees_names
from services.attendance.web.records_internal import RECORDS
from services.attendance.web.report_answers import EventReportAnswer
from services.attendance.web.report_telling import answered
from services.chassis.http import read_query
from services.chassis.openapi import Api, add_api
from services.chassis.problems import Problem

_TOLD: Final = web.AppKey("told_reports", ToldReports)

report_api: Final = Api(tag="attendance")


@report_api.route(
    "GET",
    "/api/v1/events/{event_id}/report",
    summary="The report of an event: all that is counted of it",
    roles=COUNTERS,
    query=PastQuery,
    answers={200: EventReportAnswer},
    problems=[409],
)
async def show_report(request: web.Request) -> web.Response:
    """Who came and stayed how long, by mode, half-day and session; what it rests on; the same for the same `as_of`.

    Each figure leads to a list of those it counts. Analysts get no lists: for them it is counted from what `analysis`
    tells, without small groups, and what does not follow from that is null.
    """
    query = read_query(request, PastQuery)
    if query.as_of is not None:
        known_moment(request, query.as_of)
    body = await report_of(request, query.as_of)
    return web.Response(body=body.model_dump_json().encode(), content_type="application/json")


async def report_of(request: web.Request, as_of: datetime | None) -> EventReportAnswer:
    """The report of the event of the path, as far as the reader may know it.

    Raises:
        Problem: 404 if no fact tells of it; 409 for analysts while it is open, and 403 if they ask for another instant.
    """
    event_id = request.match_info["event_id"]
    if not sees_names(request):
        if as_of is not None:
            detail = "Two reports of different instants tell who came in between: as_of is for organizers."
            raise Problem(403, detail=detail)
        with refusals():
            analysed, drawn = await request.app[_TOLD].of(event_id)
        return answered(drawn, analysed=analysed)
    with refusals():
        return answered(await request.app[REPORTS].of(event_id, as_of=as_of), analysed=None)


def add_report_api(app: web.Application) -> None:
    """Route it; what reads the read model stands in the application already."""
    app[REPORTS] = Reports(app[READING], app[RECORDS], clock=app[CLOCK])
    app[_TOLD] = ToldReports(app[ANALYSIS], clock=app[CLOCK])
    add_api(app, report_api)
