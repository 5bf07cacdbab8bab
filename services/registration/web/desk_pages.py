"""The check-in desk: one field for a ticket code or a name, one big answer, and the last scans with their undoing."""

import secrets
from dataclasses import dataclass
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Identifier
from services.chassis.access import Role, require
from services.chassis.pages import render
from services.chassis.pages.forms import Form, read_form
from services.registration.application.checkins import CheckInResult
from services.registration.application.ports import Participant, RosterQuery
from services.registration.domain.checkins import Action, CheckIn, Refusal, Scan
from services.registration.domain.errors import ModeFullError, RegistrationCancelledError
from services.registration.domain.event import Event
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.tickets import read_ticket, spell
from services.registration.web.answers import see
from services.registration.web.bodies import Label
from services.registration.web.use_cases import use_cases

_SCANS_SHOWN: Final = 8
_MOST_FOUND: Final = 8


class DeskForm(BaseModel):
    """What a volunteer typed, or whom they picked from the names found.

    `switch` moves a remote participant to a seat in the room first. `form_id` makes sending it twice the same as once.
    """

    typed: Annotated[str, Field(max_length=200)] | None = None
    participant_id: Identifier | None = None
    action: Action = Action.IN
    gate: Label | None = None
    switch: bool = False
    form_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class UndoForm(BaseModel):
    """A scan to take back."""

    fact_id: Identifier
    action: Action = Action.IN
    gate: Label | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page answers: the result of a scan, or the people found by name, or what was undone."""

    result: CheckInResult | None = None
    found: tuple[Participant, ...] | None = None
    undone: Scan | None = None
    mode_full: bool = False


async def show_desk(request: web.Request) -> web.StreamResponse:
    """The desk, ready for the first ticket."""
    event = await _own_event(request)
    action = Action.OUT if request.query.get("action") == Action.OUT.value else Action.IN
    return await _page(request, event, Shown(), action=action, gate=request.query.get("gate", "")[:100])


async def scan(request: web.Request) -> web.StreamResponse:
    """Let the holder of a ticket in or out, or find people by name."""
    event = await _own_event(request)
    form: Form[DeskForm] = await read_form(request, DeskForm)
    if form.model is None or (form.model.typed is None and form.model.participant_id is None):
        return await _page(request, event, Shown(), action=Action.IN, gate=form.value("gate")[:100])
    shown = await _answer(request, event, form.model)
    return await _page(request, event, shown, action=form.model.action, gate=form.model.gate or "")


async def undo(request: web.Request) -> web.StreamResponse:
    """Take a scan back."""
    event = await _own_event(request)
    form = await read_form(request, UndoForm)
    if form.model is None:
        raise web.HTTPBadRequest
    voided = await use_cases(request).check_ins.void(event.event_id, form.model.fact_id)
    return await _page(request, event, Shown(undone=voided), action=form.model.action, gate=form.model.gate or "")


async def back(request: web.Request) -> web.StreamResponse:
    """The address of the undoing, opened by a link (that of the other language, say): the desk."""
    return see(request.path.rpartition("/")[0])


def add_desk_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/events/{event_id}/desk", show_desk)
    app.router.add_post("/events/{event_id}/desk", scan)
    app.router.add_get("/events/{event_id}/desk/undo", back)
    app.router.add_post("/events/{event_id}/desk/undo", undo)


async def _answer(request: web.Request, event: Event, typed: DeskForm) -> Shown:
    cases = use_cases(request)
    mode_full = False
    if typed.switch and typed.participant_id is not None:
        try:
            await cases.registrations.edit(
                event.event_id, typed.participant_id, {"mode": Mode.IN_PERSON}, may_wait=False
            )
        except ModeFullError:
            mode_full = True
        except RegistrationCancelledError:
            # The check-in below says so.
            pass
    result = await cases.check_ins.check_in(
        event.event_id,
        CheckIn(action=typed.action, gate=typed.gate, device="desk"),
        ticket=typed.typed if typed.participant_id is None else None,
        participant_id=typed.participant_id,
        retry_key=typed.form_id,
    )
    if result.reason is Refusal.UNKNOWN_TICKET and typed.typed is not None and _may_be_name(typed.typed):
        query = RosterQuery(limit=_MOST_FOUND + 1, search=typed.typed)
        found = await cases.registrations.roster(event.event_id, query)
        return Shown(found=tuple(found))
    return Shown(result=result, mode_full=mode_full)


def _may_be_name(typed: str) -> bool:
    """Whether what was typed is to be searched for among the names: no ticket code at all, or one without a digit."""
    return read_ticket(typed) is None or not any(letter.isdigit() for letter in typed)


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, Role.DESK, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _page(request: web.Request, event: Event, shown: Shown, *, action: Action, gate: str) -> web.Response:
    cases = use_cases(request)
    counts = await cases.registrations.counts(event.event_id)
    return render(
        request,
        "desk.html",
        event=event,
        shown=shown,
        action=action,
        gate=gate,
        form_id=secrets.token_hex(16),
        on_site=counts.on_site,
        expected=counts.of(Mode.IN_PERSON, SeatStatus.CONFIRMED),
        scans=await cases.check_ins.last(event.event_id, limit=_SCANS_SHOWN),
        most_found=_MOST_FOUND,
        spell=spell,
    )
