"""The live page of an event: who is here, the curve, the timeline as it happens. It works without JavaScript."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Template
from pydantic import BaseModel, Field

from schemas.registration import EventData
from services.attendance.adapters.tables import to_column
from services.attendance.adapters.timeline import Filter
from services.attendance.application.statistics import Statistics
from services.attendance.application.translation import instant
from services.attendance.domain.facts import Mode
from services.attendance.domain.heads import MINUTE, Minute, Peak
from services.attendance.domain.reading import Entry
from services.attendance.web import figure_answers
from services.attendance.web.api import COUNTERS, READERS, READING, TIMELINE, known_event
from services.attendance.web.drawing import HEIGHT, draw
from services.attendance.web.known_at import asked_moment
from services.attendance.web.lines import late_ids, lines
from services.attendance.web.live import LiveStream, cursor_at
from services.attendance.web.live_api import FEED, FIGURES
from services.attendance.web.people import find_subjects, search
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import PAGES, language_of, render

ROWS: Final = 14
"""Entries on the page: it stays light however long the event is."""
_TABLE_ROWS: Final = 10
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440)


class LivePageQuery(BaseModel):
    """Which entries are shown; a filter left empty is none."""

    mode: Literal["", "in_person", "remote"] = ""
    who: Annotated[str, Field(max_length=100)] = ""
    refresh: Literal["", "30"] = ""
    as_of: Annotated[str, Field(max_length=40)] = ""


class StreamQuery(LivePageQuery):
    """The same for what comes, and from where on."""

    after: Annotated[str, Field(max_length=1000)] | None = None


def add_live_page(app: web.Application) -> None:
    """Route the page, what it is refreshed from, and its stream."""
    app.router.add_get("/events/{event_id}/live", show_live)
    app.router.add_get("/events/{event_id}/live/curve", show_curve)
    app.router.add_get("/events/{event_id}/live/stream", follow)


async def show_live(request: web.Request) -> web.Response:
    """The page as it stands, or as it was known at an instant: then it stands still. Analysts have one of their own."""
    event_id = request.match_info["event_id"]
    if not require(request, *COUNTERS, event_id=event_id).allows(event_id=event_id):
        raise web.HTTPSeeOther(f"/events/{event_id}/analysis")
    query = read_query(request, LivePageQuery)
    event = await known_event(request)
    known = asked_moment(request, query.as_of, timezone=event.timezone)
    if known.moment is not None:
        event = await known_event(request, as_of=known.moment)
    # The cursor is read first: what is stored while the page is made comes again by the stream, and replaces itself.
    cursor = cursor_at(await request.app[TIMELINE].moment())
    wanted = replace(await _filter(request, event.event_id, query), as_of=known.moment)
    entries = await request.app[TIMELINE].newest(event.event_id, limit=ROWS, wanted=wanted)
    asked = {"mode": query.mode, "who": query.who}
    horizon, counted = await _counted(request, event, known.moment)
    return render(
        request,
        "live.html",
        status=known.status,
        event=event,
        query=query,
        known=known,
        rows=ROWS,
        lines=await lines(request, event, entries, late=await late_ids(request, event.event_id, entries)),
        stream=request.rel_url.with_path(f"{request.path}/stream").with_query({**asked, "after": cursor}),
        now=figure_answers.now(counted.figures, event=event, horizon=horizon)
        if known.moment
        else await request.app[FIGURES].of(event.event_id),
        **_curve(event, horizon, counted),
    )


async def show_curve(request: web.Request) -> web.Response:
    """The curve with its table and what it tells, to replace those of a page that is open."""
    require(request, *READERS, event_id=request.match_info["event_id"])
    event = await known_event(request)
    return render(request, "live_curve.html", event=event, **_curve(event, *await _counted(request, event, None)))


async def follow(request: web.Request) -> web.StreamResponse:
    """The stream of an open page: `entry` and `stats` messages are HTML, in the reader's language."""
    require(request, *READERS, event_id=request.match_info["event_id"])
    query = read_query(request, StreamQuery)
    event = await known_event(request)
    telling = _HtmlTelling(request, event, await _filter(request, event.event_id, query))
    stream = LiveStream(
        timeline=request.app[TIMELINE], feed=request.app[FEED], telling=telling, event_id=event.event_id
    )
    return await stream.answer(request)


