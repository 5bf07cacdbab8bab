"""How many registrations strangers may make: so many from one network address, so many in all.

Counted in this process's memory: several processes allow as many times more, and a restart forgets.
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from math import ceil
from typing import TypeAlias

from aiohttp import web

from services.chassis.access import grant_of
from services.chassis.allowances import Allowance
from services.chassis.problems import Problem

Address: TypeAlias = IPv4Address | IPv6Address


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
        wait = self._per_address.wait_for(network_of(address), number)
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


def network_of(address: Address) -> str:
    """Whom limits are counted for: one customer has a whole /64 of IPv6 addresses."""
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))  # noqa: PLR2004
