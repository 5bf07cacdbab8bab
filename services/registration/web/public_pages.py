"""The public pages: an event with its registration form, and the personal page of each registration."""

import io
import secrets
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import segno
from aiohttp import web
from pydantic import BaseModel, Field

from services.chassis.access import grant_of
from services.chassis.pages import language_of, render
from services.chassis.pages.forms import Form, read_form
from services.registration.application.ports import Participant
from services.registration.application.registrations import Register, RegistrationChanges
from services.registration.domain.errors import EventNotFoundError, ParticipantNotFoundError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.registrations import Person, Purpose
from services.registration.domain.seats import Mode, SeatStatus, free_seats
from services.registration.domain.tickets import spell
from services.registration.web.answers import see
from services.registration.web.bodies import Email, PersonName
from services.registration.web.use_cases import use_cases

_QR_BORDER: Final = 2


class RegistrationForm(BaseModel):
    """What somebody fills in to register. `form_id` makes sending it twice the same as sending it once."""

    mode: Mode
    name: PersonName
    email: Email
    language: Literal["fr", "en"]
    newsletter: bool = False
    photos: bool = False
    recording: bool = False
    form_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class PersonForm(BaseModel):
    """What somebody corrects about themselves."""

    name: PersonName
    email: Email
    language: Literal["fr", "en"]


class ConsentForm(BaseModel):
    """What somebody consents to from now on."""

    newsletter: bool = False
    photos: bool = False
    recording: bool = False


async def show_event(request: web.Request) -> web.StreamResponse:
    """The agenda and, while registration is open, the form."""
    event = await _public_event(request)
    form = Form[RegistrationForm].empty(language=language_of(request), form_id=secrets.token_hex(16))
    return await _event_page(request, event, form)


async def register(request: web.Request) -> web.StreamResponse:
    """Register, then lead to the personal page; or show the form again with what was typed and what is wrong."""
    event = await _public_event(request)
    form = await read_form(request, RegistrationForm)
    if form.model is None:
        return await _event_page(request, event, form)
    typed, cases = form.model, use_cases(request)
    command = Register(
        mode=typed.mode,
        person=Person(name=typed.name, email=typed.email, language=typed.language),
        consents=_given(typed),
        retry_key=typed.form_id,
    )
    participant = await cases.registrations.register(event.event_id, command)
    token = cases.links.token(event_id=event.event_id, participant_id=participant.registration.participant_id)
    return see(f"/e/{event.event_id}/confirmation/{token}")


async def show_confirmation(request: web.Request) -> web.StreamResponse:
    """The personal page: ticket, join link, and what can be changed."""
    event, participant = await _own_registration(request)
    person = participant.person
    values = {"name": person.name, "email": person.email, "language": person.language} if person else {}
    return await _personal_page(request, event, participant, Form[PersonForm].empty(**values))


async def correct_person(request: web.Request) -> web.StreamResponse:
    """Correct the name, the address or the language; or show what is wrong."""
    event, participant = await _own_registration(request)
    form = await read_form(request, PersonForm)
    if form.model is None:
        return await _personal_page(request, event, participant, form)
    changes: RegistrationChanges = {
        "name": form.model.name,
        "email": form.model.email,
        "language": form.model.language,
    }
    participant_id = participant.registration.participant_id
    await use_cases(request).registrations.edit(event.event_id, participant_id, changes)
    return see(_path(request))


async def show_ticket_image(request: web.Request) -> web.StreamResponse:
    """The ticket code as a QR code (SVG)."""
    _, participant = await _own_registration(request)
    image = io.BytesIO()
    code = segno.make_qr(spell(participant.registration.ticket), error="m")
    code.save(image, kind="svg", border=_QR_BORDER, scale=8, xmldecl=False)
    return web.Response(body=image.getvalue(), content_type="image/svg+xml")


async def change_registration(request: web.Request) -> web.StreamResponse:
    """Change the mode or the consents, cancel, or have everything erased."""
    event, participant = await _own_registration(request)
    event_id, participant_id = event.event_id, participant.registration.participant_id
    registrations = use_cases(request).registrations
    match request.match_info["act"]:
        case "in_person" | "remote" as mode:
            await registrations.edit(event_id, participant_id, {"mode": Mode(mode)})
        case "consents":
            form = await read_form(request, ConsentForm)
            await registrations.edit(event_id, participant_id, {"consents": _given(form.model or ConsentForm())})
        case "cancel":
            await registrations.cancel(event_id, participant_id)
        case "erase":
            await registrations.cancel(event_id, participant_id, erase=True)
        case _:
            raise web.HTTPNotFound
    return see(_path(request))


