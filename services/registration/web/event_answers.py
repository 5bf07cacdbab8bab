"""An event as the API answers it."""

from aiohttp import web

from services.chassis.access import grant_of
from services.registration.domain.event import Event
from services.registration.domain.event_versions import instant_of, version_of
from services.registration.web.answers import answer
from services.registration.web.use_cases import use_cases
from services.registration.web.views import EventView


def event_view(request: web.Request, event: Event) -> EventView:
    """The event as whoever asks may see it."""
    grant = grant_of(request)
    manages = grant is not None and grant.allows(event_id=event.event_id)
    return EventView.of(event, public_url=use_cases(request).settings.public_url, whole=manages)


def answer_with_version(request: web.Request, event: Event) -> web.Response:
    """The event; the version tells of its parts only to who may see them all."""
    view = event_view(request, event)
    reply = answer(view)
    grant = grant_of(request)
    manages = grant is not None and grant.allows(event_id=event.event_id)
    reply.headers["ETag"] = f'"{version_of(event) if manages else instant_of(event)}"'
    reply.headers["Vary"] = "Authorization, Cookie"
    return reply
