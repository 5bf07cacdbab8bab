"""The page that begins an event like another one."""

from typing import TypeAlias
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, NaiveDatetime

from services.chassis.access import require
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.registration.domain.errors import InvalidValueError
from services.registration.domain.event import Event
from services.registration.web.answers import see
from services.registration.web.bodies import Title
from services.registration.web.event_form import sentence_of
from services.registration.web.use_cases import use_cases


class DuplicateForm(BaseModel):
    """What the copy is called, and when it begins, in the local time of the event."""

    title: Title
    starts_at: NaiveDatetime


_Filled: TypeAlias = Form[DuplicateForm]


async def ask(request: web.Request) -> web.StreamResponse:
    """The form: the title as it is, the start to be chosen."""
    event = await _event_to_copy(request)
    return _page(request, event, Form.empty(title=event.title))


async def duplicate(request: web.Request) -> web.StreamResponse:
    """Create the copy and lead to it; or show the form again with what is wrong."""
    event = await _event_to_copy(request)
    form = await read_form(request, DuplicateForm)
    if form.model is None:
        return _page(request, event, form)
    starts_at = form.model.starts_at.replace(tzinfo=ZoneInfo(event.timezone))
    try:
        copy = await use_cases(request).events.duplicate(event.event_id, starts_at=starts_at, title=form.model.title)
    except InvalidValueError as error:
        # Whatever does not fit, only the start was chosen here.
        return _page(request, event, form.with_error("starts_at", sentence_of(error, texts_of(request))))
    return see(f"/events/{copy.event_id}")


def add_duplicate_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/events/{event_id}/duplicate", ask)
    app.router.add_post("/events/{event_id}/duplicate", duplicate)


async def _event_to_copy(request: web.Request) -> Event:
    """The event, for those who may manage it and create another."""
    require(request)
    return await use_cases(request).events.find(request.match_info["event_id"])


def _page(request: web.Request, event: Event, form: _Filled) -> web.Response:
    return render(request, "duplicate.html", status=422 if form.errors else 200, event=event, form=form)
