"""The people of an event: a list to search."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, Field

from schemas.registration import EventData
from services.attendance.application.translation import instant
from services.attendance.domain.intervals import durations
from services.attendance.web.api import READERS, READING, TIMELINE, counted_in, known_event
from services.attendance.web.going_on import going_on
from services.attendance.web.known_at import asked_moment
from services.attendance.web.moments import CLOCK
from services.attendance.web.people import Person, is_guest, is_present, search
from services.attendance.web.people_groups import group_words
from services.attendance.web.report_tables import Tongue
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import language_of, render, texts_of

ROWS: Final = 25
"""People on one page of the list."""
_ENTRIES: Final = 12

Asked = Literal["", "here", "on_site", "remote", "both", "away", "absent", "contradicted", "suspect"]


class PeopleQuery(BaseModel):
    """Whom to list; `after` is the id of the last one on the page before, `group` those whom a figure counts."""

    who: Annotated[str, Field(max_length=100)] = ""
    status: Asked = ""
    after: Annotated[str, Field(max_length=200)] = ""
    as_of: Annotated[str, Field(max_length=40)] = ""
    group: Annotated[str, Field(max_length=300)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Somebody in the list, whether they are present, and the seconds they were."""

    person: Person
    guest: bool
    present: bool
    seconds: float


def add_people_pages(app: web.Application) -> None:
    """Route the list."""
    app.router.add_get("/events/{event_id}/live/people", list_people)


async def list_people(request: web.Request) -> web.Response:
    """Those who are here first; for organizers by name."""
    require(request, *READERS, event_id=request.match_info["event_id"])
    query = read_query(request, PeopleQuery)
    event = await known_event(request)
    known = asked_moment(request, query.as_of, timezone=event.timezone)
    among = await counted_in(request, query.group, known.moment)
    found = await search(
        request,
        request.app[READING],
        event.event_id,
        words=query.who,
        status=query.status,
        as_of=known.moment,
        among=among,
    )
    ids = [person.entry.subject for person in found]
    # A page begins after a person, wherever they stand by now: the order changes as people come and go.
    first = ids.index(query.after) + 1 if query.after in ids else 0
    shown = found[first : first + ROWS]
    names = {person.entry.subject: person.name for person in shown}
    standings = await request.app[READING].standings_of(event.event_id, [person.entry for person in shown])
    horizon = await request.app[TIMELINE].horizon(event.event_id, as_of=known.moment)
    return render(
        request,
        "people.html",
        status=known.status,
        known=known,
        event=event,
        query=query,
        group=group_words(query.group, event, _tongue(request, event)) if query.group else None,
        count=len(found),
        first=first,
        horizon=None if horizon is None else instant(horizon),
        going=going_on(event, horizon, known=known, now=request.app[CLOCK]()),
        people=[_listed(Person(standing=one, name=names[one.subject]), horizon) for one in standings],
        following=ids[first + ROWS - 1] if first + ROWS < len(found) else None,
    )


def _tongue(request: web.Request, event: EventData) -> Tongue:
    return Tongue(language=language_of(request), timezone=event.timezone, gettext=texts_of(request).gettext)


def _listed(person: Person, horizon: int | None) -> Listed:
    lengths = durations(person.standing.presence.intervals, horizon=horizon)
    return Listed(person=person, guest=is_guest(person), present=is_present(person), seconds=lengths.total / 1000)
