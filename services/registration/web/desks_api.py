"""The API of the desks of an event together: their state, walk-ins, double entries."""

import asyncio

from aiohttp import web

from services.chassis.access import Role
from services.chassis.http import read_json, read_query
from services.chassis.openapi import Api
from services.registration.domain.checkins import Action, CheckIn
from services.registration.domain.errors import AlreadyRegisteredError
from services.registration.domain.registrations import Person
from services.registration.web.answers import answer
from services.registration.web.bodies import DeskParameters, WalkInBody
from services.registration.web.desk_views import DeskView, desk_document
from services.registration.web.door_notice_views import (
    DoubleEntriesView,
    DoubleEntryView,
    UnseatedEntriesView,
    UnseatedEntryView,
)
from services.registration.web.errors import problem_of
from services.registration.web.use_cases import use_cases
from services.registration.web.walk_in_views import NamesakeView, WalkInView

api = Api(tag="desks")


@api.route(
    "GET",
    "/api/v1/events/{event_id}/desk",
    summary="What a desk needs, also to go on without the network",
    roles=[Role.DESK],
    query=DeskParameters,
    answers={200: DeskView},
)
async def read_desk(request: web.Request) -> web.Response:
    """The tickets, as far as a desk may know them, who is in, by gate and by room, and the server's clock."""
    query = read_query(request, DeskParameters)
    state = await use_cases(request).desks.state(request.match_info["event_id"], since=query.since)
    # In a thread: the doors go on meanwhile.
    body = await asyncio.to_thread(desk_document, state)
    response = web.Response(body=body, content_type="application/json")
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        response.enable_compression(web.ContentCoding.gzip)
    return response


@api.route(
    "POST",
    "/api/v1/events/{event_id}/walk-ins",
    summary="Register somebody at the door and let them in",
    roles=[Role.DESK],
    body=WalkInBody,
    answers={201: WalkInView},
    problems=[409],
)
async def walk_in(request: web.Request) -> web.Response:
    """409 (`mode_full`) if no seat is left in the room. Without an e-mail address nothing is sent to them.

    With `look_first`, 409 (`already_registered`, with the `participants`) if their name or address is registered. Late
    word (`at`) is of somebody who was let in: they wait for a seat if there is none.
    """
    body = await read_json(request, WalkInBody)
    check_in = CheckIn(
        action=Action.IN,
        scanned_at=body.at,
        gate=body.gate,
        device=body.device,
        place_id=body.place_id,
        clock_offset_ms=body.clock_offset_ms,
    )
    person = Person(name=body.name, email=body.email or "", language=body.language)
    event_id, walk_ins = request.match_info["event_id"], use_cases(request).walk_ins
    try:
        ticket, result = await walk_ins.let_in(
            event_id, person, check_in, retry_key=body.scan_id, look_first=body.look_first
        )
    except AlreadyRegisteredError as error:
        known = [NamesakeView.of(one).model_dump(mode="json") for one in await walk_ins.known(event_id, person)]
        refusal = problem_of(error)
        refusal.extensions |= {"participants": known}
        raise refusal from error
    return answer(WalkInView.of(ticket, result), status=201)


@api.route(
    "GET",
    "/api/v1/events/{event_id}/double-entries",
    summary="Tickets that were let in at more than one desk",
    roles=[Role.DESK],
    answers={200: DoubleEntriesView},
)
async def list_double_entries(request: web.Request) -> web.Response:
    """Desks that were offline did not know of each other. Each ticket is one presence, and here once."""
    found = await use_cases(request).desks.double_entries(request.match_info["event_id"])
    return answer(DoubleEntriesView(items=[DoubleEntryView.of(double, settled=settled) for double, settled in found]))


@api.route(
    "POST",
    "/api/v1/events/{event_id}/double-entries/{double_entry_id}/settle",
    summary="Say that a double entry was dealt with",
    roles=[],
    answers={204: None},
)
async def settle_double_entry(request: web.Request) -> web.Response:
    """One more entry with the ticket makes it another one, to be looked at again."""
    match = request.match_info
    await use_cases(request).desks.settle(match["event_id"], match["double_entry_id"])
    return web.Response(status=204)


@api.route(
    "GET",
    "/api/v1/events/{event_id}/unseated-entries",
    summary="Who was let in without the network and has no seat",
    roles=[],
    answers={200: UnseatedEntriesView},
)
async def list_unseated_entries(request: web.Request) -> web.Response:
    """They are present; who gets a seat leaves this list."""
    found = await use_cases(request).desks.unseated_entries(request.match_info["event_id"])
    return answer(UnseatedEntriesView(items=[UnseatedEntryView.of(entry, settled=settled) for entry, settled in found]))


@api.route(
    "POST",
    "/api/v1/events/{event_id}/unseated-entries/{unseated_entry_id}/settle",
    summary="Say that an unseated entry was dealt with",
    roles=[],
    answers={204: None},
)
async def settle_unseated_entry(request: web.Request) -> web.Response:
    """It stays on the list, as settled."""
    match = request.match_info
    await use_cases(request).desks.settle(match["event_id"], match["unseated_entry_id"])
    return web.Response(status=204)
