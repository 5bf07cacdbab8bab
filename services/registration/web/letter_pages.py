"""The organizer's pages of letters: what was written to whom, what became of it, and each letter as it is sent."""

import base64
from email.message import EmailMessage
from typing import Final, cast

from aiohttp import web

from services.chassis.access import require
from services.chassis.pages import render
from services.chassis.paging import decode_cursor, page_of
from services.registration.adapters.letters.composer import TICKET_PICTURE
from services.registration.application.letters import StoredLetter
from services.registration.domain.event import Event
from services.registration.web.answers import see
from services.registration.web.use_cases import use_cases

_LETTERS_A_PAGE: Final = 20
_LETTER: Final = r"/events/{event_id}/letters/{number:\d{1,18}}"
# The letter's own styles are inline, as mail programs want them; it stands in a frame of its own, and runs nothing.
_FRAMED: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
}
_FRAMING: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
}


async def show_letters(request: web.Request) -> web.StreamResponse:
    """All letters of an event, the latest first."""
    event = await _own_event(request)
    cases = use_cases(request)
    after = request.query.get("after")
    before = None if after is None else int(decode_cursor(after, int)[0])
    letters = await cases.letters.page(event.event_id, before=before, limit=_LETTERS_A_PAGE + 1)
    kept, following = page_of(letters, limit=_LETTERS_A_PAGE, key=lambda stored: (stored.number,))
    participants = [stored.letter.participant_id for stored in kept]
    return render(
        request,
        "letters.html",
        event=event,
        letters=kept,
        names=await cases.registrations.names(event.event_id, participants),
        counts=await cases.letters.counts(event.event_id),
        following=following,
        first=after is None,
        mail_leaves=cases.settings.smtp_server is not None,
    )


async def show_letter(request: web.Request) -> web.StreamResponse:
    """One letter, with what became of it."""
    event = await _own_event(request)
    stored, message = await _letter(request)
    page = render(
        request,
        "letter_page.html",
        event=event,
        stored=stored,
        message=message,
        text=_part(message, "plain") if message else "",
        enclosed=[part.get_filename() for part in message.iter_attachments()] if message else [],
        mail_leaves=use_cases(request).settings.smtp_server is not None,
    )
    page.headers.update(_FRAMING)
    return page


async def show_message(request: web.Request) -> web.StreamResponse:
    """The HTML of a letter, for the frame that shows it."""
    await _own_event(request)
    _, message = await _letter(request)
    if message is None:
        raise web.HTTPNotFound
    html = _part(message, "html").replace("<head>", '<head><base target="_blank">', 1)
    for picture in message.walk():
        if picture.get_content_type() == "image/png":
            content = base64.b64encode(cast("bytes", picture.get_payload(decode=True))).decode()
            html = html.replace(f"cid:{TICKET_PICTURE}", f"data:image/png;base64,{content}")
    return web.Response(text=html, content_type="text/html", headers=_FRAMED)


async def download_message(request: web.Request) -> web.StreamResponse:
    """The whole letter as a mail program opens it."""
    await _own_event(request)
    stored, message = await _letter(request)
    if message is None:
        raise web.HTTPNotFound
    name = f'attachment; filename="letter-{stored.number}.eml"'
    return web.Response(body=message.as_bytes(), content_type="message/rfc822", headers={"Content-Disposition": name})


async def send_again(request: web.Request) -> web.StreamResponse:
    """Try a letter again that was not sent."""
    event = await _own_event(request)
    number = int(request.match_info["number"])
    await use_cases(request).letters.send_again(event.event_id, number)
    return see(f"/events/{event.event_id}/letters/{number}")


async def back(request: web.Request) -> web.StreamResponse:
    """The address of an act, opened by a link (that of the other language, say): the page it belongs to."""
    return see(request.path.rpartition("/")[0])


def add_letter_pages(app: web.Application) -> None:
    """Route them."""
    app.router.add_get("/events/{event_id}/letters", show_letters)
    app.router.add_get(_LETTER, show_letter)
    app.router.add_get(f"{_LETTER}/message.html", show_message)
    app.router.add_get(f"{_LETTER}/message.eml", download_message)
    app.router.add_get(f"{_LETTER}/again", back)
    app.router.add_post(f"{_LETTER}/again", send_again)


async def _own_event(request: web.Request) -> Event:
    event_id = request.match_info["event_id"]
    require(request, event_id=event_id)
    return await use_cases(request).events.find(event_id)


async def _letter(request: web.Request) -> tuple[StoredLetter, EmailMessage | None]:
    match = request.match_info
    return await use_cases(request).letters.read(match["event_id"], int(match["number"]))


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    return part.get_content() if part is not None else ""
