"""The whole timeline of an event as pages, in the order in which things happened."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from services.attendance.adapters.timeline import Filter
from services.attendance.domain.facts import Mode
from services.attendance.domain.reading import Entry
from services.attendance.web.api import READERS, READING, TIMELINE, known_event
from services.attendance.web.known_at import asked_moment
from services.attendance.web.lines import late_ids, lines
from services.attendance.web.people import find_subjects, search, sees_names
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import render
from services.chassis.paging import SortKey, decode_cursor, encode_cursor

ROWS: Final = 20
"""Entries on one page."""
_DOUBTS: Final = 5
_BEFORE: Final = 5
"""Entries shown before the one that was asked for."""


class TimelinePageQuery(BaseModel):
    """Which entries, and where to begin: `after` or `before` a cursor, or around a `fact`."""

    mode: Literal["", "in_person", "remote"] = ""
    who: Annotated[str, Field(max_length=100)] = ""
    as_of: Annotated[str, Field(max_length=40)] = ""
    after: Annotated[str, Field(max_length=1000)] = ""
    before: Annotated[str, Field(max_length=1000)] = ""
    fact: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """Entries in order, and whether there are others before and after them."""

    entries: list[Entry]
    earlier: bool
    later: bool


def add_timeline_page(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/events/{event_id}/live/timeline", show_timeline)


async def show_timeline(request: web.Request) -> web.Response:
    """A page of entries; each has its id as its anchor, so that what rests on a fact can link to it."""
    require(request, *READERS, event_id=request.match_info["event_id"])
    query = read_query(request, TimelinePageQuery)
    event = await known_event(request)
    known = asked_moment(request, query.as_of, timezone=event.timezone)
    subjects = None
    if query.who.strip():
        found = await search(request, request.app[READING], event.event_id, words=query.who, status="")
        subjects = find_subjects(found)
    wanted = Filter(as_of=known.moment, mode=Mode(query.mode) if query.mode else None, subjects=subjects)
    shown = await _page(request, event.event_id, query, wanted)
    rooms = await request.app[TIMELINE].suspect_rooms(event.event_id, as_of=known.moment)
    kept = {"mode": query.mode, "who": query.who}
    address = request.rel_url.with_query({**kept, **known.query})
    return render(
        request,
        "timeline.html",
        status=known.status,
        event=event,
        query=query,
        known=known,
        kept=kept,
        lines=await lines(request, event, shown.entries, late=await late_ids(request, event.event_id, shown.entries)),
        doubtful=await lines(request, event, rooms[:_DOUBTS]),
        back=str(request.rel_url) if sees_names(request) and known.moment is None else None,
        earlier=address.update_query(before=encode_cursor(_key(shown.entries[0]))) if shown.earlier else None,
        later=address.update_query(after=encode_cursor(_key(shown.entries[-1]))) if shown.later else None,
    )


async def _page(request: web.Request, event_id: str, query: TimelinePageQuery, wanted: Filter) -> _Shown:
    timeline = request.app[TIMELINE]
    if query.before:
        place = decode_cursor(query.before, int, str)
        found = await timeline.latest(event_id, limit=ROWS + 1, wanted=wanted, before=place)
        return _Shown(entries=found[:ROWS][::-1], earlier=len(found) > ROWS, later=bool(found))
    after = decode_cursor(query.after, int, str) if query.after else None
    first: list[Entry] = []
    if query.fact and (fact := (await timeline.named(event_id, [query.fact], as_of=wanted.as_of)).get(query.fact)):
        first = await timeline.latest(event_id, limit=_BEFORE + 1, wanted=wanted, before=_key(fact))
        after = _key(first[0]) if first else None
    found = await timeline.forward(event_id, after=after, limit=ROWS + 1, wanted=wanted)
    entries = [*first[:_BEFORE][::-1], *found[:ROWS]]
    return _Shown(entries=entries, earlier=len(first) > _BEFORE or bool(query.after), later=len(found) > ROWS)


def _key(entry: Entry) -> SortKey:
    return entry.time, entry.id
