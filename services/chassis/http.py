"""The HTTP side of a service: one application with errors, logging, metrics, security and health in place.

app = create_app(settings, service="registration", verifier=tokens, packages=["services.registration.web"])
add_api(app, events_api)                      # services.chassis.openapi
async with listening(app, settings) as url: ...
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from services.chassis import middlewares
from services.chassis.access import RemoteTokenVerifier, TokenVerifier, authenticate
from services.chassis.idempotency import Idempotency
from services.chassis.metrics import CONTENT_TYPE, exposition, new_registry
from services.chassis.openapi import serve_document
from services.chassis.pages import Pages, install_pages
from services.chassis.problems import FieldError, Problem, bad_request, invalid_body, invalid_query, json_pointer
from services.chassis.settings import CommonSettings

LARGEST_BODY: Final = 1024 * 1024
"""Bytes; a longer body is answered 413."""

ReadinessCheck = Callable[[], Awaitable[None]]
"""Returns when the part can work; raises, with a sentence without personal data, when it cannot."""

Model = TypeVar("Model", bound=BaseModel)

CHECKS: Final = web.AppKey("readiness_checks", dict[str, ReadinessCheck])
METRICS: Final = web.AppKey("metrics", CollectorRegistry)


def create_app(
    settings: CommonSettings,
    *,
    service: str,
    verifier: TokenVerifier | None = None,
    idempotency: Idempotency | None = None,
    packages: Sequence[str] = (),
    checks: Mapping[str, ReadinessCheck] | None = None,
    check_seconds: float = 2,
    registry: CollectorRegistry | None = None,
) -> web.Application:
    """An application that answers health, metrics, static files and every error; routes are the caller's.

    Args:
        settings: `public_url` decides what is same-origin and whether cookies are `Secure`.
        service: its name in the API description.
        verifier: knows the tokens; without one every request is anonymous.
        idempotency: remembers the answers to writes that carry an `Idempotency-Key`.
        packages: those with `templates/`, `static/` and `locale/`, e.g. `services.registration.web`.
        checks: what `/health/ready` asks, by name.
        check_seconds: how long a check may take.
        registry: where the process keeps its metrics; a new one by default (`app[METRICS]`).
    """
    registry = registry or new_registry(service=service)
    chain: list[Middleware] = [
        middlewares.observe(middlewares.HttpMetrics(registry)),
        middlewares.answer_errors,
    ]
    if verifier is not None:
        chain.append(authenticate(verifier, public_url=settings.public_url))
    if idempotency is not None:
        chain.append(idempotency.middleware)
    app = web.Application(middlewares=chain, client_max_size=LARGEST_BODY)
    if idempotency is not None:
        app.cleanup_ctx.append(idempotency.keep_tidy)
    app.on_response_prepare.append(middlewares.harden)
    app[CHECKS] = dict(checks or {})
    app[METRICS] = registry
    install_pages(app, Pages.load(packages), public_url=settings.public_url)
    app.router.add_get("/health/live", _live)
    app.router.add_get("/health/ready", _ready(check_seconds))
    app.router.add_get("/metrics", _metrics)
    app.router.add_get("/internal/openapi.json", serve_document(service))
    if isinstance(verifier, RemoteTokenVerifier):
        app.on_cleanup.append(lambda _: verifier.close())
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class SecureAddress:
    """A second address, over TLS; the files are PEM."""

    host: str
    port: int
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server needs for it."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


@asynccontextmanager
async def listening(
    app: web.Application, settings: CommonSettings, *, secure: SecureAddress | None = None
) -> AsyncIterator[str]:
    """Serve the application at `settings.host:port` (port 0: any free one) and yield its address.

    With `secure`, it is served there too, over TLS. On exit it stops accepting, and gives the requests under way five
    seconds.
    """
    runner = web.AppRunner(app, access_log=None, logger=middlewares.quiet_logger(), shutdown_timeout=5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        await site.start()
        if secure is not None:
            await web.TCPSite(runner, secure.host, secure.port, ssl_context=secure.context()).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{f'[{host}]' if ':' in host else host}:{port}"
    finally:
        await runner.cleanup()


async def read_json(request: web.Request, model: type[Model]) -> Model:
    """The JSON body as a model.

    Raises:
        Problem: 415 for another content type, 400 for what is not JSON (saying where) or does not fit (naming each
            wrong field by JSON pointer).
    """
    if request.content_type != "application/json" and not request.content_type.endswith("+json"):
        raise Problem(415, detail="The body must be JSON, with Content-Type: application/json.")
    raw = await request.read()
    try:
        value = model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            errors = [FieldError(pointer="#", detail=first["msg"])]
            raise bad_request(f"The body is not JSON. {first['msg']}.", errors=errors) from None
        raise invalid_body(error, from_json(raw)) from None
    if b"\\u0000" in raw:
        _refuse_null_characters(from_json(raw))
    return value


def read_query(request: web.Request, model: type[Model]) -> Model:
    """The query parameters as a model (the last one counts when a parameter is repeated).

    Raises:
        Problem: 400 naming each wrong parameter.
    """
    try:
        return model.model_validate_strings(dict(request.query))
    except ValidationError as error:
        raise invalid_query(error) from None


def _refuse_null_characters(document: object) -> None:
    """PostgreSQL holds no U+0000 in a text: say so here, where the field can be named."""

    def walk(node: object, path: tuple[str | int, ...]) -> list[FieldError]:
        if isinstance(node, str):
            return [FieldError(pointer=json_pointer(path), detail="must not hold U+0000")] if "\0" in node else []
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        return [error for key, child in children for error in walk(child, (*path, key))]

    errors = walk(document, ())
    if errors:
        raise bad_request("The body holds the character U+0000.", errors=errors)


async def _live(_: web.Request) -> web.Response:
    return web.json_response({"status": "live"})


def _ready(seconds: float) -> Handler:
    """The handler of `/health/ready`: 503 names the parts that cannot work."""

    async def ask(check: ReadinessCheck) -> str:
        try:
            async with asyncio.timeout(seconds):
                await check()
        except TimeoutError:
            return f"no answer within {seconds:g} s"
        except Exception as error:  # noqa: BLE001  (whatever it is, this part is not ready)
            return str(error) or type(error).__name__
        return "ready"

    async def ready(request: web.Request) -> web.Response:
        checks = request.config_dict[CHECKS]
        answers = dict(zip(checks, await asyncio.gather(*map(ask, checks.values())), strict=True))
        well = all(answer == "ready" for answer in answers.values())
        body = {"status": "ready" if well else "not ready", "checks": answers}
        return web.json_response(body, status=200 if well else 503, headers={} if well else {"Retry-After": "1"})

    return ready


async def _metrics(request: web.Request) -> web.Response:
    return web.Response(body=exposition(request.config_dict[METRICS]), headers={"Content-Type": CONTENT_TYPE})
