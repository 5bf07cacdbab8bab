"""The ceremonies of passkeys, as the script of the pages asks for them: signing in, and adding one to an account."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, Field

from services.chassis.access import local_path, require_same_origin
from services.chassis.http import read_json
from services.chassis.problems import Problem
from services.registration.application.passkeys import Ceremony
from services.registration.domain.errors import SignInRefusedError
from services.registration.web.account_pages import own_account_id
from services.registration.web.bodies import Label
from services.registration.web.devices import device_of
from services.registration.web.signing_in import ceremony_of, keep_ceremony, keep_session
from services.registration.web.use_cases import use_cases

Handler = Callable[[web.Request], Awaitable[web.Response]]


class Answer(BaseModel):
    """What the authenticator answered, as `PublicKeyCredential.toJSON()` gives it."""

    credential: dict[str, Any]
    label: Label | None = None
    next: Annotated[str, Field(max_length=2000)] = "/"


def _from_our_pages(handler: Handler) -> Handler:
    """The handler behind what every one of them needs: a page of ours, and a word for each refusal."""

    async def guarded(request: web.Request) -> web.Response:
        require_same_origin(request, public_url=use_cases(request).settings.public_url)
        try:
            return await handler(request)
        except SignInRefusedError as error:
            raise Problem(403, detail="The passkey was refused.", extensions={"reason": error.reason}) from None

    return guarded


async def ask_to_sign_in(request: web.Request) -> web.Response:
    """What the browser asks its authenticators."""
    return _asked(request, await use_cases(request).access.passkeys.begin_sign_in())


async def sign_in(request: web.Request) -> web.Response:
    """Let the owner of the key in; the answer says where to go on."""
    body = await read_json(request, Answer)
    opened = await use_cases(request).access.passkeys.sign_in(
        secret=ceremony_of(request), answer=_text(body), device=device_of(request)
    )
    response = web.json_response({"to": local_path(body.next)})
    await keep_session(request, response, opened)
    return response


async def ask_to_add(request: web.Request) -> web.Response:
    """What the browser asks its authenticators to make."""
    return _asked(request, await use_cases(request).access.passkeys.begin_adding(own_account_id(request)))


async def add(request: web.Request) -> web.Response:
    """Keep the new key."""
    account_id = own_account_id(request)
    body = await read_json(request, Answer)
    await use_cases(request).access.passkeys.add(
        account_id, secret=ceremony_of(request), answer=_text(body), label=body.label or device_of(request) or "–"
    )
    return web.json_response({"to": "/account"})


def add_passkey_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_post("/sign-in/passkey/options", _from_our_pages(ask_to_sign_in))
    app.router.add_post("/sign-in/passkey", _from_our_pages(sign_in))
    app.router.add_post("/account/passkeys/options", _from_our_pages(ask_to_add))
    app.router.add_post("/account/passkeys", _from_our_pages(add))


def _asked(request: web.Request, ceremony: Ceremony) -> web.Response:
    response = web.Response(text=ceremony.options, content_type="application/json")
    keep_ceremony(request, response, ceremony.secret)
    return response


def _text(body: Answer) -> str:
    return json.dumps(body.credential)
