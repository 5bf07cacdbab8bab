"""The organizer's pages of an event: create, edit, publish, close, cancel, archive; the registrations."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.paging import page_of
from services.registration.application.chosen_sessions import clashes
from services.registration.application.event_drafts import EventChanges
from services.registration.application.ports import RosterQuery
from services.registration.application.registrations import RegistrationChanges
from services.registration.domain.errors import EventChangedMeanwhileError, InvalidValueError
from services.registration.domain.event import OFFER_MINUTES, Event, EventStatus, require_editable
from services.registration.domain.event_versions import version_of
from services.registration.domain.half_days import days_left_out
from services.registration.domain.letters import LetterState
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.tickets import spell
from services.registration.web.actors import organizes_all, reach_of
from services.registration.web.answers import ERASED_BEFORE, see
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.data_contact_form import contact_values
from services.registration.web.event_form import EventForm, filled_with, refused
from services.registration.web.event_merging import Difference, merged
from services.registration.web.form_rows import rows_to_show
from services.registration.web.unknown_sources import unknown_sources
from services.registration.web.use_cases import use_cases

_ROWS_A_PAGE: Final = 20
_LONGEST_SEARCH: Final = 200


async def new_event(request: web.Request) -> web.StreamResponse:
    """An empty form, but for who answers for the data: that is mostly who did the last time."""
    require(request)
    blank = Form[EventForm].empty(
        timezone="Europe/Paris",
        grace_minutes="15",
        offer_minutes=str(OFFER_MINUTES),
        **contact_values(await use_cases(request).events.last_contact()),
    )
    return await _form_page(request, blank, event=None)


async def create_event(request: web.Request) -> web.StreamResponse:
    """Create what the form describes, or show the form again with what is wrong."""
    require(request)
    form = await read_form(request, EventForm)
    if form.model is None or "more" in form.values:
        return await _form_page(request, form, event=None)
    try:
        event = await use_cases(request).events.create(form.model.draft())
    except InvalidValueError as error:
        return await _form_page(request, refused(form, error, texts_of(request)), event=None)
    return see(f"/events/{event.event_id}")


async def edit_event(request: web.Request) -> web.StreamResponse:
    """The form, filled with the event."""
    event = await _own_event(request)
    require_editable(event)
    return await _form_page(request, filled_with(event), event=event)


async def change_event(request: web.Request) -> web.StreamResponse:
    """Change the event to what the form describes, or show the form again with what is wrong.

    Who began before another editor ended sees what that one changed, and saves on top of it.
    """
    event = await _own_event(request)
    form = await read_form(request, EventForm)
    if form.model is None or "more" in form.values:
        return await _form_page(request, form, event=event)
    try:
        draft = form.model.draft()
        changes: EventChanges = {
            "title": draft.title,
            "starts_at": draft.starts_at,
            "ends_at": draft.ends_at,
            "timezone": draft.timezone,
            "seats": {mode: draft.capacity.of(mode) for mode in Mode},
            "grace_minutes": draft.grace_minutes,
            "offer_minutes": draft.offer_minutes,
            "no_show_minutes": draft.no_show_minutes,
            "description": draft.description,
            "series": draft.series,
            "rooms": draft.rooms,
            "sessions": draft.sessions,
            "data_contact": draft.data_contact,
            "questions": draft.questions,
        }
        version = form.value("version")
        await use_cases(request).events.edit(
            event.event_id, changes, seen=[version] if version else None, connects=organizes_all(request)
        )
    except InvalidValueError as error:
        return await _form_page(request, refused(form, error, texts_of(request)), event=event)
    except EventChangedMeanwhileError:
        event = await use_cases(request).events.find(event.event_id)
        require_editable(event)
        form, differences = merged(form, event)
        return await _form_page(request, form, event=event, differences=differences)
    return see(f"/events/{event.event_id}")


async def show_event(request: web.Request) -> web.StreamResponse:
    """How the event stands, and who is registered."""
    return await _event_page(request, await _own_event(request))


async def _event_page(
    request: web.Request, event: Event, *, changed: Sequence[str] | None = None
) -> web.StreamResponse:
    """The page of an event; `changed` are the parts that somebody else changed before an act that was not done."""
    cases = use_cases(request)
    search = request.query.get("search", "").strip()[:_LONGEST_SEARCH]
    after = read_cursor(request.query.get("after"))
    roster = await cases.registrations.roster(
        event.event_id, RosterQuery(limit=_ROWS_A_PAGE + 1, after=after, search=search or None)
    )
    kept, following = page_of(
        roster,
        limit=_ROWS_A_PAGE,
        key=lambda participant: cursor_key(
            participant.registration.created_at, participant.registration.participant_id
        ),
    )
    counts = await cases.registrations.counts(event.event_id)
    active = (people for (_, status), people in counts.by_seat.items() if status != SeatStatus.CANCELLED)
    return render(
        request,
        "event.html",
        status=200 if changed is None else 412,
        event=event,
        version=version_of(event),
        changed=changed,
        counts=counts,
        letters_on_cancelling=sum(active),
        mail_leaves=cases.settings.smtp_server is not None,
        let_in_twice=sum(not settled for _, settled in await cases.desks.double_entries(event.event_id)),
        contests=await cases.proofs.contests.waiting(event.event_id),
        unseated=sum(not settled for _, settled in await cases.desks.unseated_entries(event.event_id)),
        days_left_out=days_left_out(event),
        unknown_sources=(await unknown_sources(cases.neighbours, [event])).get(event.event_id, ()),
        room_troubles=await cases.neighbours.room_troubles(event.event_id) if _meets_online(event) else None,
        undelivered=(await cases.letters.counts(event.event_id)).get(LetterState.UNDELIVERABLE, 0),
        roster=kept,
        search=search,
        first=after is None,
        following=following,
        public_url=f"{cases.settings.public_url}/e/{event.event_id}",
        spell=spell,
    )


def _meets_online(event: Event) -> bool:
    return event.status is EventStatus.PUBLISHED and any(room.conference for room in event.rooms)


async def show_participant(request: web.Request) -> web.StreamResponse:
    """One registration, with what an organizer can do about it."""
    event = await _own_event(request)
    cases = use_cases(request)
    participant = await cases.registrations.find(event.event_id, request.match_info["participant_id"])
    whose = {"event_id": event.event_id, "participant_id": participant.registration.participant_id}
    mine = (await cases.session_places.of(event, [whose["participant_id"]])).get(whose["participant_id"], ())
    return render(
        request,
        "participant.html",
        event=event,
        participant=participant,
        ticket=spell(participant.registration.ticket),
        sessions=await cases.session_places.overview(event),
        chosen={one.session.session_id: one for one in mine},
        clashes=clashes(mine),
        needs=await cases.people.needs_of(participant.registration.participant_id),
        answers=await cases.people.answers_of(event, whose["participant_id"]),
        orders=sorted({bought.order_id for bought in await cases.shops.tickets_of(**whose)} - {""}),
        erasure=await cases.people.erasure(whose["participant_id"]),
        erased_before=ERASED_BEFORE in request.query_string,
        confirmation_url=cases.links.confirmation_url(**whose),
    )


async def change_participant(request: web.Request) -> web.StreamResponse:
    """Change the mode, accept or decline an offer for somebody who calls, cancel, or erase."""
    event = await _own_event(request)
    participant_id = request.match_info["participant_id"]
    registrations, offers = use_cases(request).registrations, use_cases(request).offers
    acts: dict[str, Callable[[], Awaitable[object]]] = {
        "in_person": lambda: registrations.edit(event.event_id, participant_id, _switch(Mode.IN_PERSON)),
        "remote": lambda: registrations.edit(event.event_id, participant_id, _switch(Mode.REMOTE)),
        "accept": lambda: offers.accept(event.event_id, participant_id),
        "decline": lambda: offers.decline(event.event_id, participant_id),
        "letter": lambda: use_cases(request).people.write_again(event.event_id, participant_id),
        "cancel": lambda: registrations.cancel(event.event_id, participant_id),
        "erase": lambda: registrations.cancel(event.event_id, participant_id, erase=True),
    }
    act = acts.get(request.match_info["act"])
    if act is None:
        raise web.HTTPNotFound
    before = await registrations.find(event.event_id, participant_id)
    await act()
    erased_before = request.match_info["act"] == "erase" and before.person is None
    query = f"?{ERASED_BEFORE}" if erased_before else ""
    return see(f"/events/{event.event_id}/registrations/{participant_id}{query}")


def _switch(mode: Mode) -> RegistrationChanges:
    return {"mode": mode, "keep_waiting": True, "keep_seat": True}


async def back(request: web.Request) -> web.StreamResponse:
    """The address of an act, opened by a link (that of the other language, say): the page it belongs to."""
    return see(request.path.rpartition("/")[0])


def add_event_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/events/new", new_event)
    app.router.add_post("/events/new", create_event)
    app.router.add_get("/events/{event_id}", show_event)
    app.router.add_get("/events/{event_id}/edit", edit_event)
    app.router.add_post("/events/{event_id}/edit", change_event)
    for step in ("publish", "close", "reopen", "cancel", "archive", "unarchive"):
        app.router.add_get(f"/events/{{event_id}}/{step}", back)
        app.router.add_post(f"/events/{{event_id}}/{step}", _step(step))
    app.router.add_get("/events/{event_id}/registrations/{participant_id}", show_participant)
    app.router.add_get("/events/{event_id}/registrations/{participant_id}/{act}", back)
    app.router.add_post("/events/{event_id}/registrations/{participant_id}/{act}", change_participant)


def _step(step: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def take(request: web.Request) -> web.StreamResponse:
        event = await _own_event(request)
        events = use_cases(request).events
        form = await request.post()
        seen = [str(form["version"])] if "version" in form else None
        acts: dict[str, Callable[[], Awaitable[Event]]] = {
            "publish": lambda: events.publish(event.event_id, seen=seen),
            "close": lambda: events.close(event.event_id, seen=seen),
            "reopen": lambda: events.reopen(event.event_id, seen=seen),
            "cancel": lambda: events.cancel(event.event_id, seen=seen),
            "archive": lambda: events.archive(event.event_id),
            "unarchive": lambda: events.unarchive(event.event_id),
        }
        try:
            await acts[step]()
        except EventChangedMeanwhileError as error:
            return await _event_page(request, await events.find(event.event_id), changed=error.parts)
        return see(f"/events/{event.event_id}")

    return take


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _form_page(
    request: web.Request, form: Form[EventForm], *, event: Event | None, differences: Sequence[Difference] | None = None
) -> web.Response:
    # Asking for more rows, or for more fields of one, is not sending the form in: what is missing is no error yet.
    shown = replace(form, errors={}, model=None) if "more" in form.values else form
    rows = {"more": form.value("more") == "rows", "again": "more" in form.values}
    return render(
        request,
        "event_form.html",
        status=422 if shown.errors else 200 if differences is None else 412,
        form=shown,
        event=event,
        differences=differences,
        session_rows=rows_to_show(shown, "sessions", **rows),
        room_rows=rows_to_show(shown, "rooms", **rows),
        question_rows=rows_to_show(shown, "questions", **rows),
        known_series=await use_cases(request).events.series(reach_of(request)),
        sources=sorted(await use_cases(request).neighbours.source_names() or ()) if organizes_all(request) else (),
    )
