"""The door for platforms: `/webhooks/…`. What is answered 2xx is on disk."""

from typing import Final

import structlog
from aiohttp import web
from pydantic import BaseModel

from services.chassis.openapi import Api
from services.streaming_bridge.adapters.platforms.anatomy import Delivery
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.application.receiving import Receiving
from services.streaming_bridge.domain.errors import (
    BridgeError,
    StorageUnavailableError,
    UnknownSourceError,
    UnreadableDeliveryError,
    UnverifiedDeliveryError,
)
from services.streaming_bridge.domain.sources import PlatformName
from services.streaming_bridge.web.metrics import BridgeMetrics

_JAAS: Final = "/webhooks/jaas/{source}"
_JITSI: Final = "/webhooks/jitsi/{source}/events/{subject}/{happening}"
WEBHOOK_ROUTES: Final = frozenset({_JAAS, _JITSI})
_NOT_YET: Final = frozenset({Outcome.UNCLAIMED})

log = structlog.stdlib.get_logger(__name__)


class Kept(BaseModel):
    """What became of a delivery that is on disk."""

    status: Outcome


def webhooks_api(receiving: Receiving, metrics: BridgeMetrics) -> Api:
    """The operations that platforms call. They prove themselves by their own means, not by a token of ours."""
    api = Api(tag="webhooks")
    answers = {200: Kept, 202: Kept}
    problems = (400, 401, 404, 413, 503)

    async def take(request: web.Request, platform: PlatformName) -> web.Response:
        metrics.received.labels(platform).inc()
        source, path = request.match_info["source"], request.rel_url.raw_path
        try:
            delivery = Delivery(headers=request.headers, body=await request.read())
            outcome = await receiving.receive(platform, source, delivery, path=path)
        except (BridgeError, web.HTTPRequestEntityTooLarge) as error:
            reason = _reason(error)
            metrics.rejected.labels(platform, reason).inc()
            log.warning("webhook.refused", platform=platform.value, reason=reason)
            raise
        metrics.kept.labels(platform, outcome).inc()
        return _ANSWERS[outcome]()

    @api.route("POST", _JAAS, summary="A delivery of JaaS", answers=answers, problems=problems)
    async def receive_jaas(request: web.Request) -> web.StreamResponse:
        """Signed by `X-Jaas-Signature`. 202: kept, no event claims the room yet."""
        return await take(request, PlatformName.JAAS)

    @api.route(
        "POST",
        _JITSI,
        summary="A delivery of Jitsi's module event_sync",
        answers=answers,
        problems=problems,
    )
    async def receive_jitsi(request: web.Request) -> web.StreamResponse:
        """The module's `api_prefix` is `{origin}/webhooks/jitsi/{source}`, its `Authorization` the source's token."""
        return await take(request, PlatformName.JITSI)

    return api


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


def _reason(error: BridgeError | web.HTTPRequestEntityTooLarge) -> str:
    """A stable word for the metric."""
    match error:
        case UnverifiedDeliveryError(reason=reason) | UnreadableDeliveryError(reason=reason):
            return reason
        case UnknownSourceError():
            return "unknown_source"
        case StorageUnavailableError():
            return "storage"
        case web.HTTPRequestEntityTooLarge():
            return "too_large"
    return "other"
