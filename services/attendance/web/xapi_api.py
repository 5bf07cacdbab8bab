"""Attendance for a learning record store, as xAPI statements under random names."""

from typing import Annotated, Any, Final

from aiohttp import web
from pydantic import BaseModel, Field

from services.attendance.application.analysis import StillOpenError
from services.attendance.application.reading import UnknownEventError
from services.attendance.application.xapi import statements
from services.attendance.settings import AttendanceSettings
from services.attendance.web.analysis_api import ANALYSIS, reader_of, require_analyst
from services.chassis.access import Role
from services.chassis.http import read_query
from services.chassis.openapi import Api, add_api
from services.chassis.paging import PageQuery, decode_cursor, encode_cursor
from services.chassis.problems import conflict, not_found

HOME_PAGE: Final = web.AppKey("xapi_home_page", str)

xapi_api: Final = Api(tag="attendance")


class StatementResult(BaseModel):
    """A page of statements, as a learning record store answers them; `limit` counts people."""

    statements: list[dict[str, Any]]
    more: Annotated[str, Field(description="Where the next page is; empty on the last.")]


def add_xapi_api(app: web.Application, settings: AttendanceSettings) -> None:
    """Route it; accounts and activities are named by the address of this Passerelle."""
    app[HOME_PAGE] = settings.public_url
    add_api(app, xapi_api)


@xapi_api.route(
    "GET",
    "/api/v1/events/{event_id}/xapi",
    summary="Who attended a closed event and its sessions, as xAPI statements",
    roles=[Role.ANALYST],
    query=PageQuery,
    answers={200: StatementResult},
    problems=[409],
)
async def list_statements(request: web.Request) -> web.Response:
    """Everybody for organizers; for analysts whom `analysis` tells of, under the same random names as there."""
    event_id = request.match_info["event_id"]
    grant = require_analyst(request)
    query = read_query(request, PageQuery)
    reader = None if grant.allows(event_id=event_id) else reader_of(grant)
    try:
        event, attendees = await request.app[ANALYSIS].attendees(event_id, reader=reader)
    except UnknownEventError:
        raise not_found("There is no such event.") from None
    except StillOpenError:
        raise conflict("Attendance is told to record stores once the event is closed.", reason="event_open") from None
    after = "" if query.after is None else str(decode_cursor(query.after, str)[0])
    later = [attendee for attendee in attendees if attendee.name > after]
    page = later[: query.limit]
    more = ""
    if len(later) > len(page):
        following = {"after": encode_cursor((page[-1].name,)), "limit": str(query.limit)}
        more = str(request.rel_url.with_query(following))
    found = list(statements(event, page, home_page=request.app[HOME_PAGE]))
    answer = StatementResult(statements=found, more=more)
    headers = {"X-Experience-API-Version": "2.0.0", "Cache-Control": "no-store"}
    return web.Response(body=answer.model_dump_json().encode(), content_type="application/json", headers=headers)
