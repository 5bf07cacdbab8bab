"""The read API: the timeline, the presence of people, the figures; as they stand or as they were known."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.registration import EventData
from services.attendance.adapters.timeline import Filter, SqlTimeline
from services.attendance.application.reading import Reading, UnknownEventError, UnknownPersonError
from services.attendance.application.reporting import Reports
from services.attendance.web import answers, figure_answers
from services.attendance.web.moments import AsOf, WhyEmpty, known_moment, refused, why_empty
from services.chassis.access import Role
from services.chassis.http import read_query
from services.chassis.openapi import Api
from services.chassis.paging import PageQuery, decode_cursor, page_of
from services.chassis.problems import not_found

READING: Final = web.AppKey("reading", Reading)
TIMELINE: Final = web.AppKey("timeline", SqlTimeline)
REPORTS: Final = web.AppKey("reports", Reports)
READERS: Final = (Role.ORGANIZER,)
"""Who reads what has participant ids in it, or counts few people: analysts get `analysis` instead (decision 0042)."""
COUNTERS: Final = (Role.ORGANIZER, Role.ANALYST)
"""Who reads figures from which, for an analyst, small groups are hidden (`domain/small_groups.py`)."""

api: Final = Api(tag="attendance")


class PastQuery(BaseModel):
    """An answer may be asked as it was known at an instant."""

    as_of: AsOf = None


class PastPageQuery(PageQuery):
    """So may a page of a list."""

    as_of: AsOf = None


class PresenceQuery(PastPageQuery):
    """Of people, those whom a figure of the report counts."""

    group: Annotated[str, Field(max_length=300, description="As the `facts` of a figure of the report name it.")] = ""


@api.route(
    "GET",
    "/api/v1/events/{event_id}/timeline",
    summary="The timeline of an event, by (time, id)",
    roles=READERS,
    query=PastPageQuery,
    answers={200: answers.Timeline},
)
async def list_timeline(request: web.Request) -> web.Response:
    """Every fact that counted, with the presence it led to."""
    query = _asked(request, PastPageQuery)
    event_id = (await known_event(request)).event_id
    after = None if query.after is None else decode_cursor(query.after, int, str)
    entries = await request.app[TIMELINE].forward(
        event_id, after=after, limit=query.limit + 1, wanted=Filter(as_of=query.as_of)
    )
    rows, following = page_of(entries, limit=query.limit, key=lambda entry: (entry.time, entry.id))
    items = [answers.timeline_item(entry) for entry in rows]
    return _answer(answers.Timeline(items=items, next=following, why_empty=await _why_empty(request, query.as_of)))


@api.route(
    "GET",
    "/api/v1/events/{event_id}/presence",
    summary="Where everybody stands, by id",
    roles=READERS,
    query=PresenceQuery,
    answers={200: answers.People},
)
async def list_presence(request: web.Request) -> web.Response:
    """Each participant and guest once; a guest linked to a participant stands with them."""
    query = _asked(request, PresenceQuery)
    event_id = (await known_event(request)).event_id
    among = await counted_in(request, query.group, query.as_of)
    after = "" if query.after is None else str(decode_cursor(query.after, str)[0])
    report = await request.app[READING].people(
        event_id, as_of=query.as_of, after=after, limit=query.limit + 1, among=among
    )
    rows, following = page_of(report.standings, limit=query.limit, key=lambda standing: (standing.subject,))
    items = [answers.person_item(standing, horizon=report.horizon) for standing in rows]
    return _answer(
        answers.People(
            items=items,
            next=following,
            horizon=answers.horizon_of(report),
            why_empty=await _why_empty(request, query.as_of),
        )
    )


@api.route(
    "GET",
    "/api/v1/events/{event_id}/presence/{subject}",
    summary="Where one participant or guest stands",
    roles=READERS,
    query=PastQuery,
    answers={200: answers.Person},
)
async def show_presence(request: web.Request) -> web.Response:
    """The presence of a participant or guest id; that of a linked guest is the participant's."""
    query = _asked(request, PastQuery)
    event_id = (await known_event(request)).event_id
    try:
        report = await request.app[READING].person(event_id, request.match_info["subject"], as_of=query.as_of)
    except UnknownPersonError:
        raise not_found("The event knows no such participant or guest.") from None
    item = answers.person_item(report.standings[0], horizon=report.horizon)
    return _answer(
        answers.Person(
            **dict(item), horizon=answers.horizon_of(report), why_empty=await _why_empty(request, query.as_of)
        )
    )


@api.route(
    "GET",
    "/api/v1/events/{event_id}/stats",
    summary="The figures of an event",
    roles=READERS,
    query=PastQuery,
    answers={200: figure_answers.Stats},
)
async def show_stats(request: web.Request) -> web.Response:
    """Who is here now by mode, seats, who ever came, peaks, what was inferred, and the curve by minute."""
    query = _asked(request, PastQuery)
    event = await known_event(request, as_of=query.as_of)
    horizon, counted = await request.app[READING].statistics(event, as_of=query.as_of)
    stats = figure_answers.stats(counted, event=event, horizon=horizon, as_of=query.as_of)
    return _answer(stats.model_copy(update={"why_empty": await _why_empty(request, query.as_of)}))


async def known_event(request: web.Request, *, as_of: datetime | None = None) -> EventData:
    """The event of the path, as it stands or as it was known at an instant.

    Raises:
        Problem: 404 if no fact tells of it.
    """
    try:
        return await request.app[READING].event(request.match_info["event_id"], as_of=as_of)
    except UnknownEventError:
        raise not_found("There is no such event.") from None


async def counted_in(request: web.Request, group: str, as_of: datetime | None) -> Sequence[str] | None:
    """Whom a figure of the report counts, by its group; None if none is asked for.

    Raises:
        Problem: 400 if no figure counts such a group.
    """
    if not group:
        return None
    drawn = await request.app[REPORTS].of(request.match_info["event_id"], as_of=as_of)
    if group not in drawn.report.groups:
        raise refused("group", "no figure of the report counts such a group")
    return drawn.report.groups[group]


Query = TypeVar("Query", PastQuery, PastPageQuery, PresenceQuery)


def _asked(request: web.Request, model: type[Query]) -> Query:
    query = read_query(request, model)
    if query.as_of is not None:
        known_moment(request, query.as_of)
    return query


async def _why_empty(request: web.Request, as_of: datetime | None) -> WhyEmpty | None:
    first = await request.app[TIMELINE].first_recorded(request.match_info["event_id"]) if as_of else None
    return why_empty(first, as_of)


def _answer(body: BaseModel) -> web.Response:
    return web.Response(body=body.model_dump_json().encode(), content_type="application/json")
