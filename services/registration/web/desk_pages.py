"""The check-in desk: one field for a ticket code or a name, one big answer, and the last scans with their undoing.

The forms work by themselves. A browser that runs scripts sends none of them: `static/desk/` judges the same scans on
the device and tells the API, so that a desk goes on without the network.
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Identifier
from services.chassis.access import Role, grant_of, require
from services.chassis.pages import language_of, render
from services.chassis.pages.forms import Form, read_form
from services.registration.application.doors import CheckInResult
from services.registration.application.ports import Participant, RosterQuery
from services.registration.application.sessions import DESK_LINK
from services.registration.domain.checkins import Action, CheckIn, Outcome, Refusal, Scan
from services.registration.domain.desk_days import end_of_day
from services.registration.domain.errors import (
    AlreadyRegisteredError,
    EventStateError,
    ModeFullError,
    RegistrationCancelledError,
    SessionFullError,
    SessionNotFoundError,
)
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.registrations import Person
from services.registration.domain.seats import Mode
from services.registration.domain.signatures import Asked
from services.registration.domain.tickets import not_a_ticket, read_ticket, spell, ticket_of_another
from services.registration.web.answers import see
from services.registration.web.bodies import Email, Label, PersonName
from services.registration.web.use_cases import use_cases

_SCANS_SHOWN: Final = 8
_MOST_FOUND: Final = 8
_CLOSED: Final = {
    EventStatus.DRAFT: "event_not_published",
    EventStatus.CLOSED: "event_closed",
    EventStatus.CANCELLED: "event_cancelled",
}


class Standing(BaseModel):
    """Where a desk stands: the direction, the gate, and the room or session if it is not at a door of the event."""

    action: Action = Action.IN
    gate: Label | None = None
    place_id: Identifier | None = None


class DeskForm(Standing):
    """What a volunteer typed, or whom they picked from the names found.

    `switch` moves a remote participant to a seat in the room first, `join` registers somebody for the session.
    `form_id` makes sending it twice the same as once.
    """

    typed: Annotated[str, Field(max_length=200)] | None = None
    participant_id: Identifier | None = None
    switch: bool = False
    join: bool = False
    form_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class UndoForm(Standing):
    """A scan to take back."""

    fact_id: Identifier


class WalkInForm(Standing):
    """Somebody without a ticket; `anyway` if others of this name or address are registered."""

    name: PersonName
    email: Email | None = None
    anyway: bool = False
    form_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the page answers: the result of a scan, or the people found by name, or what was undone.

    `failed` names the panel of what could not be done; `ticket` is the one made for a walk-in, `walk_in` whoever may be
    registered already.
    """

    result: CheckInResult | None = None
    found: tuple[Participant, ...] | None = None
    undone: Scan | None = None
    failed: str | None = None
    ticket: str | None = None
    walk_in: Person | None = None

    def which(self, event: Event) -> str:
        """The panel that shows the result (`desk_result.html`)."""
        result = self.result
        if result is None:
            return "ready"
        if result.outcome is Outcome.ALREADY_IN:
            earlier = result.earlier or result.scan
            return "already_in" if earlier is None else "already_in_by" if earlier.gate else "already_in_since"
        if result.outcome is Outcome.REFUSED:
            return _refusal(result, event)
        return "walked_in" if self.ticket else result.outcome.value


async def show_desk(request: web.Request) -> web.StreamResponse:
    """The desk, ready for the first ticket."""
    event = await own_event(request)
    action = Action.OUT if request.query.get("action") == Action.OUT.value else Action.IN
    return await _page(
        request, event, Shown(), Standing.model_construct(action=action, gate=request.query.get("gate", "")[:100])
    )


async def show_shell(request: web.Request) -> web.StreamResponse:
    """The desk as a device keeps it to open without the network: nobody's name is on it."""
    return await _page(request, await own_event(request), Shown(), Standing(), names=False)


async def scan(request: web.Request) -> web.StreamResponse:
    """Let the holder of a ticket in or out, or find people by name."""
    event = await own_event(request)
    form: Form[DeskForm] = await read_form(request, DeskForm)
    if form.model is None or (form.model.typed is None and form.model.participant_id is None):
        return await _page(request, event, Shown(), Standing.model_construct(gate=form.value("gate")[:100]))
    return await _page(request, event, await _answer(request, event, form.model), form.model)


async def undo(request: web.Request) -> web.StreamResponse:
    """Take a scan back."""
    event = await own_event(request)
    form = await read_form(request, UndoForm)
    if form.model is None:
        raise web.HTTPBadRequest
    voided = await use_cases(request).check_ins.void(event.event_id, form.model.fact_id)
    return await _page(request, event, Shown(undone=voided), form.model)


async def walk_in(request: web.Request) -> web.StreamResponse:
    """Register somebody who is at the door, and let them in."""
    event = await own_event(request)
    form = await read_form(request, WalkInForm)
    if form.model is None:
        return await _page(request, event, Shown(failed="failed"), Standing())
    typed = form.model
    person = Person(name=typed.name, email=typed.email or "", language=language_of(request))
    check_in = CheckIn(action=Action.IN, gate=typed.gate, place_id=typed.place_id, device="desk")
    try:
        ticket, result = await use_cases(request).walk_ins.let_in(
            event.event_id, person, check_in, retry_key=typed.form_id, look_first=not typed.anyway
        )
    except ModeFullError:
        return await _page(request, event, Shown(failed="room_full"), typed)
    except EventStateError as error:
        return await _page(request, event, Shown(failed=_CLOSED[EventStatus(error.status)]), typed)
    except AlreadyRegisteredError:
        known = tuple(await use_cases(request).walk_ins.known(event.event_id, person))
        return await _page(request, event, Shown(found=known, failed="known", walk_in=person), typed)
    return await _page(request, event, Shown(result=result, ticket=spell(ticket)), typed)


