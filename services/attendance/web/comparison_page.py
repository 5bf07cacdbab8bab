"""Events and series beside each other as a page, and as a table to take along."""

from collections.abc import Sequence
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field

from services.attendance.domain.comparison import Held, Total, totals
from services.attendance.web.analysis_api import ANALYSIS
from services.attendance.web.comparison_api import Chosen, held_events, place
from services.chassis.access import grant_of
from services.chassis.http import read_query
from services.chassis.pages import render, texts_of
from services.chassis.pages.downloads import file_name, table_file
from services.chassis.pages.languages import mark
from services.chassis.paging import decode_cursor, encode_cursor
from services.chassis.spreadsheets import Cell

ROWS: Final = 20
"""Events on one page."""
_HEADINGS: Final = (
    mark("Event"),
    mark("Number"),
    mark("Series"),
    mark("Year"),
    mark("Day"),
    mark("Registered"),
    mark("Registered and came"),
    mark("Came"),
    mark("On site only"),
    mark("Remote only"),
    mark("In both modes"),
    mark("On site, seconds"),
    mark("Remote, seconds"),
    mark("Present in all, seconds"),
    mark("Not over yet"),
)


class ComparisonPageQuery(Chosen):
    """Which events, and where the page begins."""

    after: Annotated[str, Field(max_length=1000)] = ""


def add_comparison_page(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/comparison", show_comparison)
    app.router.add_get("/comparison.{kind:csv|xlsx}", take_comparison)


async def show_comparison(request: web.Request) -> web.Response:
    """What the events chosen add up to, year by year for each series, and then each of them, the latest first."""
    query = read_query(request, ComparisonPageQuery)
    everything = await held_events(request)
    held = [one for one in everything if query.takes(one)]
    after = decode_cursor(query.after, int, str) if query.after else None
    later = [one for one in held if after is None or place(one) > after]
    shown, following = later[:ROWS], len(later) > ROWS
    summed = totals(held)
    return render(
        request,
        "comparison.html",
        query=query,
        asked={name: value for name, value in query.model_dump(exclude={"after"}).items() if value},
        all_series=sorted({one.series for one in everything if one.series is not None}),
        years=sorted({one.year for one in everything}),
        totals=summed,
        several_series=len({total.series for total in summed}) > 1,
        held=shown,
        count=len(held),
        most=max(map(_came, summed), default=0) or 1,
        most_of_one=max(map(_came, shown), default=0) or 1,
        smallest=None if _sees_all(request, held) else request.app[ANALYSIS].smallest,
        first=after is not None,
        following=encode_cursor(place(shown[-1])) if following else None,
    )


def _sees_all(request: web.Request, held: Sequence[Held]) -> bool:
    """Whether the reader is an organizer of all of some events."""
    grant = grant_of(request)
    return grant is not None and all(grant.allows(event_id=one.event_id) for one in held)


async def take_comparison(request: web.Request) -> web.Response:
    """All of the events chosen, a row each."""
    query = read_query(request, ComparisonPageQuery)
    held = [one for one in await held_events(request) if query.takes(one)]
    gettext = texts_of(request).gettext
    rows = [[*_row(one), gettext(mark("yes")) if one.open else None] for one in held]
    name = file_name("comparison", kind=request.match_info["kind"])
    return await table_file(request, [gettext(heading) for heading in _HEADINGS], rows, name=name, sheet="events")


def _row(one: Held) -> list[Cell]:
    attended = one.attended
    return [
        one.title,
        one.event_id,
        one.series,
        one.year,
        one.day.isoformat(),
        attended.seats,
        attended.came_with_seat,
        attended.came,
        attended.in_person_only,
        attended.remote_only,
        attended.both,
        attended.seconds_in_person,
        attended.seconds_remote,
        attended.seconds,
    ]


def _came(one: Held | Total) -> int:
    return one.attended.came or 0
