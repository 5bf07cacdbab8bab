"""The public pages: an event with its agenda and registration form, and the way into the meeting."""

import asyncio
import secrets
from typing import Final
from urllib.parse import quote

from aiohttp import web

from services.chassis.access import grant_of
from services.chassis.pages import language_of, render, texts_of
from services.chassis.pages.forms import Form, Model, read_form
from services.chassis.pages.languages import mark
from services.registration.adapters.letters.agenda_feed import agenda_feed
from services.registration.application.enrolment import Register
from services.registration.application.ports import Participant
from services.registration.domain.errors import AlreadyRegisteredError, EventNotFoundError, InvalidValueError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.event_versions import instant_of
from services.registration.domain.registrations import Person
from services.registration.domain.seats import SeatStatus
from services.registration.web.answer_form import answers_typed, is_about_answers, refused_answers
from services.registration.web.answers import see
from services.registration.web.consent_texts import asked_now
from services.registration.web.person_forms import RegistrationForm
from services.registration.web.schema_org import described
from services.registration.web.session_choice import offered, refused_choice
from services.registration.web.strangers import may_know_who_is_registered, sees_ticket_at_once
from services.registration.web.use_cases import use_cases

ALREADY: Final = mark("This address is registered for this event already.")


async def show_event(request: web.Request) -> web.StreamResponse:
    """The agenda and, while registration is open, the form."""
    event = await public_event(request)
    form = Form[RegistrationForm].empty(language=language_of(request), form_id=secrets.token_hex(16))
    return await _event_page(request, event, form)


async def register(request: web.Request) -> web.StreamResponse:
    """Register, then lead to what comes next; or show the form again with what was typed and what is wrong.

    What comes next is the same for every stranger: a letter. So nobody learns whether an address is registered, and
    only who reads its mail gets the ticket. See `sees_ticket_at_once` for whom it is the personal page.
    """
    event = await public_event(request)
    form, answers = answers_typed(await read_form(request, RegistrationForm), event, texts_of(request))
    if form.model is None:
        return await _event_page(request, event, form)
    typed, cases = form.model, use_cases(request)
    if typed.website is not None:
        return see(f"/e/{event.event_id}/sent")
    wait = cases.registration_limits.seconds_to_wait(request)
    if wait:
        return await _event_page(request, event, refused_for_haste(form, wait, request), retry_after=wait)
    command = Register(
        mode=typed.mode,
        person=Person(name=typed.name, email=typed.email, language=typed.language),
        consents=typed.given(),
        needs=typed.needs,
        sessions=typed.sessions,
        answers=answers,
        was_asked=True,
        retry_key=typed.form_id,
    )
    participant = None
    try:
        openly = may_know_who_is_registered(request, event.event_id)
        participant = await cases.registrations.register_once(event.event_id, command, openly=openly)
    except AlreadyRegisteredError:
        form = form.with_error("email", texts_of(request).gettext(ALREADY))
    except InvalidValueError as error:
        if is_about_answers(error):
            form = refused_answers(form, error, texts_of(request))
        else:
            form = refused_choice(form, event, typed.sessions, error, texts_of(request))
    if form.errors:
        return await _event_page(request, event, form)
    if participant is None or not sees_ticket_at_once(request, event.event_id):
        return see(f"/e/{event.event_id}/sent")
    token = cases.links.token(event_id=event.event_id, participant_id=participant.registration.participant_id)
    return see(f"/e/{event.event_id}/confirmation/{token}")


async def show_card(request: web.Request) -> web.StreamResponse:
    """The picture that networks show beside a link to the page."""
    event = await public_event(request)
    version = instant_of(event)
    if any(tag.value in {version, "*"} for tag in request.if_none_match or ()):
        answer = web.Response(status=304)
    else:
        cards = use_cases(request).cards
        card = await asyncio.to_thread(cards.card, event, request.match_info["language"])
        answer = web.Response(body=card, content_type="image/png")
    answer.etag = version
    # Shown by others' pages and programs: it is made for that.
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.headers["Cache-Control"] = "public, max-age=3600" if event.status is not EventStatus.DRAFT else "no-store"
    return answer


async def show_sent(request: web.Request) -> web.StreamResponse:
    """What comes next, said without saying who is registered."""
    event = await public_event(request)
    mail_leaves = use_cases(request).settings.smtp_server is not None
    return render(request, "sent.html", event=event, mail_leaves=mail_leaves)


