"""How shops are asked: JSON by HTTPS, with limits on time and size, and never of an address that is no shop's.

Organizers type addresses. What runs beside Passerelle, on this machine or in its network, must not be asked for them.
"""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Any, Final, TypeVar

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from pydantic import BaseModel, TypeAdapter, ValidationError
from yarl import URL

from services.chassis.clock import Clock
from services.registration.domain.shop_errors import ShopTroubleError
from services.registration.domain.ticket_shops import Trouble

_LARGEST_ANSWER: Final = 8 * 1024 * 1024
_LONGEST_WAIT: Final = timedelta(hours=6)
Model = TypeVar("Model", bound=BaseModel)

_OBJECT: Final = TypeAdapter(dict[str, Any])
_TROUBLES: Final = {
    401: Trouble.CREDENTIALS_REFUSED,
    403: Trouble.NOT_ALLOWED,
    404: Trouble.NOT_FOUND,
    410: Trouble.NOT_FOUND,
    429: Trouble.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which addresses may be asked: public ones by HTTPS; if allowed `private` and `loopback` ones, and without TLS."""

    private: bool = False
    loopback: bool = False

    def allows_url(self, url: URL) -> bool:
        """Whether a URL may be asked, as far as can be told before its name is looked up."""
        if url.scheme not in {"http", "https"} or not url.host or url.user is not None:
            return False
        if url.scheme == "http" and not self._is_near(url.host):
            return False
        return self.allows_address(url.host) if _is_address(url.host) else True

    def allows_address(self, address: str) -> bool:
        """Whether an address may be connected to."""
        known = ip_address(address.partition("%")[0])
        if isinstance(known, IPv6Address) and known.ipv4_mapped is not None:
            known = known.ipv4_mapped
        if known.is_loopback:
            return self.loopback or self.private
        return (known.is_global and not known.is_multicast) or (self.private and known.is_private)

    def _is_near(self, host: str) -> bool:
        """Whether nothing is sent over a wire that others hear, or the operator allowed that it is."""
        return self.private or (
            self.loopback and (host == "localhost" or (_is_address(host) and ip_address(host).is_loopback))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a shop answered."""

    document: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopClient:
    """Asks shops. `seconds` is how long a request may take."""

    reach: Reach
    clock: Clock
    seconds: float = 15

    async def ask(
        self,
        method: str,
        url: URL,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """The JSON object that is answered. A `form` holds credentials. No redirect is followed: they lead anywhere.

        Raises:
            ShopTroubleError: if there is none.
        """
        if not self.reach.allows_url(url):
            raise ShopTroubleError(Trouble.ADDRESS_REFUSED)
        connector = aiohttp.TCPConnector(resolver=_GuardedResolver(self.reach), force_close=True)
        timeout = aiohttp.ClientTimeout(total=self.seconds)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()
                ) as http,
                http.request(method, url, headers=headers, data=form, allow_redirects=False) as response,
            ):
                self._require_well(response, credentials=form is not None)
                return Answer(document=await _document(response), headers=response.headers)
        except _AddressRefusedError:
            raise ShopTroubleError(Trouble.ADDRESS_REFUSED) from None
        except TimeoutError:
            raise ShopTroubleError(Trouble.TOO_SLOW) from None
        except (aiohttp.ClientError, OSError):
            raise ShopTroubleError(Trouble.UNREACHABLE) from None

    def _require_well(self, response: aiohttp.ClientResponse, *, credentials: bool) -> None:
        if credentials and response.status == HTTPStatus.BAD_REQUEST:
            # OAuth 2.0 (RFC 6749, 5.2) refuses them so.
            raise ShopTroubleError(Trouble.CREDENTIALS_REFUSED)
        if response.status != HTTPStatus.OK:
            wait = _wait(response.headers.get("Retry-After", ""), self.clock())
            raise ShopTroubleError(_TROUBLES.get(response.status, Trouble.FAILING), wait=wait)


class _AddressRefusedError(Exception):
    """A name leads to an address that may not be asked."""


class _GuardedResolver(AbstractResolver):
    """Looks names up, and refuses what they lead to just before it is connected to: a name may change its mind."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not all(self._reach.allows_address(each["host"]) for each in found):
            raise _AddressRefusedError
        return found

    async def close(self) -> None:
        await self._resolver.close()


def read(model: type[Model], answer: Answer) -> Model:
    """An answer as it should be.

    Raises:
        ShopTroubleError: if it is not.
    """
    try:
        return model.model_validate(answer.document)
    except ValidationError:
        raise ShopTroubleError(Trouble.UNREADABLE) from None


async def _document(response: aiohttp.ClientResponse) -> Mapping[str, Any]:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _LARGEST_ANSWER:
            raise ShopTroubleError(Trouble.UNREADABLE)
    try:
        return _OBJECT.validate_json(bytes(body))
    except ValidationError:
        raise ShopTroubleError(Trouble.UNREADABLE) from None


def _wait(told: str, now: datetime) -> timedelta | None:
    """How long `Retry-After` asks for, in seconds or until a date; within reason."""
    try:
        wait = timedelta(seconds=int(told)) if told.isdecimal() else parsedate_to_datetime(told).astimezone(UTC) - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), _LONGEST_WAIT)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
