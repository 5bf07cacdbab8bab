"""How many registrations strangers may make: so many from one network address, so many in all.

Counted in this process's memory: several processes allow as many times more, and a restart forgets.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from math import ceil
from typing import Final, TypeAlias

from aiohttp import web

from services.chassis.access import grant_of
from services.chassis.problems import Problem

Address: TypeAlias = IPv4Address | IPv6Address
_MOST_ADDRESSES: Final = 10_000


@dataclass(slots=True)
class Allowance:
    """So many at once, refilled evenly over `seconds`, for each key."""

    most: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _spent: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_for(self, key: str, number: int = 1) -> float:
        """Take so many, or none: gives 0, or after how many seconds there are enough."""
        now, rate = self.clock(), self.most / self.seconds
        spent, at = self._spent.pop(key, (0.0, now))
        left = max(0.0, spent - (now - at) * rate)
        number = min(number, self.most)
        missing = left + number - self.most
        # Whoever was seen last stands last: the first ones have had the longest time to be refilled.
        self._spent[key] = (left if missing > 0 else left + number, now)
        if len(self._spent) > _MOST_ADDRESSES:
            del self._spent[next(iter(self._spent))]
        return max(0.0, missing / rate)


class RegistrationLimits:
    """The limits of one service."""

    def __init__(self, *, per_address: int, per_minute: int) -> None:
        """`per_address` is what one network address may make in an hour, `per_minute` what all may make together."""
        self._per_address = Allowance(most=per_address, seconds=3600)
        self._in_all = Allowance(most=per_minute, seconds=60)

    def seconds_to_wait(self, request: web.Request, number: int = 1) -> int:
        """Take so many registrations; gives 0 if they are allowed, or else the seconds to wait.

        Whoever is signed in or shows a token is no stranger, and nor is a program on this machine.
        """
        address = client_address(request)
        if grant_of(request) is not None or address is None or is_on_this_machine(request):
            return 0
        wait = self._per_address.wait_for(_network(address), number)
        return ceil(wait if wait > 0 else self._in_all.wait_for("", number))

    def require(self, request: web.Request, number: int = 1) -> None:
        """Refuse what is over the limits.

        Raises:
            Problem: 429, with Retry-After.
        """
        wait = self.seconds_to_wait(request, number)
        if wait:
            raise too_many(wait)


def too_many(wait: int) -> Problem:
    """The problem of whoever is too fast."""
    detail = "Too many registrations at once. Try again later."
    return Problem(429, detail=detail, headers={"Retry-After": str(wait)})


def is_on_this_machine(request: web.Request) -> bool:
    """Whether whoever asks does so from here, as far as the proxies in front of us tell."""
    address = client_address(request)
    return address is None or address.is_loopback


def client_address(request: web.Request) -> Address | None:
    """Who asks, as the proxies in front of us tell it; None if nobody knows.

    Each proxy adds whom it heard at the end of `X-Forwarded-For`. Seen from there, the first public address is the
    client; where all are of this network it is the first one that is not this machine.
    """
    told = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    chain = [_parsed(text) for text in [*told, request.remote or ""]]
    heard = [address for address in reversed(chain) if address is not None]
    elsewhere = [address for address in heard if not address.is_loopback]
    public = [address for address in elsewhere if address.is_global]
    return next(iter(public or elsewhere or heard), None)


def _parsed(text: str) -> Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _network(address: Address) -> str:
    """One customer has a whole /64 of IPv6 addresses."""
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))  # noqa: PLR2004
