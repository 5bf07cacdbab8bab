"""The gateway: one origin for people and programs, in front of the services (`passerelle run gateway`).

It passes requests on as they are, streams answers as they come (Server-Sent Events too), and answers 503 with
`Retry-After` while a service restarts. What services keep for themselves (`/internal/…`, `/metrics`) is out of reach.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

import aiohttp
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from multidict import CIMultiDict
from pydantic import Field
from yarl import URL

from deploy.local.certificates import fingerprint
from services.chassis import middlewares
from services.chassis.http import LARGEST_BODY, SecureAddress, listening
from services.chassis.logging import configure_logging
from services.chassis.openapi import merge_documents
from services.chassis.pages import Pages, install_pages, render
from services.chassis.problems import not_found, unavailable
from services.chassis.process import run
from services.chassis.settings import CommonSettings, Port, load_settings

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

# RFC 9110, 7.6.1: what concerns one connection only.
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_HIDDEN: Final = re.compile(r"^/(internal(/|$)|metrics$|health/)|/\.\.(/|$)")
_ATTENDANCE: Final = re.compile(
    r"^(/api/v1/events/[^/]+/(timeline|presence|stats|live|evidence|analysis|xapi|report)(/|$)"
    r"|/events/[^/]+/(live|analysis|report)(/|\.|$)|/static/attendance/|(/api/v1)?/comparison(\.|$))"
)
_STREAMING_BRIDGE: Final = re.compile(
    r"^(/webhooks/(?!ticket-shops/)|/join/|/beats$|/static/streaming_bridge/|/sources(/|$)"
    r"|/api/v1/(sources|unclaimed-rooms)(/|$)"
    r"|(/api/v1)?/events/[^/]+/(meetings|reconciliation)(/|$))"
)


def service_of(path: str) -> str | None:
    """The service that answers a path; None for what is hidden from the outside."""
    if _HIDDEN.search(path):
        return None
    if _ATTENDANCE.match(path):
        return "attendance"
    if _STREAMING_BRIDGE.match(path):
        return "streaming_bridge"
    return "registration"


class GatewaySettings(CommonSettings):
    """Settings of the gateway: with all of `tls_…`, it listens over TLS as well (`passerelle up --lan`)."""

    service: ClassVar[str] = "gateway"

    tls_host: Annotated[str, Field(description="a host name or address to listen on")] | None = None
    tls_port: Port = 8443
    tls_certificate: Annotated[Path, Field(description="a file of PEM")] | None = None
    tls_key: Annotated[Path, Field(description="a file of PEM")] | None = None
    tls_authority: Annotated[Path, Field(description="a file of PEM")] | None = None

    @property
    def secure_address(self) -> SecureAddress | None:
        """Where to listen over TLS; None where that is not asked for."""
        if self.tls_host is None or self.tls_certificate is None or self.tls_key is None:
            return None
        return SecureAddress(host=self.tls_host, port=self.tls_port, certificate=self.tls_certificate, key=self.tls_key)


def create_gateway(settings: CommonSettings, *, authority: Path | None = None) -> web.Application:
    """The gateway as an application; `authority` is who vouches for its certificate, for telephones to trust."""
    gateway = _Gateway(
        upstreams={
            "registration": settings.registration_url,
            "streaming_bridge": settings.streaming_bridge_url,
            "attendance": settings.attendance_url,
        }
    )
    app = web.Application(middlewares=[middlewares.answer_errors], client_max_size=LARGEST_BODY)
    app.on_response_prepare.append(middlewares.harden)
    install_pages(app, Pages.load(["deploy.local"]), public_url=settings.public_url)
    app.cleanup_ctx.append(gateway.session)
    app.router.add_get("/health/live", _live)
    app.router.add_get("/health/ready", gateway.ready)
    app.router.add_get("/api/v1/openapi.json", gateway.openapi)
    if authority is not None:
        app.router.add_get("/passerelle.crt", _authority(authority.read_bytes()))
        app.router.add_get("/telephone", _telephone(fingerprint(authority)))
    app.router.add_route("*", "/{path:.*}", gateway.forward)
    return app


@dataclass(slots=True)
class _Gateway:
    upstreams: dict[str, str]
    _client: aiohttp.ClientSession | None = None

    async def session(self, _: web.Application) -> AsyncIterator[None]:
        """Keep connections to the services for as long as the application runs."""
        # No total time-out: a live page stays open for hours. Reading may be silent between two heartbeats only.
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=60)
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30)
        async with aiohttp.ClientSession(
            timeout=timeout, connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        ) as self._client:
            yield

    async def forward(self, request: web.Request) -> web.StreamResponse:
        """Pass the request on, and its answer back as it comes."""
        service = service_of(request.path)
        if service is None:
            raise not_found("Nothing has this address.")
        body = await request.read() if request.body_exists else None
        try:
            async with self._http.request(
                request.method,
                # Not `raw_path`: a request may name the whole address, origin included (RFC 9112, 3.2.2).
                URL(self.upstreams[service] + request.rel_url.raw_path_qs, encoded=True),
                headers=_request_headers(request),
                data=body,
                allow_redirects=False,
                # Nothing that the caller did not say: a reader who never asked for gzip could not read it.
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            ) as answer:
                return await _relay(request, answer)
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            log.warning("gateway.upstream_unreachable", service=service, error=type(error).__name__)
            raise unavailable(f"The {service} service does not answer right now.", retry_after=1) from None

    async def ready(self, _: web.Request) -> web.Response:
        """200 once every service is ready; else 503 with what each says."""
        answers = dict(zip(self.upstreams, await asyncio.gather(*map(self._readiness, self.upstreams)), strict=True))
        everything = all(answer == "ready" for answer in answers.values())
        return web.json_response(
            {"status": "ready" if everything else "not ready", "checks": answers}, status=200 if everything else 503
        )

    async def openapi(self, _: web.Request) -> web.Response:
        """One description of the API: the documents of all services, joined."""
        documents = {name: await self._json(f"{url}/internal/openapi.json") for name, url in self.upstreams.items()}
        return web.json_response(merge_documents(documents))

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._client is None:
            message = "the gateway has not been started"
            raise RuntimeError(message)
        return self._client

    async def _readiness(self, service: str) -> Any:  # noqa: ANN401  (what the service says)
        try:
            async with self._http.get(f"{self.upstreams[service]}/health/ready") as answer:
                said = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return "no answer"
        return "ready" if answer.status == web.HTTPOk.status_code else said.get("checks", said)

    async def _json(self, url: str) -> dict[str, Any]:
        try:
            async with self._http.get(url) as answer:
                document: dict[str, Any] = await answer.json()
                return document
        except (aiohttp.ClientError, TimeoutError, ValueError):
            raise unavailable("A service does not answer right now.", retry_after=1) from None


async def _relay(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    """Send the answer's head, then each piece of its body as soon as it is there."""
    headers = _end_to_end(answer.headers)
    if "Content-Length" in answer.headers:
        headers["Content-Length"] = answer.headers["Content-Length"]
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
    await response.prepare(request)
    try:
        async for piece in answer.content.iter_any():
            await response.write(piece)
    except (aiohttp.ClientError, TimeoutError):
        # The head is gone already: cutting the connection is the only way to say that the rest is missing.
        if request.transport is not None:
            request.transport.abort()
        return response
    await response.write_eof()
    return response


