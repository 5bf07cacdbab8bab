"""The organizer's pages that connect a ticket shop, and change where it is and how it knows us."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, parse_form, read_form
from services.chassis.pages.languages import mark
from services.chassis.problems import not_found
from services.registration.domain.event import Event
from services.registration.domain.shop_errors import ShopConnectedError, ShopTroubleError
from services.registration.domain.ticket_shops import Platform, TicketShop
from services.registration.web.answers import see
from services.registration.web.shop_forms import FORMS, ConnectionForm, place_of
from services.registration.web.shop_words import PLATFORMS, TROUBLES
from services.registration.web.use_cases import use_cases

ALL: Final = "/events/{event_id}/ticket-shops"
ONE: Final = f"{ALL}/{{shop_id}}"
_CONNECTED: Final = mark("This shop is connected to the event already.")

ShopForm = Form[ConnectionForm]


async def show_shops(request: web.Request) -> web.StreamResponse:
    """The shops of an event, and the way to one more."""
    event = await own_event(request)
    shops = await use_cases(request).shops.of_event(event.event_id)
    return render(request, "shops.html", event=event, shops=shops, platforms=PLATFORMS, troubles=TROUBLES)


async def new_shop(request: web.Request) -> web.StreamResponse:
    """An empty form."""
    blank = ShopForm.empty(url="https://pretix.eu", form_type="Event")
    return _page(request, await own_event(request), _platform(request), blank)


async def connect_shop(request: web.Request) -> web.StreamResponse:
    """Ask the shop, and connect it if it answers; else say at the field what is wrong."""
    event, platform = await own_event(request), _platform(request)
    form: ShopForm = await read_form(request, FORMS[platform])
    if form.model is None:
        return _page(request, event, platform, form)
    settings, secrets = form.model.settings(), form.model.secrets()
    try:
        shop = await use_cases(request).shops.connect(event.event_id, platform, settings, secrets)
    except (ShopTroubleError, ShopConnectedError) as error:
        return _page(request, event, platform, _refused(request, form, platform, error))
    return see(path_of(shop))


async def edit_shop(request: web.Request) -> web.StreamResponse:
    """The form as it was filled in; secrets are not shown."""
    event, shop = await own_event(request), await own_shop(request)
    return _page(request, event, shop.platform, ShopForm.empty(**shop.settings), shop=shop)


async def reconnect_shop(request: web.Request) -> web.StreamResponse:
    """The same with what was typed: secrets that were left empty stay as they are."""
    event, shop, cases = await own_event(request), await own_shop(request), use_cases(request).shops
    typed: ShopForm = await read_form(request, FORMS[shop.platform])
    known: Mapping[str, str] = cases.known_secrets(shop)
    kept = {name: [secret] for name, secret in known.items() if not typed.value(name).strip()}
    whole: ShopForm = parse_form({**typed.values, **kept}, FORMS[shop.platform], texts_of(request))
    if whole.model is None:
        return _page(request, event, shop.platform, Form(values=typed.values, errors=whole.errors), shop=shop)
    try:
        await cases.reconnect(shop, whole.model.settings(), whole.model.secrets())
    except (ShopTroubleError, ShopConnectedError) as error:
        return _page(request, event, shop.platform, _refused(request, typed, shop.platform, error), shop=shop)
    return see(path_of(shop))


async def disconnect_shop(request: web.Request) -> web.StreamResponse:
    """Forget a shop."""
    shop = await own_shop(request)
    await use_cases(request).shops.disconnect(shop)
    return see(ALL.format(event_id=shop.event_id))


def add_shop_connection_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(ALL, show_shops)
    app.router.add_get(f"{ALL}/new/{{platform}}", new_shop)
    app.router.add_post(f"{ALL}/new/{{platform}}", connect_shop)
    app.router.add_get(f"{ONE}/connection", edit_shop)
    app.router.add_post(f"{ONE}/connection", reconnect_shop)
    app.router.add_post(f"{ONE}/disconnect", disconnect_shop)


async def own_event(request: web.Request) -> Event:
    """The event of the path, for its organizers."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def own_shop(request: web.Request) -> TicketShop:
    """The shop of the path, for the organizers of its event."""
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).shops.find(event_id, request.match_info["shop_id"])


def path_of(shop: TicketShop) -> str:
    """Where a shop's page is."""
    return ONE.format(event_id=shop.event_id, shop_id=shop.shop_id)


def _platform(request: web.Request) -> Platform:
    try:
        return Platform(request.match_info["platform"])
    except ValueError:
        raise not_found("No ticket shops of this kind can be connected.") from None


def _refused(
    request: web.Request, form: ShopForm, platform: Platform, error: ShopTroubleError | ShopConnectedError
) -> ShopForm:
    texts = texts_of(request)
    if isinstance(error, ShopConnectedError):
        return form.with_error("event" if platform is Platform.PRETIX else "form", texts.gettext(_CONNECTED))
    return form.with_error(place_of(error.trouble, platform), texts.gettext(TROUBLES[error.trouble]))


def _page(
    request: web.Request, event: Event, platform: Platform, form: ShopForm, *, shop: TicketShop | None = None
) -> web.Response:
    status = 422 if form.errors else 200
    return render(
        request,
        "shop_connection.html",
        status=status,
        event=event,
        platform=platform.value,
        name=PLATFORMS[platform],
        form=form,
        shop=shop,
    )
