"""The deliveries of a source that could not be read: listed, and tried again by a button or by a command."""

from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from services.chassis.access import require, require_internal
from services.chassis.dead_letter_requests import ADDRESS
from services.chassis.http import read_query
from services.chassis.pages import render
from services.chassis.paging import PageQuery, decode_cursor, page_of
from services.chassis.problems import Problem
from services.streaming_bridge.adapters.unreadable import Place, Unreadable
from services.streaming_bridge.application.second_reading import SecondReading, Tried, place_of
from services.streaming_bridge.domain.errors import UnreadableDeliveryError
from services.streaming_bridge.settings import BridgeSettings
from services.streaming_bridge.web.source_cases import ONE, SourceCases, name_in

ALL: Final = f"{ONE}/unreadable"
_A_PAGE: Final = 20
_A_SECOND: Final = 1000
"""In milliseconds."""


def add_unreadable_pages(app: web.Application, cases: SourceCases) -> None:
    """Route them. A source that was removed has such a page too: what came of it is still kept."""
    reading = cases.reading

    async def show(request: web.Request) -> web.StreamResponse:
        require(request)
        return await page(request)

    async def try_all(request: web.Request) -> web.StreamResponse:
        source = await cases.source(request)
        return await page(request, tried=await reading.of_source(source.name))

    async def try_one(request: web.Request) -> web.StreamResponse:
        await cases.source(request)
        return await page(request, tried=await reading.of_letter(request.match_info["letter"]))

    async def back(request: web.Request) -> web.StreamResponse:
        """The address of an act, opened by a link (that of the other language, say): the page it belongs to."""
        raise web.HTTPSeeOther(ALL.format(source=name_in(request)))

    async def page(request: web.Request, *, tried: Tried | None = None) -> web.Response:
        name, after = name_in(request), _place(read_query(request, PageQuery))
        found = await reading.kept.of_source(name, after=after, limit=_A_PAGE + 1)
        letters, following = page_of(found, limit=_A_PAGE, key=_key)
        return render(
            request,
            "unreadable.html",
            name=name,
            is_there=name in {source.name for source in await cases.book.all()},
            letters=letters,
            following=following,
            first=after is None,
            number=(await reading.kept.counts()).get(name, 0),
            tried=tried,
            ago=cases.ago,
        )

    app.router.add_get(ALL, show)
    app.router.add_post(ALL, try_all)
    one = f"{ALL}/{{letter:[A-Za-z0-9-]+}}"
    app.router.add_get(one, back)
    app.router.add_post(one, try_one)


def add_redriving(app: web.Application, reading: SecondReading, settings: BridgeSettings) -> None:
    """Take back the dead letters of this service, for `passerelle dead-letters redrive` alone."""

    async def redrive(request: web.Request) -> web.StreamResponse:
        require_internal(request, settings)
        letter, source, path = (request.query.get(name, "") for name in ("letter", "key", "path"))
        body = await request.read()
        try:
            outcome = await reading.of_body(letter, source=source, path=path, body=body)
        except UnreadableDeliveryError as error:
            raise Problem(422, detail=error.explanation) from None
        return web.json_response({"status": outcome})

    app.router.add_post(ADDRESS, redrive)


def _place(query: PageQuery) -> Place | None:
    """Where a page of the list begins; the first page for an instant that is none."""
    if query.after is None:
        return None
    at, letter_id = decode_cursor(query.after, int, str)
    try:
        return datetime.fromtimestamp(int(at) / _A_SECOND, tz=UTC), str(letter_id)
    except (OverflowError, ValueError, OSError):
        return None


def _key(letter: Unreadable) -> tuple[int, str]:
    at, letter_id = place_of(letter)
    return round(at.timestamp() * _A_SECOND), letter_id
