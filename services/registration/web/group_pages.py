"""Public pages by which one person registers several: people one by one, or a venue with a headcount."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from aiohttp import web

from services.chassis.pages import language_of, render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.registration.application.enrolment import Register
from services.registration.application.ports import Participant
from services.registration.domain.errors import AlreadyRegisteredError, InvalidValueError, ParticipantNotFoundError
from services.registration.domain.event import Event
from services.registration.domain.registrations import Person
from services.registration.domain.seats import Wish
from services.registration.domain.tickets import spell
from services.registration.web.answers import see
from services.registration.web.form_rows import rows_to_show
from services.registration.web.group_forms import GroupForm, VenueForm
from services.registration.web.public_pages import public_event, refused_for_haste
from services.registration.web.registration_bodies import MOST_MEMBERS
from services.registration.web.session_choice import offered, refused_choice
from services.registration.web.strangers import may_know_who_is_registered, sees_ticket_at_once
from services.registration.web.use_cases import use_cases

_ALREADY = mark("This name is registered with this address already.")
_TOO_MANY = mark("Register at most %(most)s people at once.")


async def show_group_form(request: web.Request) -> web.StreamResponse:
    """An empty form."""
    return await _page(request, await public_event(request), _blank(request), "group.html")


async def register_group(request: web.Request) -> web.StreamResponse:
    """Register everybody, then lead to all their personal pages, or say that letters are on their way."""
    event, cases = await public_event(request), use_cases(request)
    form = await read_form(request, GroupForm)
    if form.model is None or "more" in form.values:
        return await _page(request, event, form, "group.html")
    typed = form.model
    if typed.website is not None:
        return see(f"/e/{event.event_id}/sent")
    if len(typed.members) > MOST_MEMBERS:
        sentence = texts_of(request).gettext(_TOO_MANY) % {"most": MOST_MEMBERS}
        return await _page(request, event, form.with_error("", sentence), "group.html")
    wait = cases.registration_limits.seconds_to_wait(request, len(typed.members))
    if wait:
        return await _page(request, event, refused_for_haste(form, wait, request), "group.html", retry_after=wait)
    commands = [
        Register(
            mode=typed.mode,
            person=Person(name=member.name, email=member.email or typed.email, language=typed.language),
            consents={},
            shares_address=member.email in {None, typed.email},
            sessions=typed.sessions,
            retry_key=cases.registrations.member_key(typed.form_id, index),
        )
        for index, member in enumerate(typed.members.values())
    ]
    group_id: str = ""
    people: Sequence[Participant] = ()
    try:
        openly = may_know_who_is_registered(request, event.event_id)
        group_id, people = await cases.registrations.register_together(event.event_id, commands, openly=openly)
    except AlreadyRegisteredError as error:
        rows = list(typed.members)
        for place in error.places:
            form = form.with_error(f"members.{rows[place]}.name", texts_of(request).gettext(_ALREADY))
    except InvalidValueError as error:
        form = refused_choice(form, event, typed.sessions, error, texts_of(request))
    if form.errors:
        return await _page(request, event, form, "group.html")
    url = cases.links.group_url(event_id=event.event_id, group_id=group_id)
    shown = len(people) == len(commands) and sees_ticket_at_once(request, event.event_id)
    return see(url.removeprefix(cases.settings.public_url) if shown else f"/e/{event.event_id}/sent")


async def show_group(request: web.Request) -> web.StreamResponse:
    """The people of a group, with their tickets and the way to their personal pages."""
    event_id, cases = request.match_info["event_id"], use_cases(request)
    group_id = cases.links.read_group_token(request.match_info["token"], event_id=event_id)
    if group_id is None:
        raise ParticipantNotFoundError(event_id)
    members = [
        (member, cases.links.token(event_id=event_id, participant_id=member.registration.participant_id))
        for member in await cases.registrations.together(event_id, group_id)
    ]
    event = await cases.events.find(event_id)
    return render(request, "group_members.html", event=event, members=members, spell=spell)


async def show_venue_form(request: web.Request) -> web.StreamResponse:
    """An empty form."""
    return await _page(request, await public_event(request), _blank(request), "venue.html")


async def register_venue(request: web.Request) -> web.StreamResponse:
    """Register the place, then lead to its personal page, or say that a letter is on its way."""
    event, cases = await public_event(request), use_cases(request)
    form = await read_form(request, VenueForm)
    if form.model is None:
        return await _page(request, event, form, "venue.html")
    typed = form.model
    if typed.website is not None:
        return see(f"/e/{event.event_id}/sent")
    wait = cases.registration_limits.seconds_to_wait(request)
    if wait:
        return await _page(request, event, refused_for_haste(form, wait, request), "venue.html", retry_after=wait)
    command = Register(
        mode=Wish.REMOTE,
        person=Person(name=typed.name, email=typed.email, language=typed.language),
        consents={},
        headcount=typed.headcount,
        sessions=typed.sessions,
        retry_key=typed.form_id,
    )
    venue = None
    try:
        openly = may_know_who_is_registered(request, event.event_id)
        venue = await cases.registrations.register_once(event.event_id, command, openly=openly)
    except AlreadyRegisteredError:
        form = form.with_error("name", texts_of(request).gettext(_ALREADY))
    except InvalidValueError as error:
        form = refused_choice(form, event, typed.sessions, error, texts_of(request))
    if form.errors:
        return await _page(request, event, form, "venue.html")
    if venue is None or not sees_ticket_at_once(request, event.event_id):
        return see(f"/e/{event.event_id}/sent")
    token = cases.links.token(event_id=event.event_id, participant_id=venue.registration.participant_id)
    return see(f"/e/{event.event_id}/confirmation/{token}")


def add_group_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/e/{event_id}/group", show_group_form)
    app.router.add_post("/e/{event_id}/group", register_group)
    app.router.add_get("/e/{event_id}/group/{token}", show_group)
    app.router.add_get("/e/{event_id}/venue", show_venue_form)
    app.router.add_post("/e/{event_id}/venue", register_venue)


def _blank(request: web.Request) -> Form[Any]:
    return Form.empty(language=language_of(request), form_id=secrets.token_hex(16))


async def _page(
    request: web.Request, event: Event, form: Form[Any], template: str, *, retry_after: int | None = None
) -> web.Response:
    more = "more" in form.values
    # Asking for more rows is not sending the form in: what is still missing is no error yet.
    shown = replace(form, errors={}, model=None) if more else form
    places = use_cases(request).session_places
    page = render(
        request,
        template,
        status=429 if retry_after else 422 if shown.errors else 200,
        event=event,
        form=shown,
        rows=rows_to_show(shown, "members", more=more),
        kept=await use_cases(request).keeping.times(event.event_id),
        offered=offered(event, await places.overview(event), now=places.clock()),
    )
    if retry_after is not None:
        page.headers["Retry-After"] = str(retry_after)
    return page
