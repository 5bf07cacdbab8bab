"""The public page of what becomes of people's data at an event; letters and desks lead there."""

from aiohttp import web

from services.chassis.pages import render
from services.registration.domain.keeping import KEPT
from services.registration.web.public_pages import public_event


async def show_privacy(request: web.Request) -> web.StreamResponse:
    """Who answers for the data, why it is kept, on what basis, how long, and what rights people have."""
    return render(request, "privacy.html", event=await public_event(request), kept=KEPT)


def add_privacy_pages(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/e/{event_id}/privacy", show_privacy)
