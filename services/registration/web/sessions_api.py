"""The API of the sessions that people register for: how they are seated, who is in, and moving people."""

from typing import Final

from aiohttp import web

from services.chassis.access import Role, require
from services.chassis.http import read_query
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, decode_cursor, page_of
from services.registration.application.session_places import order_of
from services.registration.application.session_ports import Attendee, AttendeeQuery
from services.registration.web.answers import answer
from services.registration.web.cursors import read_instant, written
from services.registration.web.session_views import AttendeeView, ChosenSessionView, SessionOverviewView, SessionsView
from services.registration.web.use_cases import use_cases

api = Api(tag="sessions")
_ALL: Final = "/api/v1/events/{event_id}/sessions"
_ATTENDEES: Final = "/api/v1/events/{event_id}/sessions/{session_id}/registrations"
_ONE: Final = "/api/v1/events/{event_id}/sessions/{session_id}/registrations/{participant_id}"


@api.route("GET", _ALL, summary="Count the seats of sessions", roles=[Role.DESK], answers={200: SessionsView})
async def count_session_seats(request: web.Request) -> web.Response:
    """Those of the agenda that people register for. Who chooses among them names them in `sessions`, registering."""
    cases = use_cases(request)
    event = await cases.events.find(request.match_info["event_id"])
    sessions = await cases.session_places.overview(event)
    return answer(SessionsView(items=[SessionOverviewView.of(each) for each in sessions]))


@api.route(
    "GET",
    _ATTENDEES,
    summary="List who is in a session",
    roles=[Role.DESK],
    query=PageQuery,
    answers={200: Page[AttendeeView]},
)
async def list_attendees(request: web.Request) -> web.Response:
    """Those with a seat, in the order they got it, then those who wait, by mode, the next first."""
    cases, query = use_cases(request), read_query(request, PageQuery)
    event = await cases.events.find(request.match_info["event_id"])
    found = await cases.session_places.attendees(
        event, attendee_query(request.match_info["session_id"], after=query.after, limit=query.limit + 1)
    )
    kept, following = page_of(found, limit=query.limit, key=attendee_key)
    return answer(Page[AttendeeView](items=[AttendeeView.of(attendee) for attendee in kept], next=following))


@api.route(
    "PUT",
    _ONE,
    summary="Put a participant into a session",
    roles=[Role.DESK],
    answers={200: ChosenSessionView},
    problems=[409],
)
async def put_into_session(request: web.Request) -> web.Response:
    """Out of the sessions at the same time. In a full one they wait, the last; they are written to.

    A desk does it only if a seat is free (else 409, `session_full`), and nobody is written to.
    """
    match, cases = request.match_info, use_cases(request)
    event_id, participant_id, session_id = match["event_id"], match["participant_id"], match["session_id"]
    at_door = not require(request, Role.DESK, event_id=event_id).allows(event_id=event_id)
    await cases.session_places.put(event_id, participant_id, session_id, at_door=at_door)
    chosen = (await cases.session_places.of(await cases.events.find(event_id), [participant_id]))[participant_id]
    return answer(
        next(one for one in ChosenSessionView.all_of(chosen) if one.session_id == session_id),
    )


@api.route(
    "DELETE",
    _ONE,
    summary="Take a participant out of a session",
    roles=[Role.ORGANIZER],
    answers={204: None},
    problems=[409],
)
async def take_out_of_session(request: web.Request) -> web.Response:
    """The seat goes to the next who waits. Again: nothing changes."""
    match = request.match_info
    await use_cases(request).session_places.take_out(match["event_id"], match["participant_id"], match["session_id"])
    return web.Response(status=204)


def attendee_key(attendee: Attendee) -> tuple[str | int, ...]:
    """The sort key of an attendee, as a cursor holds it."""
    mode, rank, changed_at, participant_id = order_of(attendee)
    return mode, rank, written(changed_at), participant_id


def attendee_query(session_id: str, *, after: str | None, limit: int) -> AttendeeQuery:
    """Which attendees come after a cursor.

    Raises:
        Problem: 400 for a cursor that this list did not hand out.
    """
    if after is None:
        return AttendeeQuery(session_id=session_id, limit=limit)
    mode, rank, milliseconds, participant_id = decode_cursor(after, str, int, int, str)
    last = (str(mode), int(rank), read_instant(int(milliseconds)), str(participant_id))
    return AttendeeQuery(session_id=session_id, limit=limit, after=last)
