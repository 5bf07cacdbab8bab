"""The API of volunteers' hours: written down, taken back, valued."""

from aiohttp import web

from services.chassis.http import read_json
from services.chassis.openapi import Api
from services.registration.domain.volunteering import Valuation
from services.registration.web.actors import organizes_all
from services.registration.web.answers import answer
from services.registration.web.use_cases import use_cases
from services.registration.web.volunteer_bodies import HoursView, ShiftBody, ShiftView, ValuationBody

api = Api(tag="volunteers")
_HOURS = "/api/v1/events/{event_id}/volunteer-hours"


@api.route("GET", _HOURS, summary="The hours of an event's volunteers", roles=[], answers={200: HoursView})
async def read_hours(request: web.Request) -> web.Response:
    """Each shift, the sums by task, and what they are worth by the method of the event."""
    event_id = request.match_info["event_id"]
    return answer(HoursView.of(await use_cases(request).volunteers.hours(event_id, others=organizes_all(request))))


@api.route("POST", _HOURS, summary="Write hours down", roles=[], body=ShiftBody, answers={201: ShiftView})
async def note_hours(request: web.Request) -> web.Response:
    """What one person, or several alike, did on a day; within a year of the event."""
    volunteers, event_id = use_cases(request).volunteers, request.match_info["event_id"]
    shift = await volunteers.note(event_id, (await read_json(request, ShiftBody)).draft())
    view = ShiftView.of(shift, (await volunteers.hours(event_id, others=organizes_all(request))).valuation)
    return answer(view, status=201, location=f"/api/v1/events/{event_id}/volunteer-hours/{shift.shift_id}")


@api.route("DELETE", f"{_HOURS}/{{shift_id}}", summary="Take hours back", roles=[], answers={204: None})
async def take_hours_back(request: web.Request) -> web.Response:
    """The shift is forgotten, with the name."""
    await use_cases(request).volunteers.take_back(request.match_info["event_id"], request.match_info["shift_id"])
    return web.Response(status=204)


@api.route(
    "PUT",
    "/api/v1/events/{event_id}/volunteer-valuation",
    summary="Say how volunteers' hours are valued",
    roles=[],
    body=ValuationBody,
    answers={200: HoursView},
)
async def value_hours(request: web.Request) -> web.Response:
    """The method of this event; for events that have none, the one said last is proposed."""
    volunteers, event_id = use_cases(request).volunteers, request.match_info["event_id"]
    body = await read_json(request, ValuationBody)
    await volunteers.value(event_id, Valuation(**dict(body)))
    return answer(HoursView.of(await volunteers.hours(event_id, others=organizes_all(request))))