def _request_headers(request: web.Request) -> CIMultiDict[str]:
    headers = _end_to_end(request.headers)
    if request.remote is not None:
        # After what proxies before us told: only the end of the list is certain.
        told = request.headers.getall("X-Forwarded-For", [])
        headers["X-Forwarded-For"] = ", ".join([*told, request.remote])
    headers["X-Forwarded-Proto"] = request.scheme
    return headers


def _end_to_end(headers: "aiohttp.typedefs.LooseHeaders") -> CIMultiDict[str]:
    """The headers without those of the connection, named there or in `Connection`."""
    found = CIMultiDict(headers)
    named = {name.strip().lower() for value in found.getall("Connection", []) for name in value.split(",")}
    return CIMultiDict((name, value) for name, value in found.items() if name.lower() not in _HOP_BY_HOP | named)


def _authority(certificate: bytes) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=certificate, content_type="application/x-x509-ca-cert")

    return answer


def _telephone(known_by: str) -> Handler:
    """How a telephone is made to trust the authority, in words."""

    async def answer(request: web.Request) -> web.Response:
        return render(request, "telephone.html", fingerprint=known_by)

    return answer


async def _live(_: web.Request) -> web.Response:
    return web.json_response({"status": "live"})


def main(argv: list[str]) -> int:
    """Run the gateway until SIGTERM or SIGINT; returns the exit code."""
    if argv:
        sys.exit("gateway: takes no arguments")
    return run(_serve)


async def _serve() -> None:
    settings = load_settings(GatewaySettings)
    configure_logging(settings, service="gateway")
    app = create_gateway(settings, authority=settings.tls_authority)
    async with listening(app, settings, secure=settings.secure_address) as address:
        log.info("gateway.listening", url=address)
        await asyncio.Event().wait()
