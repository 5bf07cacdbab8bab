"""The door for platforms: `/webhooks/…`. What is answered 2xx is on disk."""

from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from pydantic import BaseModel

from services.chassis.openapi import Api
from services.streaming_bridge.adapters.platforms.anatomy import Delivery, Platform
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.application.door_log import UNKNOWN_SOURCE, WRONG_ADDRESS, DoorLog
from services.streaming_bridge.application.receiving import Receiving
from services.streaming_bridge.domain.errors import (
    BridgeError,
    StorageUnavailableError,
    UnknownSourceError,
    UnreadableDeliveryError,
    UnverifiedDeliveryError,
)
from services.streaming_bridge.domain.sources import PlatformName
from services.streaming_bridge.web.errors import problem_of
from services.streaming_bridge.web.metrics import BridgeMetrics

_NOT_YET: Final = frozenset({Outcome.UNCLAIMED})

log = structlog.stdlib.get_logger(__name__)


class Kept(BaseModel):
    """What became of a delivery that is on disk."""

    status: Outcome


def webhook_routes(platforms: Iterable[Platform]) -> frozenset[str]:
    """Where deliveries come to."""
    return frozenset(platform.webhook_path for platform in platforms)


def webhooks_api(
    receiving: Receiving, metrics: BridgeMetrics, door: DoorLog, platforms: Iterable[Platform], *, public_url: str
) -> Api:
    """The operations that platforms call. They prove themselves by their own means, not by a token of ours."""
    api = Api(tag="webhooks")
    answers = {200: Kept, 202: Kept}

    def note_refusal(platform: PlatformName, source: str, error: BridgeError | web.HTTPRequestEntityTooLarge) -> None:
        reason = _reason(error)
        metrics.rejected.labels(platform, reason).inc()
        door.refused(platform, source, reason)
        _log_refusal(platform, reason, error)

    async def take(request: web.Request, taker: Platform) -> web.Response:
        platform = taker.name
        metrics.received.labels(platform).inc()
        source, path = request.match_info["source"], request.rel_url.raw_path
        try:
            url = f"{public_url}{request.rel_url.raw_path_qs}"
            delivery = Delivery(url=url, headers=request.headers, body=await request.read())
            outcome = await receiving.receive(
                platform, source, delivery, path=path, refused=partial(note_refusal, platform, source)
            )
        except (BridgeError, web.HTTPRequestEntityTooLarge) as error:
            note_refusal(platform, source, error)
            if isinstance(error, UnreadableDeliveryError) and taker.refusals.unreadable < HTTPStatus.MULTIPLE_CHOICES:
                return _ANSWERS[Outcome.UNREADABLE]()
            if isinstance(error, BridgeError):
                raise problem_of(error, taker.refusals) from error
            raise
        if not isinstance(outcome, Outcome):
            # Nothing is kept of a platform's question, but that something comes from there.
            door.kept(platform, source, Outcome.IGNORED)
            return web.json_response(dict(outcome))
        metrics.kept.labels(platform, outcome).inc()
        door.kept(platform, source, outcome)
        return _ANSWERS[outcome]()

    def listen(platform: Platform) -> None:
        async def receive(request: web.Request) -> web.StreamResponse:
            """Proved by the platform's own means. 202: kept, no event claims the room yet.

            Where the platform asks who listens, before it sends anything, it is given the answer in its own form.
            """
            return await take(request, platform)

        receive.__name__ = f"receive_{platform.name}"
        summary = f"A delivery of {platform.name}"
        problems = sorted({platform.refusals.unproved, platform.refusals.unreadable, 404, 413, 503} - set(answers))
        api.route("POST", platform.webhook_path, summary=summary, answers=answers, problems=problems)(receive)

    for platform in platforms:
        listen(platform)
    return api


def add_misdirected(app: web.Application, door: DoorLog, platforms: Iterable[Platform]) -> None:
    """Route what comes to no platform's address, below `/webhooks/<platform>/<source>`: 404, and the organizer sees it.

    To be added after the platforms' own addresses.
    """

    async def refuse(request: web.Request) -> web.StreamResponse:
        platform = PlatformName(request.match_info["platform"])
        door.refused(platform, request.match_info["source"], WRONG_ADDRESS)
        log.warning("webhook.refused", platform=platform.value, reason=WRONG_ADDRESS)
        raise web.HTTPNotFound

    named = "|".join(platform.name for platform in platforms)
    app.router.add_post(f"/webhooks/{{platform:{named}}}/{{source:[^/]*}}{{rest:(/.*)?}}", refuse)


def _answer_of(outcome: Outcome) -> "_Answer":
    return _Answer(202 if outcome in _NOT_YET else 200, Kept(status=outcome).model_dump_json().encode())


class _Answer:
    """Makes the same answer again and again: this is the busiest address of the bridge."""

    __slots__ = ("_body", "_status")

    def __init__(self, status: int, body: bytes) -> None:
        self._status = status
        self._body = body

    def __call__(self) -> web.Response:
        return web.Response(status=self._status, body=self._body, content_type="application/json")


_ANSWERS: Final = {outcome: _answer_of(outcome) for outcome in Outcome}


def _log_refusal(platform: PlatformName, reason: str, error: Exception) -> None:
    """A line for each, but for what cannot be stored: that would cost as much, and whoever stores says it once."""
    if not isinstance(error, StorageUnavailableError):
        log.warning("webhook.refused", platform=platform.value, reason=reason)


def _reason(error: BridgeError | web.HTTPRequestEntityTooLarge) -> str:
    """A stable word for the metric."""
    match error:
        case UnverifiedDeliveryError(reason=reason) | UnreadableDeliveryError(reason=reason):
            return reason
        case UnknownSourceError():
            return UNKNOWN_SOURCE
        case StorageUnavailableError():
            return "storage"
        case web.HTTPRequestEntityTooLarge():
            return "too_large"
    return "other"
