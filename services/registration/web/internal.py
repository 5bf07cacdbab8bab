"""What only the other services of the deployment may ask, and `passerelle up`, which has their secret."""

from aiohttp import web

from services.chassis.access import Introspected, Role, require_internal
from services.chassis.http import read_json
from services.registration.application.audit import acting
from services.registration.application.recognition import Stranger
from services.registration.domain.audit import Act, Deed
from services.registration.web.answers import answer
from services.registration.web.bodies import IntrospectBody, NamesBody, NotedActBody, StrangersBody
from services.registration.web.internal_identities import add_internal_identities
from services.registration.web.use_cases import use_cases
from services.registration.web.views import NamesView, RecognisedView, SecretView


async def introspect(request: web.Request) -> web.Response:
    """What a token allows."""
    cases = use_cases(request)
    require_internal(request, cases.settings)
    body = await read_json(request, IntrospectBody)
    return answer(Introspected.of(await cases.access.sessions.verify(body.token)))


async def names(request: web.Request) -> web.Response:
    """The names of participants, for a page that an organizer sees."""
    cases = use_cases(request)
    require_internal(request, cases.settings)
    body = await read_json(request, NamesBody)
    return answer(NamesView(names=dict(await cases.registrations.names(body.event_id, body.ids))))


async def note_act(request: web.Request) -> web.Response:
    """Somebody did something at another service that belongs into the audit log."""
    cases = use_cases(request)
    require_internal(request, cases.settings)
    body = await read_json(request, NotedActBody)
    with acting(body.holder):
        await cases.access.audit.note(Deed(act=Act(body.act), event_id=body.event_id, subject=body.subject))
    return web.Response(status=204)


async def recognise_guests(request: web.Request) -> web.Response:
    """Who some guests are, by what their platform vouches for; those who are known are linked."""
    cases = use_cases(request)
    require_internal(request, cases.settings)
    body = await read_json(request, StrangersBody)
    strangers = [
        Stranger(guest_id=guest.guest_id, registrant_id=guest.registrant_id, email=guest.email) for guest in body.guests
    ]
    return answer(RecognisedView(guests=dict(await cases.recognition.recognise(body.event_id, strangers))))


async def sign_in_code(request: web.Request) -> web.Response:
    """A code for `/sign-in?code=…`, good for one organizer's session within the hour."""
    cases = use_cases(request)
    require_internal(request, cases.settings)
    return answer(SecretView(secret=await cases.tokens.create_sign_in_code()))


async def organizer_token(request: web.Request) -> web.Response:
    """An access token of an organizer."""
    cases = use_cases(request)
    require_internal(request, cases.settings)
    return answer(SecretView(secret=await cases.tokens.create(Role.ORGANIZER)))


def add_internal(app: web.Application) -> None:
    """Route them all."""
    add_internal_identities(app)
    app.router.add_post("/internal/introspect", introspect)
    app.router.add_post("/internal/names", names)
    app.router.add_post("/internal/note-act", note_act)
    app.router.add_post("/internal/recognise-guests", recognise_guests)
    app.router.add_post("/internal/sign-in-code", sign_in_code)
    app.router.add_post("/internal/organizer-token", organizer_token)
