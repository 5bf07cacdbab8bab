"""Who is who at an event, for the streaming bridge: it compares what a platform reports with what it delivered."""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.envelope import Identifier
from services.chassis.access import require_internal
from services.chassis.http import read_json
from services.registration.web.answers import answer
from services.registration.web.use_cases import use_cases


class IdentitiesBody(BaseModel):
    """The addresses that a report has."""

    event_id: Identifier
    emails: Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=10_000)]


class IdentitiesView(BaseModel):
    """Participants: by the guests that are linked to them, and by addresses that one of them alone has."""

    links: dict[str, str]
    addresses: dict[str, str]


async def identities(request: web.Request) -> web.Response:
    """Both, as they are now."""
    cases = use_cases(request)
    require_internal(request, cases.settings)
    body = await read_json(request, IdentitiesBody)
    links, addresses = await cases.guests.who_is_who(body.event_id, body.emails)
    return answer(IdentitiesView(links=dict(links), addresses=dict(addresses)))


def add_internal_identities(app: web.Application) -> None:
    """Route it."""
    app.router.add_post("/internal/identities", identities)
