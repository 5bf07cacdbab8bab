"""The organizer's page of accessibility needs: who needs what to be able to take part."""

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render
from services.registration.web.use_cases import use_cases


async def show_needs(request: web.Request) -> web.StreamResponse:
    """Who needs what, in the order they registered; nobody but organizers sees it."""
    event_id, cases = request.match_info["event_id"], use_cases(request)
    require(request, event_id=event_id)
    needs = await cases.people.needs(event_id)
    return render(
        request,
        "needs.html",
        event=await cases.events.find(event_id),
        needs=needs,
        names=await cases.registrations.names(event_id, list(needs)),
    )


def add_needs_pages(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/events/{event_id}/needs", show_needs)
