"""The rooms of a source that were used and that no event has (any more); registration gives them to one."""

from typing import Final

from aiohttp import web

from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import render
from services.chassis.paging import PageQuery, decode_cursor, page_of
from services.streaming_bridge.web.source_cases import ONE, SourceCases, name_in

_A_PAGE: Final = 20


def add_unclaimed_pages(app: web.Application, cases: SourceCases) -> None:
    """Route them; a source that was removed has such a page too."""

    async def show(request: web.Request) -> web.StreamResponse:
        require(request)
        name, query = name_in(request), read_query(request, PageQuery)
        (after,) = ("",) if query.after is None else decode_cursor(query.after, str)
        # The list of all rooms, from this source on: no key of a room is empty.
        found = await cases.claims.unclaimed(after=(name, str(after)), limit=_A_PAGE + 1)
        of_source = [room for room in found if room.source == name]
        rooms, following = page_of(of_source, limit=_A_PAGE, key=lambda room: (room.room_key,))
        former = await cases.former.of_rooms([(name, room.room_key) for room in rooms if room.told])
        return render(
            request,
            "rooms.html",
            name=name,
            rooms=rooms,
            former=former,
            following=following,
            first=query.after is None,
        )

    app.router.add_get(f"{ONE}/rooms", show)
