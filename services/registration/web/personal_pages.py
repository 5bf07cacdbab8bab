"""The personal page of a registration: ticket, join link, what can be changed, and all that is known of the person."""

import asyncio
import io
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import segno
from aiohttp import web

from services.chassis.pages import language_of, render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.registration.application.chosen_sessions import ChosenSession, clashes
from services.registration.application.ports import Participant
from services.registration.application.registrations import RegistrationChanges
from services.registration.application.signatures import may_attest
from services.registration.domain.errors import (
    InvalidValueError,
    NoOfferError,
    OfferExpiredError,
    ParticipantNotFoundError,
)
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.tickets import spell
from services.registration.web.answer_form import AnswerForm, answers_typed, filled_answers, refused_answers
from services.registration.web.answers import ERASED_BEFORE, see
from services.registration.web.consent_texts import asked_now
from services.registration.web.person_forms import ConsentForm, HeadcountForm, PersonForm
from services.registration.web.session_choice import SessionChoice, offered, refused_choice
from services.registration.web.use_cases import use_cases

_QR_BORDER: Final = 2
_HERE: Final = "/e/{event_id}/confirmation/{token}"


async def show_registration(request: web.Request) -> web.StreamResponse:
    """Ticket, join link, and what can be changed."""
    event, participant = await own_registration(request)
    return await _personal_page(request, event, participant, await _person_form(request, participant))


async def correct_person(request: web.Request) -> web.StreamResponse:
    """Correct the name, the address, the language or the needs; or show what is wrong."""
    event, participant = await own_registration(request)
    form = await read_form(request, PersonForm)
    if form.model is None:
        return await _personal_page(request, event, participant, form)
    changes: RegistrationChanges = {
        "name": form.model.name,
        "email": form.model.email,
        "language": form.model.language,
        "needs": form.model.needs,
    }
    await use_cases(request).registrations.edit(event.event_id, participant.registration.participant_id, changes)
    return see(_path(request))


async def change_registration(request: web.Request) -> web.StreamResponse:
    """Change the mode or the consents, cancel, or have everything erased."""
    event, participant = await own_registration(request)
    event_id, participant_id = event.event_id, participant.registration.participant_id
    registrations = use_cases(request).registrations
    match request.match_info["act"]:
        case "in_person" | "remote" as mode:
            changes: RegistrationChanges = {"mode": Mode(mode), "keep_waiting": True, "keep_seat": True}
            await registrations.edit(event_id, participant_id, changes)
        case "wait_no_more":
            await registrations.edit(event_id, participant_id, {"keep_waiting": False})
        case "accept" | "decline" as answered:
            await _answer_offer(request, event_id, participant_id, accept=answered == "accept")
        case "headcount":
            counted = await read_form(request, HeadcountForm)
            if counted.model is not None:
                await registrations.edit(event_id, participant_id, {"headcount": counted.model.headcount})
        case "consents":
            form = await read_form(request, ConsentForm)
            await registrations.edit(event_id, participant_id, {"consents": (form.model or ConsentForm()).given()})
        case "cancel":
            await registrations.cancel(event_id, participant_id)
        case "erase":
            await registrations.cancel(event_id, participant_id, erase=True)
            if participant.person is None:
                return see(f"{_path(request)}?{ERASED_BEFORE}")
        case _:
            raise web.HTTPNotFound
    return see(_path(request))


async def _answer_offer(request: web.Request, event_id: str, participant_id: str, *, accept: bool) -> None:
    """Take an offered seat or leave it; one that is no more on offer is told by the page that follows."""
    offers = use_cases(request).offers
    with suppress(NoOfferError, OfferExpiredError):
        await (offers.accept if accept else offers.decline)(event_id, participant_id)


async def choose_sessions(request: web.Request) -> web.StreamResponse:
    """Change the sessions that they will come to, or show what is wrong."""
    event, participant = await own_registration(request)
    form = await read_form(request, SessionChoice)
    wanted = form.model.sessions if form.model else ()
    try:
        if form.model is not None:
            changes: RegistrationChanges = {"sessions": wanted}
            whose = participant.registration
            await use_cases(request).registrations.edit(whose.event_id, whose.participant_id, changes)
    except InvalidValueError as error:
        form = refused_choice(form, event, wanted, error, texts_of(request))
    if form.errors:
        person = await _person_form(request, participant)
        return await _personal_page(request, event, participant, person, session_form=form)
    return see(_path(request))


async def answer_questions(request: web.Request) -> web.StreamResponse:
    """Change the answers to the questions of the event, or show what is wrong."""
    event, participant = await own_registration(request)
    texts, whose = texts_of(request), participant.registration
    form, answers = answers_typed(await read_form(request, AnswerForm), event, texts)
    try:
        if form.model is not None:
            await use_cases(request).registrations.edit(whose.event_id, whose.participant_id, {"answers": answers})
    except InvalidValueError as error:
        form = refused_answers(form, error, texts)
    if form.errors:
        person = await _person_form(request, participant)
        return await _personal_page(request, event, participant, person, answer_form=form)
    return see(_path(request))


async def show_ticket_image(request: web.Request) -> web.StreamResponse:
    """The ticket code as a QR code (SVG)."""
    _, participant = await own_registration(request)
    image = io.BytesIO()
    code = segno.make_qr(spell(participant.registration.ticket), error="m")
    code.save(image, kind="svg", border=_QR_BORDER, scale=8, xmldecl=False)
    return web.Response(body=image.getvalue(), content_type="image/svg+xml")


