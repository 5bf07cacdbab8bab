"""The API of registrations. Registering is open to all; a registration opens to its participant and the organizer."""

from collections.abc import Sequence
from typing import Final

from aiohttp import web

from services.chassis.access import Role, grant_of, require
from services.chassis.http import read_json, read_query
from services.chassis.idempotency import pending_reply
from services.chassis.openapi import Api
from services.chassis.paging import Page, page_of
from services.chassis.problems import Problem
from services.registration.application.chosen_sessions import ChosenSession
from services.registration.application.enrolment import Register
from services.registration.application.ports import Participant, RosterQuery
from services.registration.application.registrations import RegistrationChanges
from services.registration.application.seat_changes import SeatWishes
from services.registration.domain.registrations import Person, Purpose
from services.registration.domain.seats import Mode
from services.registration.web.answers import answer
from services.registration.web.cursors import cursor_key, read_cursor
from services.registration.web.registration_bodies import (
    ConsentsBody,
    EraseParameters,
    NewRegistration,
    RegistrationPatch,
    RosterParameters,
)
from services.registration.web.registration_views import Registered, RegistrationReceived, RegistrationView
from services.registration.web.strangers import may_know_who_is_registered, sees_ticket_at_once
from services.registration.web.use_cases import use_cases

api = Api(tag="registrations")
_ALL: Final = "/api/v1/events/{event_id}/registrations"
_ONE: Final = "/api/v1/events/{event_id}/registrations/{participant_id}"


@api.route(
    "POST",
    _ALL,
    summary="Register",
    body=NewRegistration,
    answers={201: Registered, 202: RegistrationReceived},
    problems=[409],
)
async def register(request: web.Request) -> web.Response:
    """Anybody may register for a published event. Beyond the capacity of a mode the status is `waitlisted`.

    Who asks for `either` gets the room, else a remote seat with a place on the waitlist of the room.

    A stranger is answered 202, and the rest is told by letter to the address: whether it was registered before stays
    between the two. Who may welcome people to the event is answered 201, and so is whoever sits at the machine where
    no mail server is set. An address has one seat: to an organizer it is a conflict (409, `already_registered`).
    """
    event_id = request.match_info["event_id"]
    body = await read_json(request, NewRegistration)
    use_cases(request).registration_limits.require(request)
    reply = pending_reply(request)
    command = Register(
        mode=body.mode,
        person=Person(name=body.name, email=body.email, language=body.language),
        consents=given_consents(body.consents),
        needs=body.accessibility_needs or None,
        headcount=body.headcount,
        sessions=body.sessions,
        answers=body.answers,
        was_asked=body.headcount is None,
        retry_key=reply.scope if reply else None,
    )
    openly = may_know_who_is_registered(request, event_id)
    participant = await use_cases(request).registrations.register_once(event_id, command, openly=openly)
    if participant is None or not sees_ticket_at_once(request, event_id):
        return answer(RegistrationReceived(event_id=event_id), status=202)
    remote_seat_is_free = await has_remote_seat(request, [participant])
    location = f"/api/v1/events/{event_id}/registrations/{participant.registration.participant_id}"
    registered = Registered.of(
        participant,
        use_cases(request).links,
        remote_seat_is_free=remote_seat_is_free,
        sessions=await _sessions_of(request, participant) if body.sessions else (),
    )
    return answer(registered, status=201, location=location)


@api.route(
    "GET",
    _ALL,
    summary="List registrations",
    roles=[Role.DESK],
    query=RosterParameters,
    answers={200: Page[RegistrationView]},
)
async def list_registrations(request: web.Request) -> web.Response:
    """In the order they were made. A desk gets names and tickets, without addresses, consents and personal links."""
    event_id = request.match_info["event_id"]
    query = read_query(request, RosterParameters)
    cases = use_cases(request)
    roster = await cases.registrations.roster(
        event_id,
        RosterQuery(
            limit=query.limit + 1,
            after=read_cursor(query.after),
            search=query.search,
            mode=query.mode,
            status=query.status,
        ),
    )
    kept, following = page_of(roster, limit=query.limit, key=_key)
    whole = require(request, Role.DESK, event_id=event_id).allows(event_id=event_id)
    event = await cases.events.find(event_id)
    listed = [one.registration.participant_id for one in kept]
    sessions = await cases.session_places.of(event, listed)
    answers = await cases.people.answers(event, listed) if whole else {}
    items = [
        RegistrationView.of(
            participant,
            cases.links if whole else None,
            sessions.get(participant.registration.participant_id, ()),
            answers.get(participant.registration.participant_id, ()),
        )
        for participant in kept
    ]
    return answer(Page[RegistrationView](items=items, next=following))


@api.route("GET", _ONE, summary="Read a registration", answers={200: RegistrationView}, problems=[401, 403])
async def read_registration(request: web.Request) -> web.Response:
    """For the organizer, and for the participant with their personal token."""
    event_id, participant_id = _whose(request)
    require_own(request, event_id, participant_id)
    cases = use_cases(request)
    return await answer_registration(request, await cases.registrations.find(event_id, participant_id))


