"""Who may do what at an event: its organizers, desks and analysts by account, and the desk links of its volunteers.

The page of all events (`/organizers`) is the same without desk links, for who runs the installation.
"""

import io
from datetime import date
from typing import Final, Literal
from zoneinfo import ZoneInfo

import segno
from aiohttp import web
from pydantic import BaseModel

from services.chassis.access import Role, require
from services.chassis.pages import language_of, render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.registration.application.accounts import Somebody
from services.registration.domain.desk_days import DeskLink, LinkState, days_of
from services.registration.domain.errors import DeskLinkNotFoundError, InvalidValueError
from services.registration.domain.event import Event
from services.registration.web.answers import see
from services.registration.web.bodies import Email, Label, PersonName
from services.registration.web.use_cases import use_cases

_EVERYWHERE: Final = "/organizers"
_AT_EVENT: Final = "/events/{event_id}/access"
_QR_BORDER: Final = 2


class InvitationForm(BaseModel):
    """Whom to invite, and as what."""

    name: PersonName
    email: Email
    role: Role
    language: Literal["fr", "en"]


class DeskLinkForm(BaseModel):
    """For which day a link is, for whom, and for which door."""

    day: date
    label: Label
    gate: Label | None = None


class MemberForm(BaseModel):
    """Whose role to take."""

    account_id: Label


async def show_access(request: web.Request) -> web.StreamResponse:
    """Who may do what."""
    return await _page(request, await _event(request))


async def invite(request: web.Request) -> web.StreamResponse:
    """Give somebody a role, and write to them."""
    event = await _event(request)
    form = await read_form(request, InvitationForm)
    if form.model is None:
        return await _page(request, event, invitation=form)
    somebody = Somebody(name=form.model.name, email=form.model.email, language=form.model.language)
    event_id = event.event_id if event else None
    await use_cases(request).access.accounts.invite(somebody, form.model.role, event_id=event_id)
    return see(f"{_path(event)}?invited=1")


async def take_role(request: web.Request) -> web.StreamResponse:
    """Take somebody's role."""
    event = await _event(request)
    form = await read_form(request, MemberForm)
    if form.model is None:
        raise web.HTTPBadRequest
    event_id = event.event_id if event else None
    await use_cases(request).access.accounts.take_role(form.model.account_id, event_id=event_id)
    return see(_path(event))


async def create_desk_link(request: web.Request) -> web.StreamResponse:
    """Make a desk link, and show it."""
    event = await _own_event(request)
    form = await read_form(request, DeskLinkForm)
    if form.model is None:
        return await _page(request, event, desk_link=form)
    links = use_cases(request).access.desk_links
    try:
        wished = form.model
        link = await links.create(event.event_id, day=wished.day, label=wished.label, gate=wished.gate)
    except InvalidValueError:
        sentence = texts_of(request).gettext("The event does not take place on this day.")
        return await _page(request, event, desk_link=form.with_error("day", sentence))
    return see(f"{_path(event)}/desk-links/{link.link_id}")


async def show_desk_link(request: web.Request) -> web.StreamResponse:
    """One desk link, to be copied, printed, or scanned by a volunteer's phone."""
    event = await _own_event(request)
    link, state = await _desk_link(request, event)
    return render(
        request,
        "desk_link_card.html",
        event=event,
        link=link,
        state=state.value,
        url=use_cases(request).access.desk_links.url(link),
    )


async def draw_desk_link(request: web.Request) -> web.StreamResponse:
    """Its QR code."""
    event = await _own_event(request)
    link, _ = await _desk_link(request, event)
    picture = io.BytesIO()
    segno.make(use_cases(request).access.desk_links.url(link), error="m").save(
        picture, kind="svg", border=_QR_BORDER, light="#fff", svgclass=None, lineclass=None
    )
    return web.Response(body=picture.getvalue(), content_type="image/svg+xml")


async def revoke_desk_link(request: web.Request) -> web.StreamResponse:
    """Make a desk link worthless."""
    event = await _own_event(request)
    await use_cases(request).access.desk_links.revoke(event.event_id, request.match_info["link_id"])
    return see(f"{_path(event)}#desk-links")


async def back(request: web.Request) -> web.StreamResponse:
    """The address of an act, opened by a link (that of the other language, say): the page it belongs to."""
    return see(request.path.rpartition("/")[0])


def add_access_pages(app: web.Application) -> None:
    """Route them."""
    for page in (_EVERYWHERE, _AT_EVENT):
        app.router.add_get(page, show_access)
        for act, handler in (("invite", invite), ("remove", take_role)):
            app.router.add_get(f"{page}/{act}", back)
            app.router.add_post(f"{page}/{act}", handler)
    links = f"{_AT_EVENT}/desk-links"
    app.router.add_get(links, back)
    app.router.add_post(links, create_desk_link)
    app.router.add_get(f"{links}/{{link_id}}", show_desk_link)
    app.router.add_get(f"{links}/{{link_id}}/qr.svg", draw_desk_link)
    app.router.add_get(f"{links}/{{link_id}}/revoke", back)
    app.router.add_post(f"{links}/{{link_id}}/revoke", revoke_desk_link)


async def _event(request: web.Request) -> Event | None:
    """The event of the path, for its organizers; None on the page of all events."""
    if "event_id" in request.match_info:
        return await _own_event(request)
    require(request)
    return None


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _desk_link(request: web.Request, event: Event) -> tuple[DeskLink, LinkState]:
    link_id = request.match_info["link_id"]
    for link, state in await use_cases(request).access.desk_links.of(event.event_id):
        if link.link_id == link_id:
            return link, state
    raise DeskLinkNotFoundError(link_id)


async def _page(
    request: web.Request,
    event: Event | None,
    *,
    invitation: Form[InvitationForm] | None = None,
    desk_link: Form[DeskLinkForm] | None = None,
) -> web.Response:
    access = use_cases(request).access
    if event is None:
        members = [(account, account.role) for account in await access.accounts.organizers()]
        days, links, next_day = [], [], ""
    else:
        members = [*await access.accounts.members(event.event_id)]
        days = days_of(event.starts_at, event.ends_at, event.timezone)
        links = [(link, state.value) for link, state in await access.desk_links.of(event.event_id)]
        today = access.desk_links.clock().astimezone(ZoneInfo(event.timezone)).date()
        next_day = next((day for day in days if day >= today), days[0]).isoformat()
    return render(
        request,
        "access.html",
        status=422 if invitation or desk_link else 200,
        event=event,
        here=_path(event),
        members=members,
        invited="invited" in request.query,
        invitation=invitation or Form[InvitationForm].empty(role="organizer", language=language_of(request)),
        desk_links=links,
        days=days,
        desk_link=desk_link or Form[DeskLinkForm].empty(day=next_day),
        mail_leaves=use_cases(request).settings.smtp_server is not None,
    )


def _path(event: Event | None) -> str:
    return _EVERYWHERE if event is None else f"/events/{event.event_id}/access"
