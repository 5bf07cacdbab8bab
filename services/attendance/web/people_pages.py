"""The people of an event: a list to search, and a page for each with how their presence is known."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.registration import EventData
from services.attendance.adapters.tables import to_column
from services.attendance.adapters.timeline import Filter
from services.attendance.application.reading import UnknownPersonError
from services.attendance.application.translation import instant
from services.attendance.domain.facts import Mode
from services.attendance.domain.fold import Presence
from services.attendance.domain.heads import MINUTE
from services.attendance.domain.intervals import Interval, durations
from services.attendance.web import wording
from services.attendance.web.api import READERS, READING, TIMELINE, known_event
from services.attendance.web.live_page import lines
from services.attendance.web.people import Person, is_guest, names_for, search, sees_names, short_id
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import render, texts_of
from services.chassis.problems import not_found

ROWS: Final = 25
"""People on one page of the list."""
_ENTRIES: Final = 12

Asked = Literal["", "here", "on_site", "remote", "both", "away", "absent"]


class PeopleQuery(BaseModel):
    """Whom to list; `after` is the id of the last person on the page before."""

    who: Annotated[str, Field(max_length=100)] = ""
    status: Asked = ""
    after: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Somebody in the list, and the seconds they were present."""

    person: Person
    guest: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An interval as a bar: its place across the day, in percent."""

    mode: Mode
    x: str
    width: str
    ongoing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An interval as a row: when, where, and how both ends are known."""

    interval: Interval
    seconds: float
    place: str
    start_known: str
    end_known: str


def add_people_pages(app: web.Application) -> None:
    """Route the list and the page of a person."""
    app.router.add_get("/events/{event_id}/live/people", list_people)
    app.router.add_get("/events/{event_id}/live/people/{subject}", show_person)


async def list_people(request: web.Request) -> web.Response:
    """Those who are here first; for organizers by name."""
    require(request, *READERS, event_id=request.match_info["event_id"])
    query = read_query(request, PeopleQuery)
    event = await known_event(request)
    found = await search(request, request.app[READING], event.event_id, words=query.who, status=query.status)
    ids = [person.standing.subject for person in found]
    # A page begins after a person, wherever they stand by now: the order changes as people come and go.
    first = ids.index(query.after) + 1 if query.after in ids else 0
    shown = found[first : first + ROWS]
    horizon = await request.app[TIMELINE].horizon(event.event_id)
    return render(
        request,
        "people.html",
        event=event,
        query=query,
        count=len(found),
        first=first,
        people=[_listed(person, horizon) for person in shown],
        following=ids[first + ROWS - 1] if first + ROWS < len(found) else None,
    )


async def show_person(request: web.Request) -> web.Response:
    """When one person was here, how that is known, and what they did last."""
    subject = request.match_info["subject"]
    require(request, *READERS, event_id=request.match_info["event_id"])
    event = await known_event(request)
    try:
        report = await request.app[READING].person(event.event_id, subject)
    except UnknownPersonError:
        raise not_found("The event knows no such participant or guest.") from None
    standing = report.standings[0]
    if standing.subject != subject:
        raise web.HTTPSeeOther(f"/events/{event.event_id}/live/people/{standing.subject}")
    names = await names_for(request, event.event_id, [subject])
    person = Person(standing=standing, name=names.get(subject))
    # What they did as a guest, before somebody knew who they were, is theirs too.
    known_as = {subject, *await request.app[TIMELINE].guests_of(event.event_id, subject)}
    entries = await request.app[TIMELINE].latest(
        event.event_id, limit=_ENTRIES, wanted=Filter(subjects=frozenset(known_as))
    )
    lengths = durations(standing.presence.intervals, horizon=report.horizon)
    return render(
        request,
        "person.html",
        event=event,
        person=person,
        identifier=short_id(subject),
        guest=is_guest(person),
        named=sees_names(request),
        lengths={
            "in_person": lengths.in_person / 1000,
            "remote": lengths.remote / 1000,
            "both": lengths.both / 1000,
            "total": lengths.total / 1000,
        },
        bars=_bars(event, standing.presence, report.horizon),
        rows=_rows(request, standing.presence, report.horizon),
        lines=await lines(request, event, entries),
        instant=instant,
    )


def _listed(person: Person, horizon: int | None) -> Listed:
    lengths = durations(person.standing.presence.intervals, horizon=horizon)
    return Listed(person=person, guest=is_guest(person), seconds=lengths.total / 1000)


def _rows(request: web.Request, presence: Presence, horizon: int | None) -> list[Row]:
    gettext = texts_of(request).gettext
    return [
        Row(
            interval=interval,
            seconds=durations([interval], horizon=horizon).total / 1000,
            place=wording.place(interval),
            start_known=wording.start_known(interval, gettext),
            end_known=wording.end_known(interval, gettext),
        )
        for interval in presence.intervals
    ]


def _bars(event: EventData, presence: Presence, horizon: int | None) -> dict[str, object] | None:
    """The day of a person: a bar for each interval, on a line for each mode; None if they never came."""
    spans = [
        (one, one.start, one.end if one.end is not None else max(horizon or 0, one.start)) for one in presence.intervals
    ]
    if not spans:
        return None
    first = min(to_column(event.starts_at), *(start for _, start, _ in spans))
    last = max(to_column(event.ends_at), *(end for _, _, end in spans))
    whole = max(last - first, MINUTE)

    def percent(length: int) -> str:
        return f"{100 * length / whole:.2f}%"

    bars = [
        Bar(
            mode=one.mode,
            x=percent(start - first),
            width=percent(max(end - start, whole // 400)),
            ongoing=one.end is None,
        )
        for one, start, end in spans
    ]
    return {"bars": bars, "first": first, "last": last}
