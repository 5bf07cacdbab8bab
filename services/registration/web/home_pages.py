"""The first page, and signing in and out."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from services.chassis.access import (
    clear_session_cookie,
    grant_of,
    local_path,
    require_same_origin,
    set_session_cookie,
)
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.paging import page_of
from services.registration.application.ports import EventQuery
from services.registration.application.tokens import SESSION_LIFETIME
from services.registration.domain.event import EventStatus
from services.registration.web.answers import see
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.use_cases import use_cases

_EVENTS_A_PAGE: Final = 20


class SignInForm(BaseModel):
    """An access token, or a one-time code, pasted."""

    token: Annotated[str, Field(max_length=200)]


async def home(request: web.Request) -> web.Response:
    """The events: all of them for whoever manages them, those to come for everybody else."""
    cases, grant = use_cases(request), grant_of(request)
    query = EventQuery(
        limit=_EVENTS_A_PAGE + 1,
        after=read_cursor(request.query.get("after")),
        statuses=tuple(EventStatus) if grant else (EventStatus.PUBLISHED,),
        ending_after=None if grant else cases.events.clock(),
        only=grant.reach if grant else None,
    )
    events, following = page_of(
        await cases.events.page(query),
        limit=_EVENTS_A_PAGE,
        key=lambda event: cursor_key(event.starts_at, event.event_id),
    )
    may_create = grant is not None and grant.allows()
    return render(request, "home.html", events=events, following=following, may_create=may_create)


async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """The form; or straight in, with the one-time code that `passerelle up` prints."""
    code = request.query.get("code")
    if code is not None:
        session = await use_cases(request).tokens.redeem(code)
        if session is not None:
            return _signed_in(request, session)
        sentence = texts_of(request).gettext("This link was used already, or is older than an hour.")
        return _sign_in_page(request, Form[SignInForm].empty().with_error("token", sentence), status=403)
    return _sign_in_page(request, Form[SignInForm].empty())


async def sign_in(request: web.Request) -> web.StreamResponse:
    """With an access token, or a one-time code."""
    cases = use_cases(request)
    require_same_origin(request, public_url=cases.settings.public_url)
    form = await read_form(request, SignInForm)
    if form.model is None:
        return _sign_in_page(request, form, status=422)
    typed = form.model.token
    session = typed if await cases.tokens.verify(typed) is not None else await cases.tokens.redeem(typed)
    if session is None:
        sentence = texts_of(request).gettext("This token is not valid. Check that it was copied whole.")
        return _sign_in_page(request, Form[SignInForm].empty().with_error("token", sentence), status=403)
    return _signed_in(request, session)


async def sign_out(request: web.Request) -> web.StreamResponse:
    """Forget the token in this browser."""
    response = see("/")
    clear_session_cookie(response, public_url=use_cases(request).settings.public_url)
    return response


def add_home_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/", home)
    app.router.add_get("/sign-in", show_sign_in, allow_head=False)  # a code is good once, and a preview is no visit
    app.router.add_post("/sign-in", sign_in)
    app.router.add_post("/sign-out", sign_out)


def _sign_in_page(request: web.Request, form: Form[SignInForm], *, status: int = 200) -> web.Response:
    return render(request, "sign_in.html", status=status, form=form, next=request.query.get("next", "/"))


def _signed_in(request: web.Request, token: str) -> web.Response:
    response = see(local_path(request.query.get("next")))
    public_url = use_cases(request).settings.public_url
    set_session_cookie(response, token, public_url=public_url, max_age=int(SESSION_LIFETIME.total_seconds()))
    return response
