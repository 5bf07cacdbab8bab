"""The live page of an event: who is here, the curve, the timeline as it happens. It works without JavaScript."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Template
from pydantic import BaseModel, Field

from schemas.registration import EventData
from services.attendance.adapters.tables import SIGHTINGS, to_column
from services.attendance.adapters.timeline import Filter
from services.attendance.application.translation import instant
from services.attendance.domain.facts import Mode
from services.attendance.domain.heads import MINUTE, Minute
from services.attendance.domain.reading import Entry
from services.attendance.web import figure_answers, wording
from services.attendance.web.api import READERS, READING, TIMELINE, known_event
from services.attendance.web.drawing import HEIGHT, draw
from services.attendance.web.live import LiveStream, cursor_at
from services.attendance.web.live_api import FEED, FIGURES
from services.attendance.web.people import find_subjects, names_for, search, short_id
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import PAGES, language_of, render, texts_of

ROWS: Final = 14
"""Entries on the page: it stays light however long the event is."""
_LATE_MS: Final = 60_000
_TABLE_ROWS: Final = 10
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440)


class LivePageQuery(BaseModel):
    """Which entries are shown; a filter left empty is none."""

    mode: Literal["", "in_person", "remote"] = ""
    who: Annotated[str, Field(max_length=100)] = ""
    refresh: Literal["", "30"] = ""


class StreamQuery(LivePageQuery):
    """The same for what comes, and from where on."""

    after: Annotated[str, Field(max_length=1000)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry, as a line of the page."""

    id: str
    time: datetime
    kind: str
    subject: str | None
    who: str | None
    did: str
    where: str | None
    status: str | None
    late: datetime | None
    other_day: bool


def add_live_page(app: web.Application) -> None:
    """Route the page, what it is refreshed from, and its stream."""
    app.router.add_get("/events/{event_id}/live", show_live)
    app.router.add_get("/events/{event_id}/live/curve", show_curve)
    app.router.add_get("/events/{event_id}/live/stream", follow)


async def show_live(request: web.Request) -> web.Response:
    """The page as it stands."""
    require(request, *READERS, event_id=request.match_info["event_id"])
    query = read_query(request, LivePageQuery)
    event = await known_event(request)
    # The cursor is read first: what is stored while the page is made comes again by the stream, and replaces itself.
    cursor = cursor_at(await request.app[TIMELINE].moment())
    wanted = await _filter(request, event.event_id, query)
    entries = await request.app[TIMELINE].newest(event.event_id, limit=ROWS, wanted=wanted)
    asked = {"mode": query.mode, "who": query.who}
    return render(
        request,
        "live.html",
        event=event,
        query=query,
        rows=ROWS,
        lines=await lines(request, event, entries, late=await _late(request, event.event_id, entries)),
        stream=request.rel_url.with_path(f"{request.path}/stream").with_query({**asked, "after": cursor}),
        now=await request.app[FIGURES].of(event.event_id),
        **await _curve(request, event),
    )


async def show_curve(request: web.Request) -> web.Response:
    """The curve with its table and what it tells, to replace those of a page that is open."""
    require(request, *READERS, event_id=request.match_info["event_id"])
    event = await known_event(request)
    return render(request, "live_curve.html", event=event, **await _curve(request, event))


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


async def lines(
    request: web.Request, event: EventData, entries: Sequence[Entry], *, late: Collection[str] = ()
) -> list[Line]:
    """Entries as lines, with the names that the reader may see; those of the ids in `late` say when they came."""
    gettext = texts_of(request).gettext
    zone = ZoneInfo(event.timezone)
    day = event.starts_at.astimezone(zone).date()
    subjects = {entry.subject for entry in entries if entry.subject is not None}
    names = await names_for(request, event.event_id, subjects)
    return [
        Line(
            id=entry.id,
            time=instant(entry.time),
            kind="" if entry.mode is None else {Mode.IN_PERSON: "on-site"}.get(entry.mode, "remote"),
            subject=entry.subject,
            who=entry.subject and (names.get(entry.subject) or short_id(entry.subject)),
            did=wording.said(entry, gettext),
            where=wording.where(entry),
            status=entry.reached.status.value if entry.reached and wording.moved(entry) else None,
            late=instant(entry.recorded) if entry.id in late else None,
            other_day=instant(entry.time).astimezone(zone).date() != day,
        )
        for entry in entries
    ]


class _HtmlTelling:
    """Tells an open page, in its reader's language and with the names they may see."""

    def __init__(self, request: web.Request, event: EventData, wanted: Filter) -> None:
        self._request = request
        self._event = event
        self._wanted = wanted
        environment = request.config_dict[PAGES].environments[language_of(request)]
        self._parts: Template = environment.get_template("live_parts.html")

    async def entries(self, entries: Sequence[Entry]) -> Sequence[tuple[Entry, str]]:
        """Those that pass the filter."""
        shown = [entry for entry in entries if _passes(entry, self._wanted)]
        late = await _late(self._request, self._event.event_id, shown)
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


async def _late(request: web.Request, event_id: str, entries: Sequence[Entry]) -> set[str]:
    """The ids of sightings that became known after later ones: a platform that sends in batches, a scanner offline."""
    late: set[str] = set()
    if not entries:
        return late
    known = sorted(entries, key=lambda entry: entry.position)
    horizon = await request.app[TIMELINE].horizon(event_id, before=known[0].position) or 0
    for entry in known:
        if entry.type in SIGHTINGS:
            if entry.time < horizon - _LATE_MS:
                late.add(entry.id)
            horizon = max(horizon, entry.time)
    return late


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


async def _curve(request: web.Request, event: EventData) -> dict[str, Any]:
    report, counted = await request.app[FIGURES].statistics(event)
    starts_at, ends_at = to_column(event.starts_at), to_column(event.ends_at)
    distance = event.starts_at.astimezone(ZoneInfo(event.timezone)).utcoffset()
    drawn = draw(
        counted.curve,
        starts_at=starts_at,
        ends_at=ends_at,
        sessions=[(to_column(session.starts_at), to_column(session.ends_at)) for session in event.sessions],
        offset=0 if distance is None else int(distance.total_seconds()) * 1000,
    )
    stats = figure_answers.stats(counted, event=event, horizon=report.horizon, as_of=None)
    return {"curve": drawn, "stats": stats, "table": _table(counted.curve), "instant": instant, "height": HEIGHT}


def _table(minutes: Sequence[Minute]) -> list[Minute]:
    """The curve at round times, in a table that can be read aloud: from the first presence to the last."""
    busy = [number for number, minute in enumerate(minutes) if minute.heads.total]
    if not busy:
        return []
    shown = minutes[max(0, busy[0] - 1) : busy[-1] + 2]
    step = next((step for step in _STEPS if len(shown) / step <= _TABLE_ROWS), _STEPS[-1])
    return [minute for minute in shown if minute.at // MINUTE % step == 0]
