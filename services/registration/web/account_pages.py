"""One's own account: name and language, passkeys, sessions; and making one after the first sign-in."""

from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from services.chassis.access import Grant, clear_session_cookie, require_signed_in
from services.chassis.pages import language_of, render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.problems import Problem
from services.registration.application.accounts import Somebody
from services.registration.application.sessions import ACCOUNT
from services.registration.domain.errors import AddressTakenError
from services.registration.web.answers import see
from services.registration.web.bodies import Email, PersonName
from services.registration.web.devices import device_of
from services.registration.web.passkey_place import passkey_place
from services.registration.web.signing_in import signed_in
from services.registration.web.use_cases import use_cases

_HERE: Final = "/account"


class ProfileForm(BaseModel):
    """What people correct about themselves."""

    name: PersonName
    language: Literal["fr", "en"]


class NewAccountForm(ProfileForm):
    """Whose account the first one is."""

    email: Email


class AddressForm(BaseModel):
    """Another address for the account."""

    email: Email


class ChosenForm(BaseModel):
    """A passkey or a session."""

    chosen: Annotated[str, Field(max_length=1400)]


async def show_account(request: web.Request) -> web.StreamResponse:
    """The account; or the form that makes one; or what else somebody is signed in with."""
    grant = require_signed_in(request)
    if _has_account(grant):
        return await account_page(request, own_account_id(request))
    if not may_found(grant):
        return render(request, "account_none.html", holder=grant.holder)
    return render(request, "account_new.html", form=Form[NewAccountForm].empty(language=language_of(request)))


async def change_account(request: web.Request) -> web.StreamResponse:
    """Correct the name or the language."""
    account_id = own_account_id(request)
    form = await read_form(request, ProfileForm)
    if form.model is None:
        return await account_page(request, account_id, form)
    await use_cases(request).access.accounts.change(account_id, name=form.model.name, language=form.model.language)
    return see(_HERE)


async def make_account(request: web.Request) -> web.StreamResponse:
    """Make the account of whoever came with the link of `passerelle up`."""
    grant = require_signed_in(request)
    if not may_found(grant):
        raise Problem(403, detail="Who is signed in this way cannot make an account.")
    form = await read_form(request, NewAccountForm)
    if form.model is not None:
        somebody = Somebody(name=form.model.name, email=form.model.email, language=form.model.language)
        try:
            opened = await use_cases(request).access.accounts.found(grant, somebody, device=device_of(request))
        except AddressTakenError:
            sentence = texts_of(request).gettext("This address has an account. Sign in with it instead, by e-mail.")
            form = form.with_error("email", sentence)
        else:
            return await signed_in(request, opened, _HERE)
    return render(request, "account_new.html", status=422, form=form)


async def remove_passkey(request: web.Request) -> web.StreamResponse:
    """Forget a passkey."""
    account_id = own_account_id(request)
    await use_cases(request).access.passkeys.remove(account_id, await _chosen(request))
    return see(f"{_HERE}#passkeys")


async def end_session(request: web.Request) -> web.StreamResponse:
    """End one of one's sessions, or all others."""
    account_id = own_account_id(request)
    sessions = use_cases(request).access.sessions
    chosen = await _chosen(request)
    if chosen == "others":
        await sessions.end_others(account_id, keep=require_signed_in(request).token_id)
    else:
        await sessions.end_of(account_id, chosen)
    return see(f"{_HERE}#sessions")


async def delete_account(request: web.Request) -> web.StreamResponse:
    """Delete the account with all that is its own."""
    await use_cases(request).access.accounts.delete(own_account_id(request))
    response = see("/")
    clear_session_cookie(response, public_url=use_cases(request).settings.public_url)
    return response


async def back(request: web.Request) -> web.StreamResponse:  # noqa: ARG001  (every address of an act leads to the page)
    """The address of an act, opened by a link (that of the other language, say)."""
    return see(_HERE)


def add_account_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_HERE, show_account)
    app.router.add_post(_HERE, change_account)
    acts = {
        "new": make_account,
        "passkeys/remove": remove_passkey,
        "sessions/end": end_session,
        "delete": delete_account,
    }
    for act, handler in acts.items():
        app.router.add_get(f"{_HERE}/{act}", back)
        app.router.add_post(f"{_HERE}/{act}", handler)


def may_found(grant: Grant) -> bool:
    """Whether it is a session without an account, which can make one: that of the link of `passerelle up`."""
    return grant.holder is None and grant.token_id.startswith("sess_")


def own_account_id(request: web.Request) -> str:
    """The account that is signed in.

    Raises:
        Problem: 401 or 403 if none is.
    """
    holder = require_signed_in(request).holder
    if holder is None or not holder.startswith(f"{ACCOUNT}_"):
        raise Problem(403, detail="No account is signed in here.")
    return holder


async def _chosen(request: web.Request) -> str:
    form = await read_form(request, ChosenForm)
    if form.model is None:
        raise web.HTTPBadRequest
    return form.model.chosen


def _has_account(grant: Grant) -> bool:
    return grant.holder is not None and grant.holder.startswith(f"{ACCOUNT}_")


async def account_page(
    request: web.Request,
    account_id: str,
    form: Form[ProfileForm] | None = None,
    *,
    address_form: Form[AddressForm] | None = None,
) -> web.Response:
    """The page of one's own account; a form that is given was refused."""
    access = use_cases(request).access
    account = await access.accounts.find(account_id)
    return render(
        request,
        "account.html",
        status=200 if form is None and address_form is None else 422,
        account=account,
        form=form or Form[ProfileForm].empty(name=account.name, language=account.language),
        address_form=address_form or Form[AddressForm].empty(),
        awaited=await access.addresses.awaited(account_id),
        mail_leaves=use_cases(request).settings.smtp_server is not None,
        passkeys=await access.passkeys.of(account_id),
        passkeys_at=passkey_place(request),
        sessions=await access.sessions.of(account_id),
        this_session=require_signed_in(request).token_id,
    )
