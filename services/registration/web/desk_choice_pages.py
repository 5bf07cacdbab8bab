"""`/desk`: one address for every desk of an installation, short enough for a QR code in a terminal."""

from datetime import timedelta
from typing import Final

from aiohttp import web

from services.chassis.access import Role, grant_of, require
from services.chassis.pages import render
from services.registration.application.ports import EventQuery
from services.registration.domain.event import EventStatus
from services.registration.web.answers import see
from services.registration.web.use_cases import use_cases

_MOST: Final = 20
_STILL_NEEDED: Final = timedelta(hours=12)
"""After an event's end its desk is still asked for: somebody is inside, or scans wait on a telephone."""


async def choose_desk(request: web.Request) -> web.StreamResponse:
    """Lead to the desk of the one event that whoever asks may stand at, or let them choose."""
    grant = grant_of(request) or require(request)
    cases = use_cases(request)
    query = EventQuery(
        limit=_MOST,
        statuses=(EventStatus.PUBLISHED, EventStatus.CLOSED),
        ending_after=cases.events.clock() - _STILL_NEEDED,
        only=grant.reach,
    )
    open_to = [event for event in await cases.events.page(query) if grant.allows(Role.DESK, event_id=event.event_id)]
    if len(open_to) == 1:
        return see(f"/events/{open_to[0].event_id}/desk")
    return render(request, "desk_choice.html", events=sorted(open_to, key=lambda event: event.starts_at))


def add_desk_choice_pages(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/desk", choose_desk)
