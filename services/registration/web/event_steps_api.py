"""The API of an event's life: publish, close, open again, cancel, archive; and begin another one like it."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from services.chassis.access import Role, require
from services.chassis.http import read_json
from services.chassis.idempotency import pending_reply
from services.chassis.openapi import Api
from services.registration.domain.event import Event
from services.registration.web.answers import answer
from services.registration.web.event_answers import answer_with_version, event_view, telling_what_changed, versions_seen
from services.registration.web.event_bodies import DuplicateBody
from services.registration.web.use_cases import use_cases
from services.registration.web.views import EventView

api = Api(tag="events")


@api.route(
    "POST",
    "/api/v1/events/{event_id}/publish",
    summary="Open an event to the public",
    roles=[Role.ORGANIZER],
    answers={200: EventView},
    problems=[409, 412],
    headers=["If-Match"],
)
async def publish_event(request: web.Request) -> web.Response:
    """An event that is published stays as it is."""
    return await _taken(request, use_cases(request).events.publish)


@api.route(
    "POST",
    "/api/v1/events/{event_id}/close",
    summary="Declare an event over",
    roles=[Role.ORGANIZER],
    answers={200: EventView},
    problems=[409, 412],
    headers=["If-Match"],
)
async def close_event(request: web.Request) -> web.Response:
    """Whoever is still present is counted until now, or until the event's end plus its grace if that has passed.

    Without this, the clock closes it at its end plus its grace.
    """
    return await _taken(request, use_cases(request).events.close)


@api.route(
    "POST",
    "/api/v1/events/{event_id}/reopen",
    summary="Take the closing of an event back",
    roles=[Role.ORGANIZER],
    answers={200: EventView},
    problems=[409, 412],
    headers=["If-Match"],
)
async def reopen_event(request: web.Request) -> web.Response:
    """It is as if it had never been closed. Once its end plus its grace has passed, the clock closes it no more."""
    return await _taken(request, use_cases(request).events.reopen)


@api.route(
    "POST",
    "/api/v1/events/{event_id}/cancel",
    summary="Declare that an event does not take place",
    roles=[Role.ORGANIZER],
    answers={200: EventView},
    problems=[409, 412],
    headers=["If-Match"],
)
async def cancel_event(request: web.Request) -> web.Response:
    """Its rooms claim nothing any more, and nobody can register."""
    return await _taken(request, use_cases(request).events.cancel)


@api.route(
    "POST",
    "/api/v1/events/{event_id}/archive",
    summary="Let lists leave an event out",
    roles=[Role.ORGANIZER],
    answers={200: EventView},
    problems=[409],
)
async def archive_event(request: web.Request) -> web.Response:
    """It can be read as before. A published event cannot be archived, and one that is opened leaves the archive."""
    return answer(await event_view(request, await use_cases(request).events.archive(request.match_info["event_id"])))


@api.route(
    "POST",
    "/api/v1/events/{event_id}/unarchive",
    summary="Let lists show an event again",
    roles=[Role.ORGANIZER],
    answers={200: EventView},
)
async def unarchive_event(request: web.Request) -> web.Response:
    """An event that is not archived stays as it is."""
    return answer(await event_view(request, await use_cases(request).events.unarchive(request.match_info["event_id"])))


@api.route(
    "POST",
    "/api/v1/events/{event_id}/duplicate",
    summary="Create an event like this one",
    roles=[Role.ORGANIZER],
    body=DuplicateBody,
    answers={201: EventView},
)
async def duplicate_event(request: web.Request) -> web.Response:
    """The copy is a draft with ids of its own, at the same hours of its time zone. For those who may create events."""
    require(request)
    body = await read_json(request, DuplicateBody)
    reply = pending_reply(request)
    event = await use_cases(request).events.duplicate(
        request.match_info["event_id"],
        starts_at=body.starts_at,
        title=body.title,
        retry_key=reply.scope if reply else None,
    )
    return answer(await event_view(request, event), status=201, location=f"/api/v1/events/{event.event_id}")


async def _taken(request: web.Request, step: Callable[..., Awaitable[Event]]) -> web.Response:
    """Take a step, unless `If-Match` names other versions than the event's: 412, as for an edit."""
    taken = step(request.match_info["event_id"], seen=versions_seen(request))
    return await answer_with_version(request, await telling_what_changed(request, taken))
