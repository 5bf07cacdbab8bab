"""The page of one person: when they were here, what that rests on, what does not fit, and what they did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.registration import EventData
from services.attendance.adapters.timeline import Filter
from services.attendance.application.reading import UnknownPersonError
from services.attendance.application.timeline_items import seconds_of
from services.attendance.application.translation import instant
from services.attendance.domain.evidence import Contradiction
from services.attendance.domain.fold import Presence, Status
from services.attendance.domain.intervals import Interval, durations
from services.attendance.domain.reading import Entry
from services.attendance.web import wording
from services.attendance.web.api import READERS, READING, TIMELINE, known_event
from services.attendance.web.day import day_of
from services.attendance.web.going_on import going_on
from services.attendance.web.known_at import asked_moment
from services.attendance.web.lines import is_correction, lines
from services.attendance.web.moments import CLOCK
from services.attendance.web.people import Person, is_guest, is_present, names_for, sees_names, short_id
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import render, texts_of
from services.chassis.problems import not_found

ROWS: Final = 10
"""Intervals on one page: somebody may have thousands."""
_ENTRIES: Final = 8
_DOUBTS: Final = 10
_GO_ON: Final = {
    Status.ON_SITE: ("total", "in_person"),
    Status.REMOTE: ("total", "remote"),
    Status.BOTH: ("total", "in_person", "remote", "both"),
}
"""Which lengths go on, by where somebody is."""


class PersonQuery(BaseModel):
    """Which page of the intervals, and as known when."""

    page: Annotated[int, Field(ge=1, le=100_000)] = 1
    as_of: Annotated[str, Field(max_length=40)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An interval as a row: when, where, how both ends are known, and how good all that is.

    `opened_by` and `ended_by` are the ids of the facts it rests on. `corrected` is when one of them became known, if
    the event was closed by then.
    """

    interval: Interval
    seconds: float
    place: str
    opened_by: str | None
    ended_by: str | None
    start_known: str
    end_known: str
    grade: str
    corrected: datetime | None


def add_person_page(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/events/{event_id}/live/people/{subject}", show_person)


async def show_person(request: web.Request) -> web.Response:
    """The page as it stands, or as it was known at an instant."""
    subject = request.match_info["subject"]
    require(request, *READERS, event_id=request.match_info["event_id"])
    query = read_query(request, PersonQuery)
    event = await known_event(request)
    known = asked_moment(request, query.as_of, timezone=event.timezone)
    try:
        report = await request.app[READING].person(event.event_id, subject, as_of=known.moment)
    except UnknownPersonError:
        raise not_found("The event knows no such participant or guest.") from None
    standing = report.standings[0]
    if standing.subject != subject:
        raise web.HTTPSeeOther(
            str(request.rel_url.with_path(f"/events/{event.event_id}/live/people/{standing.subject}"))
        )
    names = await names_for(request, event.event_id, [subject])
    person = Person(standing=standing, name=names.get(subject))
    # What they did as a guest, before somebody knew who they were, is theirs too.
    known_as = frozenset({subject, *await request.app[TIMELINE].guests_of(event.event_id, subject)})
    wanted = Filter(subjects=known_as, as_of=known.moment)
    entries = await request.app[TIMELINE].latest(event.event_id, limit=_ENTRIES, wanted=wanted)
    presence = standing.presence
    pages = max(1, -(-len(presence.intervals) // ROWS))
    page = min(query.page, pages)
    shown = presence.intervals[(page - 1) * ROWS : page * ROWS]
    doubtful = await _doubtful(request, event, presence, wanted)
    return render(
        request,
        "person.html",
        status=known.status,
        event=event,
        known=known,
        person=person,
        identifier=short_id(subject),
        guest=is_guest(person),
        named=sees_names(request),
        lengths=seconds_of(durations(presence.intervals, horizon=report.horizon)),
        day=day_of(event, presence, report.horizon),
        rows=await _rows(request, event, shown, horizon=report.horizon, as_of=known.moment),
        page=page,
        pages=pages,
        contradictions=_contradictions(request, presence.contradictions),
        doubtful=await lines(request, event, doubtful),
        lines=await lines(request, event, entries),
        back=str(request.rel_url) if sees_names(request) and known.moment is None else None,
        horizon=None if report.horizon is None else instant(report.horizon),
        going=going_on(event, report.horizon, known=known, now=request.app[CLOCK]()) if is_present(person) else None,
        going_modes=_GO_ON.get(presence.status, ()),
        instant=instant,
    )


async def _rows(
    request: web.Request,
    event: EventData,
    intervals: Sequence[Interval],
    *,
    horizon: int | None,
    as_of: datetime | None,
) -> list[Row]:
    gettext = texts_of(request).gettext
    rests_on = {fact_id for interval in intervals for fact_id in interval.facts}
    timeline = request.app[TIMELINE]
    facts = await timeline.named(event.event_id, rests_on, as_of=as_of)
    closed = await timeline.closed_at(event.event_id, as_of=as_of)
    return [
        Row(
            interval=interval,
            seconds=durations([interval], horizon=horizon).total / 1000,
            place=wording.place(interval, gettext),
            opened_by=interval.facts[0] if interval.facts else None,
            ended_by=interval.facts[-1] if interval.facts and interval.end is not None else None,
            start_known=wording.start_known(interval, gettext),
            end_known=wording.end_known(interval, gettext),
            grade=wording.grade(interval, gettext),
            corrected=_corrected(interval, facts, closed),
        )
        for interval in intervals
    ]


def _corrected(interval: Interval, facts: Mapping[str, Entry], closed: int | None) -> datetime | None:
    """When the last of the facts of an interval became known that came after the close; None if none did."""
    known = (facts[fact_id] for fact_id in interval.facts if fact_id in facts)
    late = [entry.recorded for entry in known if is_correction(entry, closed=closed)]
    return instant(max(late)) if late else None


async def _doubtful(request: web.Request, event: EventData, presence: Presence, wanted: Filter) -> list[Entry]:
    """The facts of somebody whose time is suspect: those left out, then those that an organizer accepted."""
    timeline = request.app[TIMELINE]
    left_out = await timeline.named(event.event_id, presence.suspect[:_DOUBTS], as_of=wanted.as_of)
    accepted = await timeline.accepted(event.event_id, limit=_DOUBTS, wanted=wanted)
    return [*sorted(left_out.values(), key=lambda entry: (entry.time, entry.id)), *accepted]


def _contradictions(request: web.Request, found: Sequence[Contradiction]) -> list[tuple[Contradiction, str]]:
    gettext = texts_of(request).gettext
    return [(one, wording.contradiction(one, gettext)) for one in found[:_DOUBTS]]
