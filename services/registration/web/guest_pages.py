"""The organizer's pages of guests: who was in a meeting without being known, and who they are."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from pydantic import BaseModel

from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import render
from services.chassis.pages.forms import read_form
from services.chassis.paging import encode_cursor
from services.registration.application.guests import GuestState
from services.registration.application.ports import Participant, RosterQuery
from services.registration.domain.errors import GuestsUnknownError, LinkConflictError, LinkNotFoundError
from services.registration.web.answers import see
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.use_cases import use_cases

_ROWS_A_PAGE: Final = 8
"""Each has several buttons: more would make the page heavy."""
_FOUND: Final = 10


class ListQuery(BaseModel):
    """Which guests are listed; `done` is the one of whom something was just said, with `count` others of the name."""

    state: GuestState = GuestState.OPEN
    after: str | None = None
    done: str | None = None
    count: int = 1


class SaidForm(BaseModel):
    """What a button says: who the guest is, and in which part of the list it stood."""

    participant_id: str | None = None
    namesakes: bool = False
    state: GuestState = GuestState.OPEN
    after: str | None = None


async def list_guests(request: web.Request) -> web.StreamResponse:
    """Those whom nobody has looked at yet, or those who are linked, or set aside."""
    event_id, query = _own(request), read_query(request, ListQuery)
    cases = use_cases(request)
    event = await cases.events.find(event_id)
    try:
        page = await cases.guests.page(
            event_id, state=query.state, after=read_cursor(query.after), limit=_ROWS_A_PAGE, named=query.done
        )
    except GuestsUnknownError:
        return render(request, "guests.html", status=503, event=event, query=query, page=None)
    last = page.guests[-1].seen if page.more else None
    following = None if last is None else encode_cursor(cursor_key(last.first_seen, last.guest_id))
    return render(request, "guests.html", event=event, query=query, page=page, following=following)


async def show_guest(request: web.Request) -> web.StreamResponse:
    """One of them, with everybody registered to search among."""
    return await _one(request, _own(request))


async def link(request: web.Request) -> web.StreamResponse:
    """Take the guest for a participant, and if asked so those of the same name."""
    event_id, said = _own(request), await _said(request)
    if said.participant_id is None:
        raise web.HTTPBadRequest
    guest_id = request.match_info["guest_id"]
    try:
        count = await use_cases(request).guests.link(event_id, guest_id, said.participant_id, namesakes=said.namesakes)
    except LinkConflictError:
        return await _one(request, event_id, conflict=True)
    return _back(request, said, count)


async def unlink(request: web.Request) -> web.StreamResponse:
    """Undo a link; one that is undone already stays so, and one that somebody else made instead is shown."""
    event_id, said = _own(request), await _said(request)
    guest_id = request.match_info["guest_id"]
    try:
        await use_cases(request).identities.unlink(event_id, guest_id=guest_id, participant_id=said.participant_id)
    except LinkNotFoundError:
        return await _one(request, event_id, conflict=True)
    return _back(request, said)


async def set_aside(request: web.Request) -> web.StreamResponse:
    """Say that the guest is nobody who registered."""
    event_id, said = _own(request), await _said(request)
    try:
        await use_cases(request).guests.set_aside(event_id, request.match_info["guest_id"])
    except LinkConflictError:
        return await _one(request, event_id, conflict=True)
    return _back(request, said)


async def take_back(request: web.Request) -> web.StreamResponse:
    """Undo that."""
    event_id, said = _own(request), await _said(request)
    try:
        await use_cases(request).guests.take_back(event_id, request.match_info["guest_id"])
    except LinkConflictError:
        return await _one(request, event_id, conflict=True)
    return _back(request, said)


async def back_to_guest(request: web.Request) -> web.StreamResponse:
    """The address of a button, opened by a link."""
    return see(_path(request))


def add_guest_pages(app: web.Application) -> None:
    """Route them."""
    one = "/events/{event_id}/guests/{guest_id}"
    app.router.add_get("/events/{event_id}/guests", list_guests)
    app.router.add_get(one, show_guest)
    for act, handler in (("link", link), ("unlink", unlink), ("set-aside", set_aside), ("take-back", take_back)):
        app.router.add_get(f"{one}/{act}", back_to_guest)
        app.router.add_post(f"{one}/{act}", handler)


async def _one(request: web.Request, event_id: str, *, conflict: bool = False) -> web.Response:
    cases = use_cases(request)
    event = await cases.events.find(event_id)
    guest = await cases.guests.find(event_id, request.match_info["guest_id"])
    words = request.query.get("search", "")[:200]
    found: Sequence[Participant] = ()
    if words.strip():
        found = await cases.registrations.roster(event_id, RosterQuery(limit=_FOUND + 1, search=words))
    return render(
        request,
        "guest.html",
        status=409 if conflict else 200,
        event=event,
        guest=guest,
        conflict=conflict,
        search=words,
        found=found[:_FOUND],
        more=len(found) > _FOUND,
    )


async def _said(request: web.Request) -> SaidForm:
    form = await read_form(request, SaidForm)
    if form.model is None:
        raise web.HTTPBadRequest
    return form.model


def _own(request: web.Request) -> str:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return event_id


def _path(request: web.Request) -> str:
    return f"/events/{request.match_info['event_id']}/guests/{request.match_info['guest_id']}"


def _back(request: web.Request, said: SaidForm, count: int = 1) -> web.Response:
    """To the part of the list that the button stood in, which tells what was done."""
    query = {"state": said.state.value} if said.state is not GuestState.OPEN else {}
    query |= {"after": said.after} if said.after else {}
    query |= {"done": request.match_info["guest_id"]} | ({"count": str(count)} if count > 1 else {})
    return see(f"/events/{request.match_info['event_id']}/guests?{urlencode(query)}")
