"""Events beside each other, for programs; and what the page of it needs too."""

from dataclasses import replace
from datetime import date
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, BeforeValidator, Field

from schemas.envelope import Instant
from services.attendance.adapters.tables import to_column
from services.attendance.domain.comparison import Attended, Held, Total, totals
from services.attendance.web.analysis_api import ANALYSIS
from services.attendance.web.api import COUNTERS, READING
from services.chassis.access import require_signed_in
from services.chassis.http import read_query
from services.chassis.openapi import Api
from services.chassis.paging import Page, PageQuery, decode_cursor, page_of
from services.chassis.problems import Problem

comparison_api: Final = Api(tag="attendance")

Year = Annotated[Annotated[int, Field(ge=1970, le=2199)] | None, BeforeValidator(lambda given: given or None)]


class Chosen(BaseModel):
    """Which events: of one series, from a year on, up to a year. What is left empty leaves none out."""

    series: Annotated[str, Field(max_length=200)] = ""
    from_year: Year = None
    to_year: Year = None

    def takes(self, one: Held) -> bool:
        """Whether an event is one of them."""
        return (
            self.series in {"", one.series}
            and (self.from_year is None or one.year >= self.from_year)
            and (self.to_year is None or one.year <= self.to_year)
        )


class ComparisonQuery(Chosen, PageQuery):
    """The same, a page at a time."""


class AttendedView(BaseModel):
    """How many came, and for how long. For analysts, of those whom `analysis` tells of; null is hidden from them.

    `seats` are confirmed registrations, `came_with_seat` those of them who came. Who came in both modes at some time is
    in neither `…_only`. `mean_seconds` is per person who came.
    """

    seats: int | None
    came_with_seat: int | None
    turnout: float | None
    in_person_only: int | None
    remote_only: int | None
    both: int | None
    came: int | None
    seconds_in_person: int | None
    seconds_remote: int | None
    seconds: int | None
    mean_seconds: float | None

    @classmethod
    def of(cls, attended: Attended) -> "AttendedView":
        """The figures on the wire."""
        return cls.model_validate(attended, from_attributes=True)


class HeldView(BaseModel):
    """An event; while it is `open`, its figures grow."""

    event_id: str
    title: str
    series: str | None
    starts_at: Instant
    day: Annotated[date, Field(description="Of its start, where it takes place.")]
    open: bool
    attended: AttendedView


class TotalView(BaseModel):
    """What the events of a series (null: without one) in a year add up to: people count once an event."""

    series: str | None
    year: int
    events: int
    attended: AttendedView


class ComparisonPage(Page[HeldView]):
    """A page of events, the latest first, and what all of them add up to, year by year for each series."""

    totals: list[TotalView]


@comparison_api.route(
    "GET",
    "/api/v1/comparison",
    summary="Events and series beside each other, year by year",
    query=ComparisonQuery,
    answers={200: ComparisonPage},
)
async def compare(request: web.Request) -> web.Response:
    """With a token: the events that it may see the figures of.

    Analysts are told of events that are over, and what `analysis` tells of them.
    """
    query = read_query(request, ComparisonQuery)
    held = [one for one in await held_events(request) if query.takes(one)]
    after = None if query.after is None else decode_cursor(query.after, int, str)
    later = [one for one in held if after is None or place(one) > after]
    rows, following = page_of(later[: query.limit + 1], limit=query.limit, key=place)
    page = ComparisonPage(
        items=[
            HeldView(
                event_id=one.event_id,
                title=one.title,
                series=one.series,
                starts_at=one.starts_at,
                day=one.day,
                open=one.open,
                attended=AttendedView.of(one.attended),
            )
            for one in rows
        ],
        next=following,
        totals=[_total(one) for one in totals(held)],
    )
    return web.Response(body=page.model_dump_json().encode(), content_type="application/json")


async def held_events(request: web.Request) -> list[Held]:
    """The events that the reader may see the figures of, the latest first; for analysts, those that are over.

    Raises:
        Problem: 403 for who may see those of no event; 401 for who is not signed in.
    """
    grant = require_signed_in(request)
    if grant.reach is not None and not any(grant.allows(*COUNTERS, event_id=event_id) for event_id in grant.reach):
        raise Problem(403, detail="This token does not allow that.")
    if grant.reach is None and not grant.allows(*COUNTERS):
        raise Problem(403, detail="This token does not allow that.")
    found = []
    for one in await request.app[READING].comparison.events(grant.reach):
        if grant.allows(event_id=one.event_id):
            found.append(one)
        elif not one.open and grant.allows(*COUNTERS, event_id=one.event_id):
            found.append(replace(one, attended=await request.app[ANALYSIS].figures(one.event_id)))
    return sorted(found, key=place)


def place(one: Held) -> tuple[int, str]:
    """Where an event stands among others: the latest first."""
    return -to_column(one.starts_at), one.event_id


def _total(one: Total) -> TotalView:
    return TotalView(series=one.series, year=one.year, events=one.events, attended=AttendedView.of(one.attended))
