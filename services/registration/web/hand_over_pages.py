"""From 127.0.0.1 to `localhost`: the same site by its name, where browsers have passkeys, without signing in anew."""

from typing import Final

from aiohttp import web

from services.chassis.access import require_same_origin
from services.chassis.pages import render
from services.registration.web.account_pages import own_account_id
from services.registration.web.answers import see
from services.registration.web.devices import device_of
from services.registration.web.passkey_place import passkey_place
from services.registration.web.signing_in import signed_in
from services.registration.web.use_cases import use_cases

_HERE: Final = "/sign-in/here/{secret}"


async def leave(request: web.Request) -> web.StreamResponse:
    """Lead to the other name, with a secret that signs in there once."""
    account_id, place = own_account_id(request), passkey_place(request)
    if place.elsewhere is None:
        return see("/account#passkeys")
    secret = await use_cases(request).access.hand_over.begin(account_id)
    return see(f"{place.elsewhere}/sign-in/here/{secret}")


async def show_arrival(request: web.Request) -> web.StreamResponse:
    """A button: no page of somebody else's signs this browser in by leading it here."""
    return render(request, "sign_in_link.html")


async def arrive(request: web.Request) -> web.StreamResponse:
    """Sign in, and go on with the account."""
    cases = use_cases(request)
    require_same_origin(request, public_url=cases.settings.public_url)
    opened = await cases.access.hand_over.finish(request.match_info["secret"], device=device_of(request))
    if opened is None:
        return see("/sign-in?next=/account")
    return await signed_in(request, opened, "/account#passkeys")


def add_hand_over_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/account/localhost", leave, allow_head=False)
    app.router.add_get(_HERE, show_arrival)
    app.router.add_post(_HERE, arrive)