class _HtmlTelling:
    """Tells an open page, in its reader's language and with the names they may see."""

    def __init__(self, request: web.Request, event: EventData, wanted: Filter) -> None:
        self._request = request
        self._event = event
        self._wanted = wanted
        environment = request.config_dict[PAGES].environments[language_of(request)]
        self._parts: Template = environment.get_template("live_parts.html")

    async def entries(self, entries: Sequence[Entry]) -> Sequence[tuple[Entry, str]]:
        """Those that pass the filter; of more at once than the page has room for, the last."""
        shown = [entry for entry in entries if _passes(entry, self._wanted)][-ROWS:]
        late = await late_ids(self._request, self._event.event_id, shown)
        told = await lines(self._request, self._event, shown, late=late)
        return [(entry, self._part("entry", line)) for entry, line in zip(shown, told, strict=True)]

    async def figures(self) -> str:
        """Who is here now."""
        return self._part("figures", await self._request.app[FIGURES].of(self._event.event_id))

    async def snapshot(self, reason: str) -> str:
        """The page reads itself anew."""
        return reason

    def _part(self, macro: str, shown: object) -> str:
        part: Any = getattr(self._parts.module, macro)
        return str(part(self._event, shown))


def _passes(entry: Entry, wanted: Filter) -> bool:
    if wanted.mode is not None and entry.mode is not wanted.mode:
        return False
    return wanted.subjects is None or not wanted.subjects.isdisjoint({entry.participant_id, entry.guest_id} - {None})


async def _filter(request: web.Request, event_id: str, query: LivePageQuery) -> Filter:
    mode = Mode(query.mode) if query.mode else None
    if not query.who.strip():
        return Filter(mode=mode)
    people = await search(request, request.app[READING], event_id, words=query.who, status="")
    return Filter(mode=mode, subjects=find_subjects(people))


async def _counted(request: web.Request, event: EventData, as_of: datetime | None) -> tuple[int | None, Statistics]:
    if as_of is None:
        return await request.app[FIGURES].statistics(event)
    return await request.app[READING].statistics(event, as_of=as_of)


def _curve(event: EventData, horizon: int | None, counted: Statistics) -> dict[str, Any]:
    starts_at, ends_at = to_column(event.starts_at), to_column(event.ends_at)
    distance = event.starts_at.astimezone(ZoneInfo(event.timezone)).utcoffset()
    drawn = draw(
        counted.curve,
        starts_at=starts_at,
        ends_at=ends_at,
        sessions=[(to_column(session.starts_at), to_column(session.ends_at)) for session in event.sessions],
        most=(_count(counted.peaks.in_person), _count(counted.peaks.remote)),
        offset=0 if distance is None else int(distance.total_seconds()) * 1000,
    )
    stats = figure_answers.stats(counted, event=event, horizon=horizon, as_of=None)
    return {"curve": drawn, "stats": stats, "table": _table(counted.curve), "instant": instant, "height": HEIGHT}


def _count(peak: Peak | None) -> int:
    return 0 if peak is None else peak.count


def _table(minutes: Sequence[Minute]) -> list[Minute]:
    """The curve at round times, in a table that can be read aloud: from the first presence to the last."""
    busy = [number for number, minute in enumerate(minutes) if minute.heads.total]
    if not busy:
        return []
    shown = minutes[max(0, busy[0] - 1) : busy[-1] + 2]
    step = next((step for step in _STEPS if len(shown) / step <= _TABLE_ROWS), _STEPS[-1])
    return [minute for minute in shown if minute.at // MINUTE % step == 0]
