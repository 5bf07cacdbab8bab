"""The organizer's page of a ticket shop: how it goes, whom its tickets register, and what became of them."""

from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from aiohttp import web

from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.registration.application.ticket_shops import Foreseen
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.shop_errors import ShopTroubleError
from services.registration.domain.ticket_shops import POLL_EVERY, WELL, Fate, TicketShop, Trouble
from services.registration.web.answers import see
from services.registration.web.shop_connection_pages import ONE, own_event, own_shop, path_of
from services.registration.web.shop_forms import TermsForm, form_of, terms_of
from services.registration.web.shop_words import FATES, PLATFORMS, TROUBLES
from services.registration.web.use_cases import use_cases

_SHOWN: Final = 10
"""Tickets that are shown before any is imported, beside those to look at."""
_CHOOSE: Final = mark("Say how the holders of this ticket take part.")
_NOT_OPEN: Final = mark("Publish the event first: until then nobody can be registered.")


async def show_shop(request: web.Request) -> web.StreamResponse:
    """How it goes, and the terms as they are."""
    event, shop = await own_event(request), await own_shop(request)
    return await _page(request, event, shop, form_of(shop))


async def change_shop(request: web.Request) -> web.StreamResponse:
    """Look what the terms would do, or have them hold: `then` is `look`, `start` or `pause`."""
    event, shop, cases = await own_event(request), await own_shop(request), use_cases(request).shops
    form: Form[Any] = await read_form(request, TermsForm)
    if form.model is None:
        return await _page(request, event, shop, form)
    terms, then = terms_of(form, form.model, shop), form.value("then")
    if then == "look":
        try:
            return await _page(request, event, shop, form, foreseen=await cases.foresee(shop, terms))
        except ShopTroubleError as error:
            return await _page(request, event, shop, form, trouble=error.trouble)
    if then == "start":
        form = _held_to_start(
            request, form, event, shop, unknown={kind.kind_id for kind in shop.kinds} - {*terms.modes}
        )
        if form.errors:
            return await _page(request, event, shop, form)
    await cases.agree(shop, terms, active=then == "start")
    if then == "start":
        await cases.import_now(await own_shop(request))
    return see(path_of(shop))


async def import_now(request: web.Request) -> web.StreamResponse:
    """Look at all of its orders, now, and at what it sells by now."""
    shop, cases = await own_shop(request), use_cases(request).shops
    # What is wrong is kept by the import itself, and shown.
    with suppress(ShopTroubleError):
        shop = await cases.look_for_kinds(shop)
    await cases.import_now(shop)
    return see(path_of(shop))


def add_shop_pages(app: web.Application) -> None:
    """Route it."""
    app.router.add_get(ONE, show_shop)
    app.router.add_post(ONE, change_shop)
    app.router.add_post(f"{ONE}/import", import_now)


def _held_to_start(
    request: web.Request, form: Form[Any], event: Event, shop: TicketShop, *, unknown: set[str]
) -> Form[Any]:
    texts = texts_of(request)
    for kind in shop.kinds:
        if kind.kind_id in unknown:
            form = form.with_error(f"kind.{kind.kind_id}", texts.gettext(_CHOOSE))
    return form if event.status is EventStatus.PUBLISHED else form.with_error("then", texts.gettext(_NOT_OPEN))


async def _page(
    request: web.Request,
    event: Event,
    shop: TicketShop,
    form: Form[Any],
    *,
    foreseen: Foreseen | None = None,
    trouble: Trouble | None = None,
) -> web.Response:
    cases = use_cases(request)
    token = cases.shops.token(shop)
    settings = cases.settings
    kinds = {kind.kind_id: kind.label for kind in shop.kinds}
    tickets = [] if foreseen is None else foreseen.tickets
    shown = [each for each in tickets if each[1] not in WELL][:_SHOWN] + [each for each in tickets if each[1] in WELL]
    return render(
        request,
        "shop.html",
        status=422 if form.errors else 200,
        event=event,
        shop=shop if trouble is None else replace(shop, standing=replace(shop.standing, trouble=trouble)),
        name=PLATFORMS[shop.platform],
        form=form,
        kinds=kinds,
        labels={f"kind.{kind_id}": label for kind_id, label in kinds.items()},
        report=await cases.shops.report(shop),
        foreseen=foreseen,
        shown=shown[: 2 * _SHOWN],
        fates=FATES,
        well=[fate for fate in Fate if fate in WELL],
        troubles=TROUBLES,
        poll_minutes=POLL_EVERY.total_seconds() / 60,
        notices_at=token and f"{settings.public_url}/webhooks/ticket-shops/{token}",
    )
