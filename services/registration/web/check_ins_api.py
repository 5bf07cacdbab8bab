"""The API of the check-in desk, and of guests who turn out to be participants."""

from typing import Final

from aiohttp import web

from services.chassis.access import Role
from services.chassis.http import read_json, read_query
from services.chassis.idempotency import pending_reply
from services.chassis.openapi import Api
from services.registration.domain.checkins import CheckIn
from services.registration.web.answers import answer
from services.registration.web.bodies import CheckInBody, LinkBody, UnlinkBody
from services.registration.web.desk_views import CheckInView, VoidView
from services.registration.web.use_cases import use_cases
from services.registration.web.views import LinkView

api = Api(tag="check-ins")
CHECK_INS: Final = "/api/v1/events/{event_id}/check-ins"
"""Where hundreds a second may come; each is in the audit log."""


@api.route(
    "POST",
    CHECK_INS,
    summary="Let somebody in or out",
    roles=[Role.DESK],
    body=CheckInBody,
    answers={200: CheckInView},
)
async def check_in(request: web.Request) -> web.Response:
    """The outcome says what happened; a refusal is an outcome too, with its reason. `at` may lie in the past."""
    body = await read_json(request, CheckInBody)
    reply = pending_reply(request)
    result = await use_cases(request).check_ins.check_in(
        request.match_info["event_id"],
        CheckIn(
            action=body.action,
            scanned_at=body.at,
            gate=body.gate,
            device=body.device,
            place_id=body.place_id,
            clock_offset_ms=body.clock_offset_ms,
        ),
        ticket=body.ticket,
        participant_id=body.participant_id,
        # A scan that a desk kept may be sent again by somebody who has signed in anew: the key's scope is another then.
        retry_key=body.scan_id or (reply.scope if reply else None),
    )
    return answer(CheckInView.of(result))


@api.route(
    "POST",
    "/api/v1/events/{event_id}/check-ins/{fact_id}/void",
    summary="Take a check-in back",
    roles=[Role.DESK],
    answers={200: VoidView},
)
async def void_check_in(request: web.Request) -> web.Response:
    """It is as if it had never been; taking it back again changes nothing."""
    match = request.match_info
    return answer(VoidView.of(await use_cases(request).check_ins.void(match["event_id"], match["fact_id"])))


@api.route(
    "POST",
    "/api/v1/events/{event_id}/links",
    summary="Say who a guest is",
    roles=[Role.ORGANIZER],
    body=LinkBody,
    answers={201: LinkView},
    problems=[409],
)
async def link_guest(request: web.Request) -> web.Response:
    """The guest's presence becomes the participant's, as if it had always been known."""
    body = await read_json(request, LinkBody)
    link = await use_cases(request).identities.link(
        request.match_info["event_id"], guest_id=body.guest_id, participant_id=body.participant_id
    )
    return answer(LinkView.of(link), status=201)


@api.route(
    "DELETE",
    "/api/v1/events/{event_id}/links",
    summary="Undo a link",
    roles=[Role.ORGANIZER],
    body=UnlinkBody,
    answers={204: None},
)
async def unlink_guest(request: web.Request) -> web.Response:
    """The link is named in the body, as when it was made, or in the query."""
    body = await read_json(request, UnlinkBody) if request.body_exists else read_query(request, UnlinkBody)
    await use_cases(request).identities.unlink(
        request.match_info["event_id"], guest_id=body.guest_id, participant_id=body.participant_id
    )
    return web.Response(status=204)


@api.route(
    "DELETE",
    "/api/v1/events/{event_id}/links/{guest_id}",
    summary="Undo the link of a guest",
    roles=[Role.ORGANIZER],
    answers={204: None},
)
async def unlink_guest_by_path(request: web.Request) -> web.Response:
    """For clients that send no body with DELETE."""
    match = request.match_info
    await use_cases(request).identities.unlink(match["event_id"], guest_id=match["guest_id"])
    return web.Response(status=204)