async def back(request: web.Request) -> web.StreamResponse:
    """The address of an act, opened by a link (that of the other language, say): the desk."""
    return see(request.path.rpartition("/")[0])


def add_desk_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/events/{event_id}/desk", show_desk)
    app.router.add_post("/events/{event_id}/desk", scan)
    app.router.add_get("/events/{event_id}/desk/shell", show_shell)
    for name, act in (("undo", undo), ("walk-ins", walk_in)):
        app.router.add_get(f"/events/{{event_id}}/desk/{name}", back)
        app.router.add_post(f"/events/{{event_id}}/desk/{name}", act)


async def own_event(request: web.Request) -> Event:
    """The event of the address, for those who may stand at its desk.

    Raises:
        Problem: 401 or 403 for others.
    """
    event_id = request.match_info["event_id"]
    require(request, Role.DESK, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _answer(request: web.Request, event: Event, typed: DeskForm) -> Shown:
    if typed.typed is not None and (stranger := not_a_ticket(typed.typed)) is not None:
        return Shown(failed=stranger)
    cases = use_cases(request)
    full = False
    if typed.switch and typed.participant_id is not None:
        try:
            await cases.registrations.edit(
                event.event_id, typed.participant_id, {"mode": Mode.IN_PERSON}, may_wait=False
            )
        except ModeFullError:
            full = True
        except RegistrationCancelledError:
            # The check-in below says so.
            pass
    if typed.join and typed.participant_id is not None and typed.place_id is not None:
        # Whatever else stands in the way, the check-in below says so.
        with suppress(RegistrationCancelledError, SessionNotFoundError, EventStateError):
            try:
                await cases.session_places.put(event.event_id, typed.participant_id, typed.place_id, at_door=True)
            except SessionFullError:
                full = True
    result = await cases.check_ins.check_in(
        event.event_id,
        CheckIn(action=typed.action, gate=typed.gate, place_id=typed.place_id, device="desk"),
        ticket=typed.typed if typed.participant_id is None else None,
        participant_id=typed.participant_id,
        retry_key=typed.form_id,
    )
    if result.reason is Refusal.UNKNOWN_TICKET and typed.typed is not None and _may_be_name(typed.typed):
        query = RosterQuery(limit=_MOST_FOUND + 1, search=typed.typed)
        found = await cases.registrations.roster(event.event_id, query)
        return Shown(found=tuple(found))
    return Shown(result=replace(result, seats_left=0) if full else result)


def _refusal(result: CheckInResult, event: Event) -> str:
    other = result.other_event
    if result.reason is Refusal.REMOTE_TICKET and result.seats_left is not None:
        return "remote_left" if result.seats_left else "remote_full"
    if result.reason is Refusal.NOT_IN_SESSION:
        return "session_open" if result.seats_left is None else "session_left" if result.seats_left else "session_full"
    if other is None:
        return str(result.reason)
    zone = ZoneInfo(other.timezone)
    another_day = other.starts_at.astimezone(zone).date() != event.starts_at.astimezone(zone).date()
    return "other_day" if other.title == event.title and another_day else "other_event_named"


def _may_be_name(typed: str) -> bool:
    """Whether what was typed is to be searched for among the names: no ticket code at all, or one without a digit."""
    if ticket_of_another("", typed) is not None:
        return False
    return read_ticket(typed) is None or not any(letter.isdigit() for letter in typed)


def _takes_place_on(event: Event, now: datetime) -> bool:
    """Whether it is one of the event's days, where it takes place."""
    first, day, last = (
        instant.astimezone(ZoneInfo(event.timezone)).date() for instant in (event.starts_at, now, event.ends_at)
    )
    return first <= day <= last


def _came_by_link(request: web.Request) -> bool:
    grant = grant_of(request)
    return grant is not None and (grant.holder or "").startswith(f"{DESK_LINK}_")


async def _page(
    request: web.Request, event: Event, shown: Shown, standing: Standing, *, names: bool = True
) -> web.Response:
    cases = use_cases(request)
    state = await cases.desks.state(event.event_id, with_tickets=False)
    place: dict[str, Any] = {
        "action": standing.action,
        "gate": standing.gate or "",
        "place_id": standing.place_id or "",
    }
    return render(
        request,
        "desk.html",
        event=event,
        shown=shown,
        place=place,
        form_id=secrets.token_hex(16),
        state=state,
        today=_takes_place_on(event, state.now),
        closes_at=end_of_day(state.now, event.timezone) if _came_by_link(request) else None,
        scans=await cases.check_ins.last(event.event_id, limit=_SCANS_SHOWN) if names else (),
        most_found=_MOST_FOUND,
        signs=(await cases.proofs.signatures.settings(event.event_id)).asked is Asked.SCREEN,
    )