async def back(request: web.Request) -> web.StreamResponse:
    """The address of an act, opened by a link (that of the other language, say): the page it belongs to."""
    return see(_path(request))


async def join(request: web.Request) -> web.StreamResponse:
    """From the personal join link to the meeting: the streaming bridge takes over with a grant of one minute."""
    event_id, cases = request.match_info["event_id"], use_cases(request)
    participant_id = cases.links.read_join_token(request.match_info["token"], event_id=event_id)
    if participant_id is None:
        return render(request, "not_yet.html", status=404, event=None, reason="unknown_link")
    event = await cases.events.find(event_id)
    participant = await cases.registrations.find(event_id, participant_id)
    reason = _why_not(event, participant)
    if reason is not None:
        return render(request, "not_yet.html", status=409, event=event, reason=reason)
    person = participant.person
    path = cases.links.grant_path(
        event_id=event_id,
        participant_id=participant_id,
        display_name=person.name if person else "",
        language=person.language if person else language_of(request),
    )
    return see(path)


def add_public_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/e/{event_id}", show_event)
    app.router.add_post("/e/{event_id}", register)
    app.router.add_get("/e/{event_id}/confirmation/{token}", show_confirmation)
    app.router.add_get("/e/{event_id}/confirmation/{token}/ticket.svg", show_ticket_image)
    app.router.add_post("/e/{event_id}/confirmation/{token}/person", correct_person)
    app.router.add_get("/e/{event_id}/confirmation/{token}/{act}", back)
    app.router.add_post("/e/{event_id}/confirmation/{token}/{act}", change_registration)
    app.router.add_get("/e/{event_id}/join/{token}", join)


def _why_not(event: Event, participant: Participant) -> str | None:
    """Why somebody cannot join; None when they can. In person too: a laptop in the room is welcome."""
    if event.status is not EventStatus.PUBLISHED:
        return f"event_{event.status}"
    if participant.registration.status is not SeatStatus.CONFIRMED:
        return participant.registration.status
    return "no_meeting" if event.conference_room is None else None


async def _public_event(request: web.Request) -> Event:
    """An event that the public may see; an organizer sees a draft of theirs too."""
    event_id = request.match_info["event_id"]
    event = await use_cases(request).events.find(event_id)
    grant = grant_of(request)
    if event.status is EventStatus.DRAFT and not (grant and grant.allows(event_id=event_id)):
        raise EventNotFoundError(event_id)
    return event


async def _own_registration(request: web.Request) -> tuple[Event, Participant]:
    event_id, cases = request.match_info["event_id"], use_cases(request)
    participant_id = cases.links.read_token(request.match_info["token"], event_id=event_id)
    if participant_id is None:
        raise ParticipantNotFoundError(event_id)
    return await cases.events.find(event_id), await cases.registrations.find(event_id, participant_id)


async def _event_page(request: web.Request, event: Event, form: Form[RegistrationForm]) -> web.Response:
    counts = await use_cases(request).registrations.counts(event.event_id)
    taken = {mode: counts.of(mode, SeatStatus.CONFIRMED) for mode in Mode}
    free: Mapping[Mode, int | None] = {mode: free_seats(event.capacity, taken, mode) for mode in Mode}
    return render(request, "public_event.html", status=422 if form.errors else 200, event=event, form=form, free=free)


async def _personal_page(
    request: web.Request, event: Event, participant: Participant, form: Form[PersonForm]
) -> web.Response:
    cases = use_cases(request)
    other = Mode.REMOTE if participant.registration.mode is Mode.IN_PERSON else Mode.IN_PERSON
    counts = await cases.registrations.counts(event.event_id)
    taken = {mode: counts.of(mode, SeatStatus.CONFIRMED) for mode in Mode}
    whose = {"event_id": event.event_id, "participant_id": participant.registration.participant_id}
    return render(
        request,
        "confirmation.html",
        status=422 if form.errors else 200,
        form=form,
        event=event,
        participant=participant,
        ticket=spell(participant.registration.ticket),
        here=_path(request),
        # A path and not the whole address, so that it works by whatever name this machine was reached.
        join_path=cases.links.join_url(**whose).removeprefix(cases.settings.public_url),
        other_mode=other,
        other_is_full=free_seats(event.capacity, taken, other) == 0,
        purposes=list(Purpose),
    )


def _given(form: RegistrationForm | ConsentForm) -> dict[Purpose, bool]:
    return {purpose: getattr(form, purpose) for purpose in Purpose}


def _path(request: web.Request) -> str:
    return f"/e/{request.match_info['event_id']}/confirmation/{request.match_info['token']}"
