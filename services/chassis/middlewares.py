"""What happens around every request: it is measured and logged, its errors answered, its answer hardened.

Nothing here sees a raw path, a query or an address: they carry tokens and tell about people. A route's template
stands for them.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry, Counter, Histogram

from services.chassis.access import wants_html
from services.chassis.pages import render_error
from services.chassis.problems import Problem, problem_response

log = structlog.stdlib.get_logger(__name__)

BUSY_ROUTES: Final = web.AppKey("busy_routes", frozenset[str])
"""The templates of routes that answer thousands a second: the metrics count them, and only errors are logged."""
REQUEST_ID: Final = web.RequestKey("request_id", str)

_BEGUN: Final = web.RequestKey("answer_begun", bool)
_LEFT: Final = 499
"""In logs and metrics: the reader left, or the service stopped, before the answer was whole."""

_ALLOWED: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}


def policy_allowing(more: Mapping[str, Iterable[str]]) -> str:
    """The Content-Security-Policy of every page, with further sources for some directives (`media-src`, …)."""
    allowed = dict(_ALLOWED)
    for directive, sources in more.items():
        if wanted := " ".join(dict.fromkeys(sources)):
            allowed[directive] = f"{allowed.get(directive, '')} {wanted}".strip()
    return "; ".join(f"{directive} {sources}" for directive, sources in allowed.items())


_SECURITY_HEADERS: Final = {
    "Content-Security-Policy": policy_allowing({}),
    "X-Content-Type-Options": "nosniff",
    # Personal links carry tokens in their path: other sites must not see them.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class HttpMetrics:
    """`passerelle_http_requests_total` and `passerelle_http_request_duration_seconds`, by route template."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register both."""
        self.requests = Counter(
            "passerelle_http_requests_total",
            "Requests answered.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.duration = Histogram(
            "passerelle_http_request_duration_seconds",
            "From the request's head to the end of its answer; streams of events count for as long as they are open.",
            ("method", "route"),
            registry=registry,
        )


def observe(metrics: HttpMetrics) -> Middleware:
    """Count, time and log each request, under a random request id that the answer carries too."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        request_id = secrets.token_hex(8)
        request[REQUEST_ID] = request_id
        route = route_template(request)
        started = time.perf_counter()
        status = 500
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                response = await handler(request)
                status = response.status
            except web.HTTPException as redirect:
                status = redirect.status
                raise
            except (ConnectionResetError, asyncio.CancelledError):
                status = _LEFT
                raise
            finally:
                seconds = time.perf_counter() - started
                method = request.method if request.method in _METHODS else "other"
                metrics.requests.labels(method, route, str(status)).inc()
                metrics.duration.labels(method, route).observe(seconds)
                if status >= HTTPStatus.BAD_REQUEST or route not in request.config_dict.get(BUSY_ROUTES, ()):
                    level = log.debug if route in _ROUTINE else log.info
                    level("http.request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))
        return response

    return middleware


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what a handler raised: problem+json for programs, a page for people; never anything internal."""
    try:
        return await handler(request)
    except Problem as problem:
        answer = problem
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004  (a redirect)
            raise
        answer = _from_aiohttp(error)
    except ConnectionResetError:
        # The reader is gone in the middle of the answer: nobody is left to answer to.
        raise
    except Exception as error:  # the boundary of the service: whatever happens inside must not show outside
        log.exception("http.failed", route=route_template(request))
        if _BEGUN in request:
            # Half an answer is out: the reader must see it break off, and not an error written into the middle of it.
            raise ConnectionResetError from error
        answer = Problem(500, detail="Something went wrong on our side. The request id helps us to find out what.")
    if REQUEST_ID in request:
        answer.extensions.setdefault("request_id", request[REQUEST_ID])
    return render_error(request, answer) if wants_html(request) else problem_response(answer)


async def harden(request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer, and take the server's banner off."""
    request[_BEGUN] = True
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    if REQUEST_ID in request:
        response.headers.setdefault("X-Request-Id", request[REQUEST_ID])
    response.headers.pop("Server", None)
    response.headers.setdefault("Cache-Control", "no-store")


def route_template(request: web.Request) -> str:
    """The route as it was declared, e.g. `/api/v1/events/{event_id}`; `unmatched` for an unknown path."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


def quiet_logger() -> logging.Logger:
    """The logger for aiohttp's own errors, which keeps the kind only: the text quotes addresses and raw requests."""
    logger = logging.getLogger("services.chassis.http.server")
    if not logger.filters:
        logger.addFilter(_keep_the_kind)
    return logger


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ROUTINE: Final = frozenset({"/health/live", "/health/ready", "/metrics"})


def _keep_the_kind(record: logging.LogRecord) -> bool:
    kind = type(record.exc_info[1]).__name__ if record.exc_info else "no exception"
    record.msg, record.args = f"a connection could not be served ({kind})", ()
    record.exc_info = record.exc_text = None
    return True


def _from_aiohttp(error: web.HTTPException) -> Problem:
    """An error that aiohttp raised by itself (404, 405, 413), as a problem with a useful sentence."""
    details = {
        404: "Nothing has this address.",
        405: f"The methods here are: {error.headers.get('Allow', 'none')}.",
        413: "The body is larger than 1 MiB.",
    }
    kept = {name: error.headers[name] for name in ("Allow", "Retry-After", "WWW-Authenticate") if name in error.headers}
    return Problem(error.status, detail=details.get(error.status), headers=kept)
