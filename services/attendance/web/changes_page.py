"""What changed between two reports, as a page: whose time is another, and which facts made it so, in plain words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.registration import EventData
from services.attendance.application.changes import Changes, Explained
from services.attendance.application.translation import instant
from services.attendance.domain.changes import Cause
from services.attendance.domain.intervals import Durations
from services.attendance.web.api import READERS, TIMELINE, known_event
from services.attendance.web.known_at import KnownAt, asked_moment, typed_in
from services.attendance.web.lines import Line, lines
from services.attendance.web.moments import CLOCK
from services.attendance.web.people import names_for, short_id
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import render, texts_of
from services.chassis.pages.languages import mark

ROWS: Final = 8
"""People on one page."""
_STEPS: Final = 4
"""Facts told of each; all of them where one person alone is asked for."""
_ALL_STEPS: Final = 100
_MODES: Final = ("in_person", "remote")


class ChangesPageQuery(BaseModel):
    """Which instants, of whom, and where the page begins: after a person's id."""

    from_: Annotated[str, Field(alias="from", max_length=40)] = ""
    to: Annotated[str, Field(max_length=40)] = ""
    whose: Annotated[str, Field(max_length=200)] = ""
    after: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """How long somebody was present in one way, in seconds, before and after."""

    mode: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldStep:
    """A fact, when it became known, and what it did to the time of each mode. `counted_on`: it was about others."""

    line: Line
    recorded: datetime
    sides: Sequence[Side]
    counted_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What changed for one person; `more` facts are not told here, `unweighed` ones nowhere."""

    subject: str
    who: str
    sides: Sequence[Side]
    steps: Sequence[ToldStep]
    more: int
    unweighed: int


def add_changes_page(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/events/{event_id}/live/changes", show_changes)


async def show_changes(request: web.Request) -> web.Response:
    """The two instants as a form, and what changed between them once both are given."""
    require(request, *READERS, event_id=request.match_info["event_id"])
    query = read_query(request, ChangesPageQuery)
    event = await known_event(request)
    earlier = asked_moment(request, query.from_, timezone=event.timezone)
    later = asked_moment(request, query.to, timezone=event.timezone)
    if earlier.moment and later.moment and later.moment < earlier.moment:
        later = KnownAt(text=later.text, error=texts_of(request).gettext(mark("This lies before the first instant.")))
    found: list[Explained] = []
    if earlier.moment and later.moment:
        found = await _found(request, event, earlier.moment, later.moment, query)
    shown = found[:ROWS]
    kept = {"from": query.from_, "to": query.to}
    return render(
        request,
        "changes.html",
        status=max(earlier.status, later.status),
        event=event,
        query=query,
        earlier=earlier,
        later=later,
        told=await _told(request, event, shown, steps=_ALL_STEPS if query.whose else _STEPS),
        kept=kept,
        following={**kept, "after": shown[-1].change.subject} if len(found) > ROWS else None,
        offers=await _offers(request, event),
    )


async def _found(
    request: web.Request, event: EventData, earlier: datetime, later: datetime, query: ChangesPageQuery
) -> list[Explained]:
    changed = Changes(request.app[TIMELINE]).between(
        event.event_id, earlier=earlier, later=later, after=query.after, only=query.whose or None
    )
    found = []
    async for explained in changed:
        found.append(explained)
        if len(found) > ROWS:
            break
    return found


async def _told(request: web.Request, event: EventData, found: Sequence[Explained], *, steps: int) -> list[Told]:
    names = await names_for(request, event.event_id, [explained.change.subject for explained in found])
    return [
        Told(
            subject=explained.change.subject,
            who=names.get(explained.change.subject) or short_id(explained.change.subject),
            sides=_sides(explained.change.before, explained.change.after, ("total", *_MODES, "both")),
            steps=await _told_steps(request, event, explained, most=steps),
            more=max(0, len(explained.change.steps) - steps),
            unweighed=explained.change.unweighed,
        )
        for explained in found
    ]


async def _told_steps(request: web.Request, event: EventData, explained: Explained, *, most: int) -> list[ToldStep]:
    steps = explained.change.steps[:most]
    entries = [explained.facts[step.fact_id] for step in steps]
    return [
        ToldStep(
            line=line,
            recorded=instant(entry.recorded),
            sides=_sides(step.before, step.after, _MODES),
            counted_on=step.cause is Cause.HORIZON,
        )
        for step, entry, line in zip(steps, entries, await lines(request, event, entries), strict=True)
    ]


def _sides(before: Durations, after: Durations, modes: Sequence[str]) -> list[Side]:
    """The modes in which two lengths differ."""
    both = [Side(mode=mode, before=getattr(before, mode) / 1000, after=getattr(after, mode) / 1000) for mode in modes]
    return [side for side in both if side.before != side.after]


async def _offers(request: web.Request, event: EventData) -> Sequence[tuple[str, Mapping[str, str]]]:
    """Pairs of instants that people ask for, each with what it is called."""
    gettext = texts_of(request).gettext
    now = request.app[CLOCK]()
    closed = await request.app[TIMELINE].closed_at(event.event_id)
    began = [(mark("In the last hour"), now - timedelta(hours=1)), (mark("Since yesterday"), now - timedelta(days=1))]
    if closed is not None:
        began.insert(0, (mark("Since the close"), instant(closed)))
    to = typed_in(now, event.timezone)
    return [(gettext(words), {"from": typed_in(moment, event.timezone), "to": to}) for words, moment in began]
