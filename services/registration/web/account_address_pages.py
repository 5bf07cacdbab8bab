"""Another e-mail address for one's account: asked for, confirmed at the new one, taken back from the old one."""

from typing import Final

from aiohttp import web

from services.chassis.access import require_same_origin
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import read_form
from services.registration.application.address_change import UNDO
from services.registration.domain.errors import AddressTakenError, TooManySignInsError
from services.registration.web.account_pages import AddressForm, account_page, own_account_id
from services.registration.web.answers import see
from services.registration.web.use_cases import use_cases

_HERE: Final = "/account/address"
_LINK: Final = "/account/address/{token}"
_DONE: Final = "/account/address-{what:changed|restored}"


async def ask(request: web.Request) -> web.StreamResponse:
    """Write to the new address."""
    account_id, access = own_account_id(request), use_cases(request).access
    form = await read_form(request, AddressForm)
    gettext = texts_of(request).gettext
    if form.model is not None:
        account = await access.accounts.find(account_id)
        if form.model.email == account.email:
            form = form.with_error("email", gettext("This is the address of your account already."))
    if form.model is None:
        return await account_page(request, account_id, address_form=form)
    try:
        await access.addresses.ask(account_id, form.model.email)
    except TooManySignInsError:
        sentence = gettext("Too many letters were asked for. Try again in a quarter of an hour.")
        return await account_page(request, account_id, address_form=form.with_error("email", sentence))
    return see("/account#address")


async def show_link(request: web.Request) -> web.StreamResponse:
    """A button: opening the link does not use it up, since programs that look at letters open links too."""
    step = await use_cases(request).access.addresses.look(request.match_info["token"])
    return render(request, "account_address.html", status=200 if step else 410, step=step, taken=False)


async def use_link(request: web.Request) -> web.StreamResponse:
    """Do what the link is for. It needs no session: who reads the mail of the address is whom it is for."""
    cases, token = use_cases(request), request.match_info["token"]
    require_same_origin(request, public_url=cases.settings.public_url)
    try:
        step = await cases.access.addresses.use(token)
    except AddressTakenError:
        step = await cases.access.addresses.look(token)
        return render(request, "account_address.html", status=409, step=step, taken=True)
    if step is None:
        return render(request, "account_address.html", status=410, step=None, taken=False)
    return see(_DONE.partition("{")[0] + ("restored" if step.kind == UNDO else "changed"))


async def show_done(request: web.Request) -> web.StreamResponse:
    """That it is done, and what comes next."""
    return render(request, "account_address_done.html", undone=request.match_info["what"] == "restored")


async def back(request: web.Request) -> web.StreamResponse:  # noqa: ARG001  (whatever it brings, the page is the same)
    """The address of the form, opened by a link (that of the other language, say)."""
    return see("/account")


def add_account_address_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, back)
    app.router.add_post(_HERE, ask)
    app.router.add_get(_DONE, show_done)
    app.router.add_get(_LINK, show_link)
    app.router.add_post(_LINK, use_link)
