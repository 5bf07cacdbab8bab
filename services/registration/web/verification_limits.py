"""How often strangers may ask about documents: codes cannot be guessed, and nor shall names be."""

from math import ceil

from aiohttp import web

from services.chassis.access import grant_of
from services.chassis.allowances import Allowance
from services.chassis.problems import Problem
from services.registration.web.rate_limits import client_address, is_on_this_machine, network_of


class VerificationLimits:
    """The limits of one service, in an hour each."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._looks = Allowance(most=240, seconds=3600)
        self._names = Allowance(most=30, seconds=3600)
        self._names_of_one = Allowance(most=20, seconds=3600)

    def require(self, request: web.Request) -> None:
        """Refuse whoever looks too often.

        Raises:
            Problem: 429, with Retry-After.
        """
        self._require(request, self._looks)

    def require_name(self, request: web.Request, code: str) -> None:
        """Refuse whoever tries too many names, or one more for a document that many were tried for. Raises as above."""
        self._require(request, self._names)
        self._require(request, self._names_of_one, key=code)

    def _require(self, request: web.Request, allowance: Allowance, *, key: str | None = None) -> None:
        address = client_address(request)
        if grant_of(request) is not None or address is None or is_on_this_machine(request):
            return
        wait = ceil(allowance.wait_for(key or network_of(address)))
        if wait:
            detail = "Too many questions at once. Try again later."
            raise Problem(429, detail=detail, headers={"Retry-After": str(wait)})
