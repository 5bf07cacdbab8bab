"""Where there are passkeys: at a name. Browsers have none for an address such as 127.0.0.1, but do at `localhost`."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from services.registration.web.use_cases import use_cases


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyPlace:
    """Whether there are passkeys at the address that a page was asked for, or at which other origin; else nowhere."""

    here: bool = False
    elsewhere: str | None = None


def passkey_place(request: web.Request) -> PasskeyPlace:
    """Where whoever asks can use a passkey."""
    cases = use_cases(request)
    authenticators = cases.access.passkeys.authenticators
    if authenticators is None:
        return PasskeyPlace()
    if authenticators.origin == cases.settings.public_url:
        return PasskeyPlace(here=True)
    # This machine by itself: whoever came by its address finds the same site at its name, and nobody else does.
    if request.host == urlsplit(authenticators.origin).netloc:
        return PasskeyPlace(here=True)
    came_by_address = request.host == urlsplit(cases.settings.public_url).netloc
    return PasskeyPlace(elsewhere=authenticators.origin if came_by_address else None)
