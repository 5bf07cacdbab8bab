"""The organizer's pages of the sessions that people register for: how they fill, who is in, moving people, lists."""

from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.openapi import Api
from services.chassis.pages import render, texts_of
from services.chassis.pages.downloads import file_name, table_file
from services.chassis.pages.languages import mark
from services.chassis.paging import page_of
from services.chassis.spreadsheets import CSV_TYPE, XLSX_TYPE
from services.registration.domain.event import Event
from services.registration.web.answers import see
from services.registration.web.roster_files import WORDS
from services.registration.web.sessions_api import attendee_key, attendee_query
from services.registration.web.use_cases import use_cases

api = Api(tag="sessions")
_ROWS_A_PAGE: Final = 50
_LIST: Final = "/api/v1/events/{event_id}/sessions/{session_id}/registrations"
HEADINGS: Final = {
    "name": mark("Name"),
    "mode": mark("Mode"),
    "status": mark("Status"),
    "waitlist_position": mark("Place on the waiting list"),
    "participant_id": "participant_id",
}
"""The columns as programs know them, each with its heading for people."""


async def show_sessions(request: web.Request) -> web.StreamResponse:
    """How the sessions fill."""
    event = await _own_event(request)
    overviews = await use_cases(request).session_places.overview(event)
    return render(request, "sessions.html", event=event, overviews=overviews)


async def show_session(request: web.Request) -> web.StreamResponse:
    """Who is in one session, and who waits."""
    event = await _own_event(request)
    cases, session_id = use_cases(request), request.match_info["session_id"]
    after = request.query.get("after")
    found = await cases.session_places.attendees(event, attendee_query(session_id, after=after, limit=_ROWS_A_PAGE + 1))
    kept, following = page_of(found, limit=_ROWS_A_PAGE, key=attendee_key)
    overviews = await cases.session_places.overview(event)
    return render(
        request,
        "session.html",
        event=event,
        overview=next(one for one in overviews if one.session.session_id == session_id),
        attendees=kept,
        following=following,
        first=after is None,
    )


async def move(request: web.Request) -> web.StreamResponse:
    """Put somebody into a session, or take them out; then back to where that was asked."""
    event = await _own_event(request)
    match, places = request.match_info, use_cases(request).session_places
    whom = (event.event_id, match["participant_id"], match["session_id"])
    if match["act"] == "in":
        await places.put(*whom)
    else:
        await places.take_out(*whom)
    from_list = (await request.post()).get("back") == "session"
    here = f"/events/{event.event_id}"
    return see(f"{here}/sessions/{whom[2]}" if from_list else f"{here}/registrations/{whom[1]}#sessions")


async def back(request: web.Request) -> web.StreamResponse:
    """The address of an act, opened by a link (that of the other language, say): the participant it is about."""
    match = request.match_info
    return see(f"/events/{match['event_id']}/registrations/{match['participant_id']}")


@api.route("GET", f"{_LIST}.csv", summary="Export who is in a session as CSV", roles=[], answers={200: CSV_TYPE})
async def export_attendees_csv(request: web.Request) -> web.Response:
    """As the export of the registrations."""
    return await _file(request, "csv", for_people=False)


@api.route(
    "GET", f"{_LIST}.xlsx", summary="Export who is in a session as a spreadsheet", roles=[], answers={200: XLSX_TYPE}
)
async def export_attendees_xlsx(request: web.Request) -> web.Response:
    """As the export of the registrations."""
    return await _file(request, "xlsx", for_people=False)


async def export_for_people(request: web.Request) -> web.StreamResponse:
    """The same for who reads it."""
    require(request, event_id=request.match_info["event_id"])
    return await _file(request, request.match_info["kind"], for_people=True)


def add_session_pages(app: web.Application) -> None:
    """Route them."""
    one = "/events/{event_id}/registrations/{participant_id}/sessions/{session_id}/{act:in|out}"
    app.router.add_get("/events/{event_id}/sessions", show_sessions)
    app.router.add_get("/events/{event_id}/sessions/{session_id}.{kind:csv|xlsx}", export_for_people)
    app.router.add_get("/events/{event_id}/sessions/{session_id}", show_session)
    app.router.add_get(one, back)
    app.router.add_post(one, move)


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _file(request: web.Request, kind: str, *, for_people: bool) -> web.Response:
    event_id, session_id = request.match_info["event_id"], request.match_info["session_id"]
    event, attendees = await use_cases(request).session_places.taken_along(event_id, session_id)
    texts = texts_of(request)
    headings = [texts.gettext(heading) if for_people else name for name, heading in HEADINGS.items()]
    words = {word: texts.gettext(text) if for_people else word.value for word, text in WORDS.items()}
    rows = [
        [
            each.name,
            words[each.place.mode],
            words[each.place.status],
            each.position,
            each.place.participant_id,
        ]
        for each in attendees
    ]
    title = next(
        session.title for session in (*event.sessions, *event.removed_sessions) if session.session_id == session_id
    )
    name = file_name("registrations", event.title, title, kind=kind)
    return await table_file(request, headings, rows, name=name, sheet="session", for_people=for_people)
