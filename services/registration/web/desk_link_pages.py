"""What a volunteer opens: the link or QR code of a desk, good on one day."""

from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from services.chassis.access import require_same_origin
from services.chassis.pages import render
from services.registration.web.devices import device_of
from services.registration.web.signing_in import signed_in
from services.registration.web.use_cases import use_cases

_HERE: Final = "/desk-link/{token}"
_GONE: Final = 410


async def show_link(request: web.Request) -> web.StreamResponse:
    """Which desk it opens, and when; with a button on the day."""
    cases = use_cases(request)
    known = await cases.access.desk_links.read(request.match_info["token"])
    if known is None:
        return render(request, "desk_link.html", status=_GONE, link=None, state="unknown", event=None)
    link, state = known
    event = await cases.events.find(link.event_id)
    status = 200 if state.value in {"open", "to_come"} else _GONE
    return render(request, "desk_link.html", status=status, link=link, state=state.value, event=event)


async def open_desk(request: web.Request) -> web.StreamResponse:
    """Open the desk in this browser, until the end of the day."""
    cases = use_cases(request)
    require_same_origin(request, public_url=cases.settings.public_url)
    opened = await cases.access.desk_links.open(request.match_info["token"], device=device_of(request))
    if opened is None:
        return await show_link(request)
    link, session = opened
    gate = "?" + urlencode({"gate": link.gate}) if link.gate else ""
    return await signed_in(request, session, f"/events/{link.event_id}/desk{gate}")


def add_desk_link_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, show_link)
    app.router.add_post(_HERE, open_desk)
