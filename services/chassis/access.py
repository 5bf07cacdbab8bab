"""Who may do what: tokens by role, in a header for programs and in a cookie for browsers.

`authenticate` puts the grant on the request, `require` refuses without one. Organizers may do everything; a role at
one event opens nothing outside it.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, Self
from urllib.parse import urlencode, urlsplit

import aiohttp
import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ValidationError

from services.chassis.problems import Problem, unavailable
from services.chassis.settings import CommonSettings

SESSION_COOKIE: Final = "passerelle_session"
INTERNAL_HEADER: Final = "X-Passerelle-Internal"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FOR_PROGRAMS: Final = ("/api/", "/webhooks/", "/internal/")
_LONGEST_TOKEN: Final = 200
_BELIEVED: Final = 10.0
_REFUSED: Final = 2.0
_MOST_KNOWN: Final = 10_000

log = structlog.stdlib.get_logger(__name__)


class Role(StrEnum):
    """What a token was made for."""

    ORGANIZER = "organizer"
    DESK = "desk"
    ANALYST = "analyst"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a valid token allows: `role` everywhere, or only at `event_id`; and the roles at single events in `roles`.

    `holder` is on whose behalf it acts, where that is more than the token itself: an account, say.
    """

    token_id: str
    role: Role | None = None
    event_id: str | None = None
    roles: Mapping[str, Role] = field(default_factory=dict, hash=False)
    holder: str | None = None

    @property
    def reach(self) -> frozenset[str] | None:
        """The events that it reaches, None for all."""
        if self.role is not None and self.event_id is None:
            return None
        return frozenset(self.roles) | ({self.event_id} if self.event_id is not None else set())

    def roles_at(self, event_id: str | None) -> frozenset[Role]:
        """The roles that it has at an event, or at what belongs to no event (None)."""
        everywhere = self.role if self.event_id in {None, event_id} else None
        here = self.roles.get(event_id) if event_id is not None else None
        return frozenset(role for role in (everywhere, here) if role is not None)

    def allows(self, *roles: Role, event_id: str | None = None) -> bool:
        """Whether it has one of the roles (an organizer has all) at this event.

        A role at one event does not reach what belongs to no event (`event_id=None`).
        """
        return not self.roles_at(event_id).isdisjoint({Role.ORGANIZER, *roles})


class TokenVerifier(Protocol):
    """Knows which tokens are valid."""

    async def verify(self, token: str) -> Grant | None:
        """The grant of a token, `None` for an unknown or revoked one; a `Problem` 503 if it cannot tell now."""
        ...


GRANT: Final = web.RequestKey("grant", Grant)


def grant_of(request: web.Request) -> Grant | None:
    """The grant of the request, for pages that show more to some."""
    return request.get(GRANT)


def require(request: web.Request, *roles: Role, event_id: str | None = None) -> Grant:
    """The grant of the request, if it has one of the roles for this event.

    Raises:
        Problem: 403 with a token that does not reach this, and as `require_signed_in`.
    """
    grant = require_signed_in(request)
    if not grant.allows(*roles, event_id=event_id):
        raise Problem(403, detail="This token does not allow that.")
    return grant


def require_signed_in(request: web.Request) -> Grant:
    """The grant of the request, whatever it allows.

    Raises:
        Problem: 401 without a valid token.
        web.HTTPSeeOther: to `/sign-in`, instead, for a person with a browser.
    """
    grant = grant_of(request)
    if grant is None:
        if request.method in _SAFE_METHODS and wants_html(request):
            raise web.HTTPSeeOther("/sign-in?" + urlencode({"next": request.path_qs}))
        raise Problem(401, detail="A valid token is needed.", headers={"WWW-Authenticate": 'Bearer realm="passerelle"'})
    return grant


def authenticate(verifier: TokenVerifier, *, public_url: str) -> Middleware:
    """The middleware that reads the token, from `Authorization: Bearer` or else from the session cookie."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        token, from_cookie = _token(request)
        # No token of ours is anything but ASCII; other bytes come as surrogates, which nothing further on can encode.
        if token is not None and token.isascii() and len(token) <= _LONGEST_TOKEN:
            grant = await verifier.verify(token)
            if grant is not None:
                if from_cookie and request.method not in _SAFE_METHODS:
                    require_same_origin(request, public_url=public_url)
                request[GRANT] = grant
        return await handler(request)

    return middleware


def require_same_origin(request: web.Request, *, public_url: str) -> None:
    """Refuse what another site makes a browser send (the cookie comes along by itself).

    Raises:
        Problem: 403 unless the browser says that the request comes from our own pages.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    else:
        # Without TLS browsers leave Sec-Fetch-Site out. The Host is compared too, since a phone at the door may reach
        # this machine by another name than its public one; the cookie belongs to that name only.
        own = origin is not None and urlsplit(origin).netloc in {urlsplit(public_url).netloc, request.host}
    if not own:
        raise Problem(403, detail="This request did not come from a page of this site.")


