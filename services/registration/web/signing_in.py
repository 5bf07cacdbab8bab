"""What every way of signing in ends with, and what a browser keeps meanwhile."""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from services.chassis.access import SESSION_COOKIE, clear_session_cookie, set_session_cookie
from services.registration.application.sessions import Opened
from services.registration.web.answers import see
from services.registration.web.use_cases import use_cases

_CEREMONY_COOKIE: Final = "passerelle_ceremony"
_CEREMONY_SECONDS: Final = 600


async def signed_in(request: web.Request, opened: Opened, to: str) -> web.Response:
    """Lead to a page with the new session; the one that this browser had ends, whoever's it was."""
    response = see(to)
    await keep_session(request, response, opened)
    return response


async def keep_session(request: web.Request, response: web.Response, opened: Opened) -> None:
    """Put the new session in the browser's cookie, and end the one that was there."""
    cases = use_cases(request)
    await _end_session(request)
    seconds = int(opened.lifetime.total_seconds())
    set_session_cookie(response, opened.secret, public_url=cases.settings.public_url, max_age=seconds)


async def signed_out(request: web.Request) -> web.Response:
    """End the session, and lead to the first page."""
    await _end_session(request)
    response = see("/")
    clear_session_cookie(response, public_url=use_cases(request).settings.public_url)
    return response


def keep_ceremony(request: web.Request, response: web.Response, secret: str) -> None:
    """Let the browser bring a secret back with the answer; only this browser can answer then."""
    response.set_cookie(
        _CEREMONY_COOKIE,
        secret,
        max_age=_CEREMONY_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",  # an identity provider leads back here from its own site
        secure=urlsplit(use_cases(request).settings.public_url).scheme == "https",
    )


def ceremony_of(request: web.Request) -> str:
    """The secret that was kept; empty without one."""
    return request.cookies.get(_CEREMONY_COOKIE, "")


async def _end_session(request: web.Request) -> None:
    held = request.cookies.get(SESSION_COOKIE, "")
    if held.isascii():
        await use_cases(request).access.sessions.end(held)