@api.route(
    "PATCH",
    _ONE,
    summary="Change a registration",
    body=RegistrationPatch,
    answers={200: RegistrationView},
    problems=[401, 403, 409],
)
async def change_registration(request: web.Request) -> web.Response:
    """What is left out stays. `mode` moves to the other mode: to the end of its waitlist if no seat is free.

    With `keep_seat` the seat held stays meanwhile; with `keep_waiting` so do the places on waitlists. A `mode` of which
    a seat is kept for the participant accepts that seat.

    A desk may change only `mode`, and only if a seat is free (else 409, `mode_full`).
    """
    event_id, participant_id = _whose(request)
    body = await read_json(request, RegistrationPatch)
    grant = grant_of(request)
    at_desk = grant is not None and Role.DESK in grant.roles_at(event_id) and not grant.allows(event_id=event_id)
    if not (at_desk and body.model_fields_set <= {"mode"}):
        require_own(request, event_id, participant_id)
        at_desk = False
    cases = use_cases(request)
    participant = await cases.registrations.edit(event_id, participant_id, _changes(body), may_wait=not at_desk)
    return await answer_registration(request, participant, for_desk=at_desk)


@api.route(
    "DELETE",
    _ONE,
    summary="Cancel a registration",
    query=EraseParameters,
    answers={204: None},
    problems=[401, 403, 409],
)
async def cancel_registration(request: web.Request) -> web.Response:
    """The seat goes to the next who waits. With `erase=true` the name, the address and the consents are deleted."""
    event_id, participant_id = _whose(request)
    require_own(request, event_id, participant_id)
    query = read_query(request, EraseParameters)
    await use_cases(request).registrations.cancel(event_id, participant_id, erase=query.erase)
    return web.Response(status=204)


async def has_remote_seat(request: web.Request, participants: Sequence[Participant]) -> bool:
    """Whether there is a remote seat for one of these, participants of one event, who waits without a seat."""
    if all(participant.registration.holds for participant in participants):
        return False
    free = await use_cases(request).registrations.free(participants[0].registration.event_id)
    return free[Mode.REMOTE] != 0


async def answer_registration(
    request: web.Request, participant: Participant, *, for_desk: bool = False
) -> web.Response:
    """A registration, with the sessions chosen; for a desk, only what it needs to know."""
    cases, seat = use_cases(request), participant.registration
    sessions = await _sessions_of(request, participant)
    if for_desk:
        return answer(RegistrationView.of(participant, None, sessions))
    answers = await cases.people.answers_of(await cases.events.find(seat.event_id), seat.participant_id)
    return answer(RegistrationView.of(participant, cases.links, sessions, answers))


async def _sessions_of(request: web.Request, participant: Participant) -> Sequence[ChosenSession]:
    cases, seat = use_cases(request), participant.registration
    chosen = await cases.session_places.of(await cases.events.find(seat.event_id), [seat.participant_id])
    return chosen.get(seat.participant_id, ())


def given_consents(body: ConsentsBody) -> dict[Purpose, bool]:
    """What was said about each purpose; on a change, only what was said now."""
    return {Purpose(name): getattr(body, name) for name in sorted(body.model_fields_set)}


def _changes(body: RegistrationPatch) -> RegistrationChanges:
    sent = body.model_fields_set
    changes: RegistrationChanges = {}
    changes.update(_seat_wishes(body))  # type: ignore[typeddict-item]  # all of its keys are among the others
    if "name" in sent:
        changes["name"] = body.name
    if "email" in sent:
        changes["email"] = body.email
    if "language" in sent:
        changes["language"] = body.language
    if "accessibility_needs" in sent:
        changes["needs"] = body.accessibility_needs or None
    if "sessions" in sent:
        changes["sessions"] = body.sessions
    if "answers" in sent:
        changes["answers"] = body.answers
    if "consents" in sent:
        changes["consents"] = given_consents(body.consents)
    return changes


def _seat_wishes(body: RegistrationPatch) -> SeatWishes:
    sent = body.model_fields_set
    wishes: SeatWishes = {}
    if "mode" in sent:
        wishes["mode"] = body.mode
    if "keep_waiting" in sent:
        wishes["keep_waiting"] = body.keep_waiting
    if "keep_seat" in sent:
        wishes["keep_seat"] = body.keep_seat
    if "headcount" in sent:
        wishes["headcount"] = body.headcount
    return wishes


def _whose(request: web.Request) -> tuple[str, str]:
    return request.match_info["event_id"], request.match_info["participant_id"]


def require_own(request: web.Request, event_id: str, participant_id: str) -> None:
    """Refuse whoever is neither an organizer of the event nor this participant.

    Raises:
        Problem: 401 or 403.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and grant_of(request) is None:
        owner = use_cases(request).links.read_token(token.strip(), event_id=event_id)
        if owner == participant_id:
            return
        if owner is not None:
            raise Problem(403, detail="This token opens another registration.")
    require(request, event_id=event_id)


def _key(participant: Participant) -> tuple[str | int, ...]:
    return cursor_key(participant.registration.created_at, participant.registration.participant_id)
