"""The first page."""

from typing import Final

from aiohttp import web

from services.chassis.access import grant_of
from services.chassis.pages import render
from services.chassis.paging import page_of
from services.registration.application.ports import EventQuery
from services.registration.domain.event import EventStatus
from services.registration.web.account_pages import may_found
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.use_cases import use_cases

_EVENTS_A_PAGE: Final = 20


async def home(request: web.Request) -> web.Response:
    """The events: all of them for whoever manages them, those to come for everybody else."""
    cases, grant = use_cases(request), grant_of(request)
    reach = grant.reach if grant else frozenset()
    # Whoever has no role anywhere sees what the public sees.
    manages = reach != frozenset()
    archived = manages and "archived" in request.query
    query = EventQuery(
        limit=_EVENTS_A_PAGE + 1,
        after=read_cursor(request.query.get("after")),
        statuses=tuple(EventStatus) if manages else (EventStatus.PUBLISHED,),
        ending_after=None if manages else cases.events.clock(),
        only=reach if manages else None,
        archived=archived,
    )
    events, following = page_of(
        await cases.events.page(query),
        limit=_EVENTS_A_PAGE,
        key=lambda event: cursor_key(event.starts_at, event.event_id),
    )
    return render(
        request,
        "home.html",
        events=events,
        following=following,
        manages=manages,
        archived=archived,
        may_create=grant is not None and grant.allows(),
        may_found=grant is not None and may_found(grant),
    )


def add_home_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/", home)