async def join(request: web.Request) -> web.StreamResponse:
    """From the personal join link to the meeting: the streaming bridge takes over with a grant of one minute."""
    event_id, cases = request.match_info["event_id"], use_cases(request)
    participant_id = cases.links.read_join_token(request.match_info["token"], event_id=event_id)
    if participant_id is None:
        return render(request, "not_yet.html", status=404, event=None, reason="unknown_link")
    event = await cases.events.find(event_id)
    participant = await cases.registrations.find(event_id, participant_id)
    reason = why_not(event, participant)
    if reason == "no_meeting" and event.rooms_from_afar:
        return see(f"/e/{event_id}/live/{request.match_info['token']}")
    if reason is not None:
        return render(request, "not_yet.html", status=409, event=event, reason=reason)
    person = participant.person
    path = cases.links.grant_path(
        event,
        participant_id=participant_id,
        display_name=person.name if person else "",
        language=person.language if person else language_of(request),
    )
    room_id = request.query.get("room")
    return see(path if room_id is None else f"{path}?room={quote(room_id, safe='')}")


async def follow_agenda(request: web.Request) -> web.StreamResponse:
    """The agenda for calendars, which ask again and again: what has not changed is not sent twice."""
    event = await public_event(request)
    version = instant_of(event)
    if any(tag.value in {version, "*"} for tag in request.if_none_match or ()):
        answer = web.Response(status=304)
    else:
        feed = agenda_feed(event, public_url=use_cases(request).settings.public_url)
        answer = web.Response(body=feed, content_type="text/calendar", charset="utf-8")
        answer.headers["Content-Disposition"] = 'inline; filename="agenda.ics"'
    answer.etag = version
    return answer


def add_public_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/e/{event_id}", show_event)
    app.router.add_post("/e/{event_id}", register)
    app.router.add_get("/e/{event_id}/agenda.ics", follow_agenda)
    app.router.add_get("/e/{event_id}/card.{language:en|fr}.png", show_card)
    app.router.add_get("/e/{event_id}/sent", show_sent)
    app.router.add_get("/e/{event_id}/join/{token}", join)


def why_not(event: Event, participant: Participant) -> str | None:
    """Why somebody cannot join; None when they can. In person too: a laptop in the room is welcome."""
    if event.status is not EventStatus.PUBLISHED:
        return f"event_{event.status}"
    if participant.registration.status is not SeatStatus.CONFIRMED:
        return participant.registration.status
    return "no_meeting" if event.conference_room is None else None


async def public_event(request: web.Request) -> Event:
    """An event that the public may see; an organizer sees a draft of theirs too."""
    event_id = request.match_info["event_id"]
    event = await use_cases(request).events.find(event_id)
    grant = grant_of(request)
    if event.status is EventStatus.DRAFT and not (grant and grant.allows(event_id=event_id)):
        raise EventNotFoundError(event_id)
    return event


def refused_for_haste(form: Form[Model], wait: int, request: web.Request) -> Form[Model]:
    """The form again, with the error that tells how long to wait."""
    minutes = -(-wait // 60)
    sentence = texts_of(request).ngettext(
        "Many registrations come from your network just now: send the form again in %(num)s minute.",
        "Many registrations come from your network just now: send the form again in %(num)s minutes.",
        minutes,
    )
    return form.with_error("", sentence % {"num": minutes})


async def _event_page(
    request: web.Request, event: Event, form: Form[RegistrationForm], *, retry_after: int | None = None
) -> web.Response:
    cases = use_cases(request)
    url = f"{use_cases(request).settings.public_url}/e/{event.event_id}"
    free = (await cases.registrations.counts(event.event_id)).free(event)
    card = f"{url}/card.{language_of(request)}.png"
    page = render(
        request,
        "public_event.html",
        status=429 if retry_after else 422 if form.errors else 200,
        event=event,
        form=form,
        free=free,
        offered=offered(event, await cases.session_places.overview(event), now=cases.session_places.clock()),
        consents=asked_now(),
        kept=await cases.keeping.times(event.event_id),
        url=url,
        feed=f"webcal:{url.partition(':')[2]}/agenda.ics",
        description=described(event, url=url, free=free, image=card),
        card=card,
        card_text=cases.cards.described(event, language_of(request)),
    )
    if retry_after is not None:
        page.headers["Retry-After"] = str(retry_after)
    return page
