"""The API of seats: how many are left, who waits, what is on offer, and several people registered by one."""

from typing import Final

from aiohttp import web

from services.chassis.access import Role
from services.chassis.http import read_json, read_query
from services.chassis.idempotency import pending_reply
from services.chassis.openapi import Api
from services.chassis.paging import Page, decode_cursor, page_of
from services.registration.application.enrolment import Register
from services.registration.domain.registrations import Person
from services.registration.web.answers import answer
from services.registration.web.registration_bodies import NewGroup, WaitlistParameters
from services.registration.web.registration_views import (
    Registered,
    RegisteredTogether,
    RegistrationReceived,
    RegistrationView,
    SeatsView,
    WaitlistEntry,
)
from services.registration.web.registrations_api import answer_registration, has_remote_seat, require_own
from services.registration.web.strangers import may_know_who_is_registered, sees_ticket_at_once
from services.registration.web.use_cases import use_cases

api = Api(tag="seats")
_OFFER: Final = "/api/v1/events/{event_id}/registrations/{participant_id}/offer"


@api.route(
    "GET",
    "/api/v1/events/{event_id}/seats",
    summary="Count the seats",
    roles=[Role.DESK],
    answers={200: SeatsView},
)
async def count_seats(request: web.Request) -> web.Response:
    """A seat on offer is not free."""
    event_id, cases = request.match_info["event_id"], use_cases(request)
    event = await cases.events.find(event_id)
    return answer(SeatsView.of(event, await cases.registrations.counts(event_id)))


@api.route(
    "GET",
    "/api/v1/events/{event_id}/waitlist",
    summary="List who waits",
    roles=[Role.ORGANIZER],
    query=WaitlistParameters,
    answers={200: Page[WaitlistEntry]},
)
async def list_waitlist(request: web.Request) -> web.Response:
    """Who waits for a mode, the next first, with those to whom a seat of it is offered."""
    event_id = request.match_info["event_id"]
    query = read_query(request, WaitlistParameters)
    after = 0 if query.after is None else int(decode_cursor(query.after, int)[0])
    waiting = await use_cases(request).offers.waitlist(event_id, query.mode, after=after, limit=query.limit + 1)
    kept, following = page_of(
        waiting, limit=query.limit, key=lambda participant: (participant.registration.ranks.of(query.mode) or 0,)
    )
    items = [WaitlistEntry.of(participant, query.mode) for participant in kept]
    return answer(Page[WaitlistEntry](items=items, next=following))


@api.route(
    "POST",
    f"{_OFFER}/accept",
    summary="Accept an offered seat",
    answers={200: RegistrationView},
    problems=[401, 403, 409],
)
async def accept_offer(request: web.Request) -> web.Response:
    """For the organizer, and for the participant with their personal token. A seat in the other mode is given up."""
    event_id, participant_id = _whose(request)
    cases = use_cases(request)
    return await answer_registration(request, await cases.offers.accept(event_id, participant_id))


@api.route(
    "POST",
    f"{_OFFER}/decline",
    summary="Decline an offered seat",
    answers={200: RegistrationView},
    problems=[401, 403, 409],
)
async def decline_offer(request: web.Request) -> web.Response:
    """The seat goes to the next who waits. Whoever has no other seat and waits for none is registered no more."""
    event_id, participant_id = _whose(request)
    cases = use_cases(request)
    return await answer_registration(request, await cases.offers.decline(event_id, participant_id))


@api.route(
    "POST",
    "/api/v1/events/{event_id}/groups",
    summary="Register several people",
    body=NewGroup,
    answers={201: RegisteredTogether, 202: RegistrationReceived},
    problems=[409],
)
async def register_group(request: web.Request) -> web.Response:
    """All of them at once, each with a seat or a place on the waitlist of their own, in the order given.

    Who learns what is as with one registration. Members who are registered already, by their own address or by their
    name with the contact's, are left out; then the answer is 202.
    """
    event_id, cases = request.match_info["event_id"], use_cases(request)
    body = await read_json(request, NewGroup)
    cases.registration_limits.require(request, len(body.members))
    reply = pending_reply(request)
    commands = [
        Register(
            mode=member.mode or body.mode,
            person=Person(name=member.name, email=member.email or body.email, language=body.language),
            consents={},
            shares_address=member.email in {None, body.email},
            sessions=body.sessions,
            retry_key=cases.registrations.member_key(reply.scope, index) if reply else None,
        )
        for index, member in enumerate(body.members)
    ]
    openly = may_know_who_is_registered(request, event_id)
    group_id, participants = await cases.registrations.register_together(event_id, commands, openly=openly)
    if len(participants) < len(commands) or not sees_ticket_at_once(request, event_id):
        return answer(RegistrationReceived(event_id=event_id), status=202)
    remote_seat_is_free = await has_remote_seat(request, participants)
    whose = [one.registration.participant_id for one in participants]
    chosen = await cases.session_places.of(await cases.events.find(event_id), whose) if body.sessions else {}
    return answer(
        RegisteredTogether(
            group_id=group_id,
            url=cases.links.group_url(event_id=event_id, group_id=group_id),
            registrations=[
                Registered.of(
                    participant,
                    cases.links,
                    remote_seat_is_free=remote_seat_is_free,
                    sessions=chosen.get(participant.registration.participant_id, ()),
                )
                for participant in participants
            ],
        ),
        status=201,
    )


def _whose(request: web.Request) -> tuple[str, str]:
    event_id, participant_id = request.match_info["event_id"], request.match_info["participant_id"]
    require_own(request, event_id, participant_id)
    return event_id, participant_id
