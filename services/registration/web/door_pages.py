"""The organizer's page of the doors: how many are in where, how to open a desk, what an organizer has to look at."""

import io

import segno
from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render
from services.registration.domain.event import Event
from services.registration.web.answers import see
from services.registration.web.use_cases import use_cases


async def show_doors(request: web.Request) -> web.StreamResponse:
    """The doors of an event, and what an organizer has to look at."""
    event = await _own_event(request)
    cases = use_cases(request)
    doubles = await cases.desks.double_entries(event.event_id)
    unseated = await cases.desks.unseated_entries(event.event_id)
    holders = [double.scans[0].participant_id for double, _ in doubles]
    holders += [entry.scan.participant_id for entry, _ in unseated]
    return render(
        request,
        "doors.html",
        event=event,
        state=await cases.desks.state(event.event_id, with_tickets=False),
        doubles=doubles,
        unseated=unseated,
        titles={session.session_id: session.title for session in event.sessions},
        names=await cases.registrations.names(event.event_id, holders),
        desk_url=_desk_url(request, event),
    )


async def show_desk_code(request: web.Request) -> web.StreamResponse:
    """The desk's address as a QR code (SVG), for a telephone to open it."""
    event = await _own_event(request)
    image = io.BytesIO()
    segno.make_qr(_desk_url(request, event), error="m").save(
        image, kind="svg", border=3, scale=6, light="#fff", xmldecl=False
    )
    return web.Response(body=image.getvalue(), content_type="image/svg+xml")


async def settle(request: web.Request) -> web.StreamResponse:
    """Note that a double or unseated entry was dealt with."""
    event = await _own_event(request)
    await use_cases(request).desks.settle(event.event_id, request.match_info["notice"])
    return see(f"/events/{event.event_id}/doors")


async def undo(request: web.Request) -> web.StreamResponse:
    """Take one of the entries back."""
    event = await _own_event(request)
    await use_cases(request).check_ins.void(event.event_id, request.match_info["fact_id"])
    return see(f"/events/{event.event_id}/doors")


def add_door_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/events/{event_id}/doors", show_doors)
    app.router.add_get("/events/{event_id}/doors/desk.svg", show_desk_code)
    app.router.add_post("/events/{event_id}/doors/settle/{notice}", settle)
    app.router.add_post("/events/{event_id}/doors/undo/{fact_id}", undo)


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


def _desk_url(request: web.Request, event: Event) -> str:
    return f"{use_cases(request).settings.public_url}/events/{event.event_id}/desk"
