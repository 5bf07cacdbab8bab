"""An event as the API answers it."""

from collections.abc import Awaitable, Sequence

from aiohttp import web

from services.chassis.access import grant_of
from services.registration.domain.errors import EventChangedMeanwhileError
from services.registration.domain.event import Event
from services.registration.domain.event_versions import instant_of, version_of
from services.registration.web.answers import answer
from services.registration.web.errors import problem_of
from services.registration.web.unknown_sources import unknown_sources
from services.registration.web.use_cases import use_cases
from services.registration.web.views import EventView


async def event_view(request: web.Request, event: Event) -> EventView:
    """The event as whoever asks may see it."""
    return (await event_views(request, [event]))[0]


async def event_views(request: web.Request, events: Sequence[Event]) -> list[EventView]:
    """Events as whoever asks may see each."""
    cases = use_cases(request)
    managed = {event.event_id for event in events if _manages(request, event)}
    unknown = await unknown_sources(cases.neighbours, [event for event in events if event.event_id in managed])
    return [
        EventView.of(
            event,
            public_url=cases.settings.public_url,
            whole=event.event_id in managed,
            unknown_source=event.event_id in unknown,
        )
        for event in events
    ]


def _manages(request: web.Request, event: Event) -> bool:
    grant = grant_of(request)
    return grant is not None and grant.allows(event_id=event.event_id)


def versions_seen(request: web.Request) -> list[str] | None:
    """What `If-Match` names; None for any version. A weak tag matches nothing (RFC 9110, 13.1.1)."""
    tags = request.if_match
    if tags is None or any(tag.value == "*" for tag in tags):
        return None
    return [tag.value for tag in tags if not tag.is_weak]


async def telling_what_changed(request: web.Request, change: Awaitable[Event]) -> Event:
    """The event that comes of a change.

    Raises:
        Problem: 412 with what each field that differs is now, if it was changed since whoever asks read it.
    """
    try:
        return await change
    except EventChangedMeanwhileError as error:
        stands = await use_cases(request).events.find(error.event_id)
        now = (await event_view(request, stands)).model_dump(mode="json")
        problem = problem_of(error)
        problem.extensions["changed"] = [{"pointer": f"#/{part}", "now": now[part]} for part in error.parts]
        problem.headers["ETag"] = f'"{version_of(stands)}"'
        raise problem from error


async def answer_with_version(request: web.Request, event: Event) -> web.Response:
    """The event; the version tells of its parts only to who may see them all."""
    reply = answer(await event_view(request, event))
    reply.headers["ETag"] = f'"{version_of(event) if _manages(request, event) else instant_of(event)}"'
    reply.headers["Vary"] = "Authorization, Cookie"
    return reply
