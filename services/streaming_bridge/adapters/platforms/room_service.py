"""Platforms that can be asked, and told, by API: open a room, close it, say who is in it now.

Servers of one's own are on local networks, so that no address is forbidden here. But no redirect is followed, an answer
has a largest size, and nothing takes longer than ten seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final, Protocol

import aiohttp
from yarl import URL

from services.streaming_bridge.domain.errors import PlatformAwayError, PlatformRefusedError
from services.streaming_bridge.domain.observations import Connection
from services.streaming_bridge.domain.sources import Source

_PATIENCE_SECONDS: Final = 10.0
_LARGEST_ANSWER: Final = 8 * 1024 * 1024
"""A room of ten thousand people, told at length."""
_MAY_HEAL: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """Somebody whom the platform says is in the room now.

    `connection` has the key by which its webhooks name it, so that both can be compared; unless the platform names
    people, each as often as they are there, and no connections: `by_person`.
    """

    connection: Connection
    since: datetime | None
    by_person: bool = False


class RoomService(Protocol):
    """The API of one platform. `room` is the platform's own name of it.

    All of it raises `PlatformAwayError` where the platform gives no answer that can be used and may give one later, and
    `PlatformRefusedError` where asking again changes nothing: `not_set_up` for a source that was not told where its API
    is, or with which secret.
    """

    async def open_room(self, source: Source, room: str, *, title: str) -> None:
        """Have the room open; nothing changes if it is. `title` is for platforms that show one."""
        ...

    async def close_room(self, source: Source, room: str) -> None:
        """Have the room closed, and everybody in it sent away; nothing changes if there is none."""
        ...

    async def present(self, source: Source, room: str) -> Sequence[Present] | None:
        """Who is in the room now, machines left out; `None` if no such room is open."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a platform answered: its status is not looked at yet, but is neither a redirect nor a fault of its own."""

    status: int
    body: bytes


def new_session() -> aiohttp.ClientSession:
    """The connections to platforms, for whoever builds room services; it must be closed."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_PATIENCE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """One request, and its whole answer. Errors never quote the address or the answer: both may hold secrets.

    Raises:
        PlatformAwayError: `unreachable`, `too_slow`, `failing` (5xx, 408, 429) or `too_large`.
        PlatformRefusedError: `redirected`, or `credentials_refused` (401, 403).
    """
    try:
        async with session.request(method, url, headers=headers, data=body, allow_redirects=False) as response:
            _require_well(response.status)
            return Answer(status=response.status, body=await _whole(response))
    except TimeoutError:
        raise PlatformAwayError("too_slow") from None
    except aiohttp.InvalidURL:
        raise PlatformRefusedError("not_set_up") from None
    except (aiohttp.ClientError, OSError):
        raise PlatformAwayError("unreachable") from None


def _require_well(status: int) -> None:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _MAY_HEAL:
        raise PlatformAwayError("failing")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise PlatformRefusedError("redirected")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise PlatformRefusedError("credentials_refused")


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _LARGEST_ANSWER:
            raise PlatformAwayError("too_large")
    return bytes(body)
