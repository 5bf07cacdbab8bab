"""Who acts in a request, for the audit log."""

from aiohttp import web
from aiohttp.typedefs import Handler

from services.chassis.access import grant_of
from services.registration.application.audit import acting
from services.registration.domain.audit import PUBLIC


@web.middleware
async def name_the_actor(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let all that the request does be done by whoever is signed in: the account, the desk link, the token."""
    grant = grant_of(request)
    with acting(PUBLIC if grant is None else grant.holder or grant.token_id):
        return await handler(request)


def organizes_all(request: web.Request) -> bool:
    """Whether whoever asks is an organizer of all events, and not of some alone."""
    grant = grant_of(request)
    return grant is not None and grant.allows()


def reach_of(request: web.Request) -> frozenset[str] | None:
    """The events alone that whoever asks organizes; None is all of them."""
    grant = grant_of(request)
    return frozenset() if grant is None else grant.reach
