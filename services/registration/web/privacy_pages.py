"""The public page of what becomes of people's data at an event; letters and desks lead there."""

from aiohttp import web

from services.chassis.pages import render
from services.registration.web.public_pages import public_event
from services.registration.web.use_cases import use_cases


async def show_privacy(request: web.Request) -> web.StreamResponse:
    """Who answers for the data, why it is kept, on what basis, how long, and what rights people have."""
    event = await public_event(request)
    kept = await use_cases(request).keeping.times(event.event_id)
    return render(request, "privacy.html", event=event, kept=kept)


def add_privacy_pages(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/e/{event_id}/privacy", show_privacy)
