"""What the buttons beside a suspect time do. The page that shows them is attendance's; they lead back there."""

from contextlib import suppress

from aiohttp import web

from services.chassis.access import local_path, require
from services.chassis.pages.forms import read_form
from services.registration.domain.errors import TimeNotAcceptedError
from services.registration.web.answers import see
from services.registration.web.bodies import AcceptanceBody
from services.registration.web.suspect_times_api import fact_id_of
from services.registration.web.use_cases import use_cases


class AcceptanceForm(AcceptanceBody):
    """Whom the fact is about, and the path of the page to go back to."""

    back: str | None = None


async def accept(request: web.Request) -> web.StreamResponse:
    """Let the fact count at the time it tells."""
    event_id, form = await _own(request)
    await use_cases(request).suspect_times.accept(event_id, fact_id_of(request), subject=form.subject)
    return _back(request, form)


async def withdraw(request: web.Request) -> web.StreamResponse:
    """Leave the fact out again; one that is left out stays so."""
    event_id, form = await _own(request)
    with suppress(TimeNotAcceptedError):
        await use_cases(request).suspect_times.withdraw(event_id, fact_id_of(request))
    return _back(request, form)


async def show(request: web.Request) -> web.StreamResponse:
    """The address of a button, opened by a link: the live page, where suspect times are shown."""
    return _back(request, AcceptanceForm())


def add_suspect_time_pages(app: web.Application) -> None:
    """Route them."""
    for act, handler in (("accept", accept), ("withdraw", withdraw)):
        path = f"/events/{{event_id}}/suspect-times/{{fact_id}}/{act}"
        app.router.add_get(path, show)
        app.router.add_post(path, handler)


async def _own(request: web.Request) -> tuple[str, AcceptanceForm]:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    form = await read_form(request, AcceptanceForm)
    if form.model is None:
        raise web.HTTPBadRequest
    return event_id, form.model


def _back(request: web.Request, form: AcceptanceForm) -> web.Response:
    return see(local_path(form.back, default=f"/events/{request.match_info['event_id']}/live"))
