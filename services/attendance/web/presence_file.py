"""The people of an event as a file to take along: who they are, when they came and went, how long they were there."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from schemas.identifiers import is_guest_id
from services.attendance.application.translation import instant
from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.fold import Status
from services.attendance.domain.intervals import durations
from services.attendance.domain.reading import Standing
from services.attendance.web.api import READERS, READING, TIMELINE, counted_in, known_event
from services.attendance.web.known_at import asked_moment
from services.attendance.web.moments import refused
from services.attendance.web.names import NAMES
from services.attendance.web.people import search, sees_names
from services.attendance.web.people_pages import PeopleQuery
from services.chassis.access import require
from services.chassis.http import read_query
from services.chassis.pages import texts_of
from services.chassis.pages.downloads import file_name, table_file
from services.chassis.pages.languages import mark
from services.chassis.spreadsheets import Cell

_HEADINGS: Final = (
    mark("Name"),
    mark("Number"),
    mark("Registration"),
    mark("Mode"),
    mark("Now"),
    mark("First in"),
    mark("Last out"),
    mark("On site"),
    mark("Remote"),
    mark("Both at once"),
    mark("Present in all"),
    mark("On site, seconds"),
    mark("Remote, seconds"),
    mark("Both at once, seconds"),
    mark("Present in all, seconds"),
    mark("Counted up to"),
)
_WORDS: Final[Mapping[Registration | Status, str]] = {
    Registration.CONFIRMED: mark("confirmed"),
    Registration.WAITLISTED: mark("on the waitlist"),
    Registration.CANCELLED: mark("cancelled"),
    Status.ON_SITE: mark("on site"),
    Status.REMOTE: mark("remote"),
    Status.BOTH: mark("both"),
    Status.AWAY: mark("away"),
    Status.ABSENT: mark("absent"),
}


def add_presence_file(app: web.Application) -> None:
    """Route it."""
    app.router.add_get("/events/{event_id}/live/presence.{kind:csv|xlsx}", take_presence)


async def take_presence(request: web.Request) -> web.Response:
    """Those whom the page of people lists for the same question, all of them, with the names its reader may see.

    Raises:
        Problem: 400 if `as_of` is no instant that has come, 503 if it cannot be noted who takes names along.
    """
    grant = require(request, *READERS, event_id=request.match_info["event_id"])
    query = read_query(request, PeopleQuery)
    event = await known_event(request)
    known = asked_moment(request, query.as_of, timezone=event.timezone)
    if known.error:
        raise refused("as_of", known.error)
    reading = request.app[READING]
    among = await counted_in(request, query.group, known.moment)
    found = await search(
        request, reading, event.event_id, words=query.who, status=query.status, as_of=known.moment, among=among
    )
    names = {person.entry.subject: person.name for person in found}
    standings = await reading.standings_of(event.event_id, [person.entry for person in found])
    horizon = await request.app[TIMELINE].horizon(event.event_id, as_of=known.moment)
    gettext, zone = texts_of(request).gettext, ZoneInfo(event.timezone)
    headings = [gettext(heading) for heading in _HEADINGS]
    rows = [[names[one.subject], *_row(one, horizon, gettext, zone)] for one in standings]
    if sees_names(request):
        await request.app[NAMES].note_taken_along(event.event_id, by=grant.holder or grant.token_id)
    else:
        headings, rows = headings[1:], [row[1:] for row in rows]
    day = str(event.starts_at.astimezone(zone).date())
    name = file_name("presence", event.title, day, kind=request.match_info["kind"])
    return await table_file(request, headings, rows, name=name, sheet="presence")


def _row(standing: Standing, horizon: int | None, gettext: Callable[[str], str], zone: ZoneInfo) -> list[Cell]:
    """All but the name. `Last out` is empty for whoever is still there, as is `Counted up to` for whoever is not."""
    presence = standing.presence
    lengths = durations(presence.intervals, horizon=horizon)
    seconds = [round(each / 1000) for each in (lengths.in_person, lengths.remote, lengths.both, lengths.total)]
    ends = [interval.end for interval in presence.intervals if interval.end is not None]
    goes_on = len(ends) < len(presence.intervals)
    return [
        standing.subject,
        _registration(standing, gettext),
        _mode(presence.registered_mode, gettext),
        gettext(_WORDS[presence.status]),
        _local(min((interval.start for interval in presence.intervals), default=None), zone),
        None if goes_on else _local(max(ends, default=None), zone),
        *(_clock(each) for each in seconds),
        *seconds,
        _local(horizon, zone) if goes_on else None,
    ]


def _registration(standing: Standing, gettext: Callable[[str], str]) -> str | None:
    if is_guest_id(standing.subject):
        return gettext(mark("guest"))
    known = standing.presence.registration
    return known and gettext(_WORDS[known])


def _mode(mode: Mode | None, gettext: Callable[[str], str]) -> str | None:
    return mode and gettext(mark("on site") if mode is Mode.IN_PERSON else mark("remote"))


def _local(at: int | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else instant(at).astimezone(zone)


def _clock(seconds: int) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
