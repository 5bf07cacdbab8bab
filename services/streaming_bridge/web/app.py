"""The bridge's application before its routes: who must sign in where, and what surrounds every request."""

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.access import RemoteTokenVerifier, TokenVerifier, authenticate
from services.chassis.clock import Clock
from services.chassis.http import create_app
from services.chassis.idempotency import Idempotency
from services.chassis.secrets import SecretBox
from services.chassis.stored_replies import SEALED_FOR
from services.streaming_bridge.adapters.tables import IDEMPOTENCY
from services.streaming_bridge.settings import BridgeSettings
from services.streaming_bridge.web.errors import answer_bridge_errors

PACKAGE: Final = "services.streaming_bridge.web"
_FOR_ORGANIZERS: Final = ("/api/", "/sources", "/events/")


def create_bridge_app(
    settings: BridgeSettings,
    engine: AsyncEngine,
    registry: CollectorRegistry,
    *,
    clock: Clock,
    verifier: TokenVerifier,
) -> web.Application:
    """The application; its routes are the caller's."""
    app = create_app(
        settings,
        service=BridgeSettings.service,
        packages=[PACKAGE],
        checks={"database": lambda: answers(engine)},
        registry=registry,
    )
    app.middlewares.append(_below(_FOR_ORGANIZERS, authenticate(verifier, public_url=settings.public_url)))
    idempotency = Idempotency(engine, IDEMPOTENCY, clock, SecretBox.derive(settings.secret, purpose=SEALED_FOR))
    app.middlewares.append(idempotency.middleware)
    app.cleanup_ctx.append(idempotency.keep_tidy)
    app.middlewares.append(answer_bridge_errors)
    if isinstance(verifier, RemoteTokenVerifier):
        app.on_cleanup.append(lambda _: verifier.close())
    return app


async def answers(engine: AsyncEngine) -> None:
    """Return if the database answers."""
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SELECT 1")


def _below(prefixes: tuple[str, ...], middleware: Middleware) -> Middleware:
    """A middleware for some paths only.

    Platforms send their own secret in `Authorization`: to take it for a token of ours would carry it to registration,
    and make every delivery wait for an answer from there. A participant's way into a meeting needs no token either.
    """

    @web.middleware
    async def selective(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await (middleware(request, handler) if request.path.startswith(prefixes) else handler(request))

    return selective
