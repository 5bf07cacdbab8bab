"""The API of suspect times: facts that attendance leaves out until an organizer accepts when they happened."""

from typing import Final

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from schemas.envelope import Identifier
from services.chassis.access import Role
from services.chassis.http import read_json
from services.chassis.openapi import Api
from services.chassis.problems import not_found
from services.registration.web.answers import answer
from services.registration.web.bodies import AcceptanceBody
from services.registration.web.use_cases import use_cases
from services.registration.web.views import TimeAcceptanceView

api = Api(tag="suspect times")
_FACT_ID: Final[TypeAdapter[str]] = TypeAdapter(Identifier)


@api.route(
    "POST",
    "/api/v1/events/{event_id}/suspect-times/{fact_id}/accept",
    summary="Accept the time of a fact",
    roles=[Role.ORGANIZER],
    body=AcceptanceBody,
    answers={200: TimeAcceptanceView},
)
async def accept_time(request: web.Request) -> web.Response:
    """The fact counts from now on, at the time it tells. Accepting it again changes nothing."""
    body = await read_json(request, AcceptanceBody) if request.body_exists else AcceptanceBody()
    accepted = await use_cases(request).suspect_times.accept(
        request.match_info["event_id"], fact_id_of(request), subject=body.subject
    )
    return answer(TimeAcceptanceView.of(accepted))


@api.route(
    "DELETE",
    "/api/v1/events/{event_id}/suspect-times/{fact_id}/accept",
    summary="Take the acceptance of a time back",
    roles=[Role.ORGANIZER],
    answers={204: None},
)
async def withdraw_acceptance(request: web.Request) -> web.Response:
    """The fact is left out again."""
    await use_cases(request).suspect_times.withdraw(request.match_info["event_id"], fact_id_of(request))
    return web.Response(status=204)


def fact_id_of(request: web.Request) -> str:
    """The fact of the path.

    Raises:
        Problem: 404 if no fact can have such an id.
    """
    try:
        return _FACT_ID.validate_python(request.match_info["fact_id"])
    except ValidationError:
        raise not_found("No fact has such an id.") from None