async def download_ticket(request: web.Request) -> web.StreamResponse:
    """The ticket as an accessible PDF; who has no seat in the room has none."""
    event, participant = await own_registration(request)
    if not _holds_ticket(event, participant):
        raise web.HTTPNotFound
    made = use_cases(request).enclosures
    sessions = await _sessions(request, event, participant)
    ticket = await asyncio.to_thread(made.ticket_pdf, event, participant, language_of(request), sessions)
    return _file(ticket, "application/pdf", "ticket.pdf")


async def download_calendar_entry(request: web.Request) -> web.StreamResponse:
    """The event for one's own calendar."""
    event, participant = await own_registration(request)
    sessions = await _sessions(request, event, participant)
    entry = use_cases(request).enclosures.calendar_entry(event, participant, language_of(request), sessions)
    return _file(entry, "text/calendar", "event.ics")


async def back(request: web.Request) -> web.StreamResponse:
    """The address of an act, opened by a link (that of the other language, say): the page it belongs to."""
    return see(_path(request))


def add_personal_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, show_registration)
    app.router.add_get(f"{_HERE}/ticket.svg", show_ticket_image)
    app.router.add_get(f"{_HERE}/ticket.pdf", download_ticket)
    app.router.add_get(f"{_HERE}/event.ics", download_calendar_entry)
    app.router.add_post(f"{_HERE}/person", correct_person)
    app.router.add_post(f"{_HERE}/sessions", choose_sessions)
    app.router.add_post(f"{_HERE}/answers", answer_questions)
    app.router.add_get(f"{_HERE}/{{act}}", back)
    app.router.add_post(f"{_HERE}/{{act}}", change_registration)


async def own_registration(request: web.Request) -> tuple[Event, Participant]:
    """The registration that a personal link opens.

    Raises:
        ParticipantNotFoundError: if it opens none of this event.
    """
    event_id, cases = request.match_info["event_id"], use_cases(request)
    participant_id = cases.links.read_token(request.match_info["token"], event_id=event_id)
    if participant_id is None:
        raise ParticipantNotFoundError(event_id)
    return await cases.events.find(event_id), await cases.registrations.find(event_id, participant_id)


async def _person_form(request: web.Request, participant: Participant) -> Form[PersonForm]:
    person, values = participant.person, {}
    if person is not None:
        needs = await use_cases(request).people.needs_of(participant.registration.participant_id)
        values = {"name": person.name, "email": person.email, "language": person.language, "needs": needs or ""}
    return Form.empty(**values)


async def _personal_page(
    request: web.Request,
    event: Event,
    participant: Participant,
    form: Form[PersonForm],
    *,
    session_form: Form[SessionChoice] | None = None,
    answer_form: Form[AnswerForm] | None = None,
) -> web.Response:
    cases, seat = use_cases(request), participant.registration
    other = Mode.REMOTE if seat.mode is Mode.IN_PERSON else Mode.IN_PERSON
    counts = await cases.registrations.counts(event.event_id)
    whose = {"event_id": event.event_id, "participant_id": seat.participant_id}
    chosen = [each for each in await _sessions(request, event, participant) if not each.place.is_left]
    mine = [each for each in chosen if not each.removed]
    overviews = await cases.session_places.overview(event)
    answers = await cases.people.answers_of(event, seat.participant_id)
    asked = {question.question_id for question in event.questions}
    ticked: Form[SessionChoice] = Form(values={"sessions": [each.session.session_id for each in mine]})
    return render(
        request,
        "confirmation.html",
        status=422 if form.errors or session_form or answer_form else 200,
        form=form,
        answer_form=answer_form or filled_answers(answers),
        answers_kept=[answer for answer in answers if answer.question_id not in asked],
        session_form=session_form or ticked,
        chosen=mine,
        removed=[each.session for each in chosen if each.removed],
        clashes=clashes(mine),
        offered=offered(event, overviews, mine, now=cases.session_places.clock()),
        event=event,
        participant=participant,
        ticket=spell(seat.ticket),
        here=_path(request),
        # A path and not the whole address, so that it works by whatever name this machine was reached.
        join_path=cases.links.join_url(**whose).removeprefix(cases.settings.public_url),
        live_path=cases.links.live_url(**whose).removeprefix(cases.settings.public_url),
        other_mode=other,
        other_is_full=counts.free(event)[other] == 0,
        consents=asked_now(),
        last_words=await cases.people.last_words(seat.participant_id),
        erasure=await cases.people.erasure(seat.participant_id),
        erased_before=ERASED_BEFORE in request.query_string,
        attests=may_attest(await cases.proofs.signatures.settings(event.event_id), participant),
    )


async def _sessions(request: web.Request, event: Event, participant: Participant) -> Sequence[ChosenSession]:
    """What they chose, what they left, and what is in the agenda no more."""
    whose = participant.registration.participant_id
    return (await use_cases(request).session_places.of(event, [whose], gone_too=True)).get(whose, ())


def _holds_ticket(event: Event, participant: Participant) -> bool:
    seat = participant.registration
    seated = seat.status is SeatStatus.CONFIRMED and seat.mode is Mode.IN_PERSON
    return seated and event.status is EventStatus.PUBLISHED


def _file(content: bytes, kind: str, name: str) -> web.Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=content, content_type=kind, headers=headers)


def _path(request: web.Request) -> str:
    return f"/e/{request.match_info['event_id']}/confirmation/{request.match_info['token']}"
