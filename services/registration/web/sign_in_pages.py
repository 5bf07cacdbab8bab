"""Signing in: by passkey, by e-mailed link, with an identity provider, with a token or a one-time code; and out."""

from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from services.chassis.access import local_path, require_same_origin
from services.chassis.pages import render, texts_of
from services.chassis.pages.forms import Form, read_form
from services.chassis.pages.languages import mark
from services.chassis.problems import Problem
from services.registration.adapters.openid import CALLBACK_PATH
from services.registration.application.federated_sign_in import Return
from services.registration.domain.errors import SignInRefusedError, TooManySignInsError
from services.registration.web.answers import see
from services.registration.web.bodies import Email
from services.registration.web.devices import device_of
from services.registration.web.passkey_place import passkey_place
from services.registration.web.rate_limits import client_address
from services.registration.web.signing_in import ceremony_of, keep_ceremony, signed_in, signed_out
from services.registration.web.use_cases import use_cases

_LINK: Final = "/sign-in/link/{token}"
_LONGEST: Final = 2000
_LINK_OVER: Final = mark("This link was used already, or is too old. Ask for a new one below.")
_REFUSED: Final = {
    "stale": mark("This took too long, or began in another browser. Try again."),
    "no_account": mark("Nobody here has the address that your provider vouches for. Ask an organizer to invite you."),
    "denied": mark("You did not sign in there."),
    "provider_unreachable": mark("The provider does not answer just now. Try again later, or sign in another way."),
    "provider_not_trusted": mark("What the provider said could not be verified. Try again, or sign in another way."),
}


class TokenForm(BaseModel):
    """An access token, or a one-time code, pasted."""

    token: Annotated[str, Field(max_length=200)]


class EmailForm(BaseModel):
    """Where to send a link."""

    email: Email


async def show_sign_in(request: web.Request) -> web.StreamResponse:
    """The ways in; or straight in, with the one-time code that `passerelle up` prints."""
    code = request.query.get("code")
    if code is None:
        return _page(request)
    opened = await use_cases(request).access.sessions.open_with_code(code, device=device_of(request))
    if opened is None:
        sentence = texts_of(request).gettext("This link was used already, or is older than an hour.")
        return _page(request, token=Form[TokenForm].empty().with_error("token", sentence), status=403)
    return await signed_in(request, opened, local_path(request.query.get("next")))


async def sign_in(request: web.Request) -> web.StreamResponse:
    """With an access token, or a one-time code."""
    cases = use_cases(request)
    require_same_origin(request, public_url=cases.settings.public_url)
    form = await read_form(request, TokenForm)
    if form.model is None:
        return _page(request, token=form, status=422)
    sessions, typed, device = cases.access.sessions, form.model.token, device_of(request)
    opened = await sessions.open_with_token(typed, device=device) or await sessions.open_with_code(typed, device=device)
    if opened is None:
        sentence = texts_of(request).gettext("This token is not valid. Check that it was copied whole.")
        return _page(request, token=Form[TokenForm].empty().with_error("token", sentence), status=403)
    return await signed_in(request, opened, local_path(request.query.get("next")))


async def send_link(request: web.Request) -> web.StreamResponse:
    """Send a link to an account's address. The answer is the same for every address."""
    cases = use_cases(request)
    require_same_origin(request, public_url=cases.settings.public_url)
    form = await read_form(request, EmailForm)
    if form.model is None:
        return _page(request, email=form, status=422)
    try:
        await cases.access.emailed.ask(form.model.email, client=str(client_address(request)))
    except TooManySignInsError as error:
        seconds = str(int(error.wait.total_seconds()))
        raise Problem(
            429, detail="Too many links were asked for from here.", headers={"Retry-After": seconds}
        ) from None
    return see("/sign-in/sent")


async def show_sent(request: web.Request) -> web.StreamResponse:
    """What to do while the letter is on its way."""
    return render(request, "sign_in_sent.html", mail_leaves=use_cases(request).settings.smtp_server is not None)


async def show_link(request: web.Request) -> web.StreamResponse:
    """A button: opening the link does not use it up, since programs that look at letters open links too."""
    owner = await use_cases(request).access.emailed.owner_of(request.match_info["token"])
    if owner is None:
        return _page(request, notice=texts_of(request).gettext(_LINK_OVER), status=410)
    return render(request, "sign_in_link.html")


async def use_link(request: web.Request) -> web.StreamResponse:
    """Sign in with the link, once."""
    cases = use_cases(request)
    require_same_origin(request, public_url=cases.settings.public_url)
    opened = await cases.access.emailed.redeem(request.match_info["token"], device=device_of(request))
    if opened is None:
        return _page(request, notice=texts_of(request).gettext(_LINK_OVER), status=410)
    return await signed_in(request, opened, "/")


async def go_to_provider(request: web.Request) -> web.StreamResponse:
    """Send the browser to the identity provider."""
    federated = use_cases(request).access.federated
    if federated is None:
        raise web.HTTPNotFound
    try:
        departure = await federated.begin(following=local_path(request.query.get("next")))
    except SignInRefusedError as error:
        return _refused(request, error)
    response = see(departure.url)
    keep_ceremony(request, response, departure.secret)
    return response


async def come_from_provider(request: web.Request) -> web.StreamResponse:
    """The browser is back: let it in if the provider's word holds, and names somebody who has an account."""
    federated, query = use_cases(request).access.federated, request.query
    if federated is None:
        raise web.HTTPNotFound
    if "error" in query:
        return _refused(request, SignInRefusedError("denied"))
    back = Return(state=query.get("state", ""), code=query.get("code", "")[:_LONGEST], issuer=query.get("iss"))
    try:
        opened, following = await federated.finish(ceremony_of(request), back, device=device_of(request))
    except SignInRefusedError as error:
        return _refused(request, error)
    return await signed_in(request, opened, local_path(following))


async def sign_out(request: web.Request) -> web.StreamResponse:
    """End the session of this browser."""
    return await signed_out(request)


def add_sign_in_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/sign-in", show_sign_in, allow_head=False)  # a code is good once, and a preview is no visit
    app.router.add_post("/sign-in", sign_in)
    app.router.add_post("/sign-in/email", send_link)
    app.router.add_get("/sign-in/email", show_sign_in)
    app.router.add_get("/sign-in/sent", show_sent)
    app.router.add_get(_LINK, show_link)
    app.router.add_post(_LINK, use_link)
    app.router.add_get("/sign-in/oidc", go_to_provider, allow_head=False)
    app.router.add_get(CALLBACK_PATH, come_from_provider, allow_head=False)
    app.router.add_post("/sign-out", sign_out)


def _page(
    request: web.Request,
    *,
    token: Form[TokenForm] | None = None,
    email: Form[EmailForm] | None = None,
    notice: str | None = None,
    status: int = 200,
) -> web.Response:
    access = use_cases(request).access
    return render(
        request,
        "sign_in.html",
        status=status,
        form=token or Form[TokenForm].empty(),
        email_form=email or Form[EmailForm].empty(),
        notice=notice,
        next=local_path(request.query.get("next")),
        passkeys_at=passkey_place(request),
        mail_leaves=use_cases(request).settings.smtp_server is not None,
        provider=None if access.federated is None else access.federated.provider.name,
    )


def _refused(request: web.Request, error: SignInRefusedError) -> web.Response:
    return _page(request, notice=texts_of(request).gettext(_REFUSED[error.reason]), status=403)
