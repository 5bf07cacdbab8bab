"""The letters of accounts, for who runs the installation: without a mail server, this is where their links are read."""

from email.message import EmailMessage
from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render
from services.chassis.paging import decode_cursor, page_of
from services.registration.web.use_cases import use_cases

_LETTERS_A_PAGE: Final = 20
_ALL: Final = "/organizers/letters"


async def show_letters(request: web.Request) -> web.StreamResponse:
    """All of them, the latest first."""
    require(request)
    after = request.query.get("after")
    before = None if after is None else int(decode_cursor(after, int)[0])
    cases = use_cases(request)
    letters = await cases.access.letters.page(before=before, limit=_LETTERS_A_PAGE + 1)
    kept, following = page_of(letters, limit=_LETTERS_A_PAGE, key=lambda item: (item[0].number,))
    return render(
        request,
        "account_letters.html",
        letters=kept,
        following=following,
        first=after is None,
        mail_leaves=cases.settings.smtp_server is not None,
    )


async def show_letter(request: web.Request) -> web.StreamResponse:
    """One letter. Where a mail server sends it, its link is its addressee's alone, and not shown."""
    require(request)
    cases = use_cases(request)
    found = await cases.access.letters.read(int(request.match_info["number"]))
    if found is None:
        raise web.HTTPNotFound
    stored, message = found
    mail_leaves = cases.settings.smtp_server is not None
    text = "" if mail_leaves else _text_of(message)
    return render(request, "account_letter.html", stored=stored, message=message, text=text, mail_leaves=mail_leaves)


def add_account_letter_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get(_ALL, show_letters)
    app.router.add_get(_ALL + r"/{number:\d{1,18}}", show_letter)


def _text_of(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain",))
    return "" if part is None else part.get_content()