def set_session_cookie(response: web.StreamResponse, token: str, *, public_url: str, max_age: int) -> None:
    """Keep a token in the browser for `max_age` seconds, out of the reach of scripts."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=max_age,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=urlsplit(public_url).scheme == "https",
    )


def clear_session_cookie(response: web.StreamResponse, *, public_url: str) -> None:
    """Forget the token in the browser."""
    response.del_cookie(
        SESSION_COOKIE, path="/", httponly=True, samesite="Lax", secure=urlsplit(public_url).scheme == "https"
    )


def local_path(target: str | None, *, default: str = "/") -> str:
    """Where to go after signing in: `target` if it is a path of this site, else `default` (no open redirect)."""
    if target is None or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return default
    return target


def wants_html(request: web.Request) -> bool:
    """Whether a person with a browser asks, rather than a program.

    What is made for programs is never asked by a person: some HTTP libraries accept HTML before anything else.
    """
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith(_FOR_PROGRAMS)


class Introspected(BaseModel):
    """What registration answers to `POST /internal/introspect {token}`."""

    active: bool
    token_id: str | None = None
    role: Role | None = None
    event_id: str | None = None
    roles: dict[str, Role] = {}
    holder: str | None = None

    @classmethod
    def of(cls, grant: Grant | None) -> Self:
        """The answer for a grant, or for a token that has none."""
        if grant is None:
            return cls(active=False)
        return cls(
            active=True,
            token_id=grant.token_id,
            role=grant.role,
            event_id=grant.event_id,
            roles=dict(grant.roles),
            holder=grant.holder,
        )

    def grant(self) -> Grant | None:
        """The grant that was answered."""
        if not self.active or self.token_id is None:
            return None
        return Grant(
            token_id=self.token_id, role=self.role, event_id=self.event_id, roles=self.roles, holder=self.holder
        )


class RemoteTokenVerifier:
    """Asks registration, which keeps the tokens. Answers are believed for ten seconds, refusals for two.

    So a revoked token dies within ten seconds. Tokens are kept in memory by their hash only. `create_app` closes it.
    """

    def __init__(self, settings: CommonSettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Where registration is comes from `settings.registration_url`."""
        self._url = settings.registration_url + "/internal/introspect"
        self._headers = internal_headers(settings)
        self._monotonic = monotonic
        self._known: dict[bytes, tuple[float, Grant | None]] = {}
        self._session: aiohttp.ClientSession | None = None

    async def verify(self, token: str) -> Grant | None:
        """See `TokenVerifier`."""
        key = hashlib.sha256(token.encode()).digest()
        now = self._monotonic()
        known = self._known.get(key)
        if known is not None and now < known[0]:
            return known[1]
        grant = await self._ask(token)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = (now + (_BELIEVED if grant is not None else _REFUSED), grant)
        return grant

    async def close(self) -> None:
        """Close the connections to registration."""
        if self._session is not None:
            await self._session.close()

    async def _ask(self, token: str) -> Grant | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        try:
            async with self._session.post(self._url, json={"token": token}, headers=self._headers) as response:
                response.raise_for_status()
                answer = Introspected.model_validate_json(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValidationError) as error:
            # Only the kind of error is logged: its text may quote what registration answered.
            log.warning("access.registration_unreachable", error=type(error).__name__)
            raise unavailable(
                "Tokens cannot be checked just now: registration does not answer.", retry_after=2
            ) from None
        return answer.grant()


def internal_headers(settings: CommonSettings) -> dict[str, str]:
    """The header by which one service of this deployment knows another."""
    return {INTERNAL_HEADER: _internal_proof(settings)}


def require_internal(request: web.Request, settings: CommonSettings) -> None:
    """Refuse whoever is not a service of this deployment.

    Raises:
        Problem: 403.
    """
    given = request.headers.get(INTERNAL_HEADER, "")
    if not hmac.compare_digest(given.encode(errors="replace"), _internal_proof(settings).encode()):
        raise Problem(403, detail="This address is for the services themselves.")


def _internal_proof(settings: CommonSettings) -> str:
    return hmac.new(settings.secret.encode(), b"internal", hashlib.sha256).hexdigest()


def _token(request: web.Request) -> tuple[str | None, bool]:
    """The token sent, and whether it came by itself in a cookie."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credentials.strip():
        return credentials.strip(), False
    return request.cookies.get(SESSION_COOKIE), True
