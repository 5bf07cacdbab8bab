"""The API of desk passes: for the desk's page, in case its browser loses the cookie."""

from aiohttp import web
from pydantic import BaseModel

from services.chassis.access import SESSION_COOKIE, Role
from services.chassis.openapi import Api
from services.chassis.problems import conflict
from services.registration.web.answers import answer
from services.registration.web.use_cases import use_cases

api = Api(tag="desks")


class DeskPassView(BaseModel):
    """A bearer token for the desk of one event, good as long as the session that asked for it."""

    token: str


@api.route(
    "POST",
    "/api/v1/events/{event_id}/desk-passes",
    summary="Make a pass that opens the desk as long as this session lasts",
    roles=[Role.DESK],
    answers={201: DeskPassView},
    problems=[409],
)
async def create_desk_pass(request: web.Request) -> web.Response:
    """Nothing of it is stored. 409 for who has not signed in with a browser: they have a token already."""
    session = request.cookies.get(SESSION_COOKIE, "")
    made = use_cases(request).access.desk_passes.create(request.match_info["event_id"], session=session)
    if made is None:
        raise conflict("Only a browser that is signed in is given a pass.", reason="no_session")
    return answer(DeskPassView(token=made), status=201)
