"""The list of registrations as a file: by API, and from the organizer's page."""

from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.openapi import Api
from services.chassis.spreadsheets import CSV_TYPE, XLSX_TYPE
from services.registration.web.roster_files import roster_file

api = Api(tag="registrations")
_LIST: Final = "/api/v1/events/{event_id}/registrations"


@api.route("GET", f"{_LIST}.csv", summary="Export the registrations as CSV", roles=[], answers={200: CSV_TYPE})
async def export_csv(request: web.Request) -> web.Response:
    """UTF-8 with a byte order mark, commas, a header of field names; instants in the time zone of the event.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    return await roster_file(request, "csv", for_people=False)


@api.route(
    "GET", f"{_LIST}.xlsx", summary="Export the registrations as a spreadsheet", roles=[], answers={200: XLSX_TYPE}
)
async def export_xlsx(request: web.Request) -> web.Response:
    """One sheet with a header of field names; instants in the time zone of the event."""
    return await roster_file(request, "xlsx", for_people=False)


async def export_for_people(request: web.Request) -> web.StreamResponse:
    """The same for who reads it: headings in their language, and the separator that Excel expects with it."""
    require(request, event_id=request.match_info["event_id"])
    return await roster_file(request, request.match_info["kind"], for_people=True)


def add_export_pages(app: web.Application) -> None:
    """Route what the organizer's page links to."""
    app.router.add_get("/events/{event_id}/registrations.{kind:csv|xlsx}", export_for_people)
