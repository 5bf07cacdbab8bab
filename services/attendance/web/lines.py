"""Entries of the timeline as lines of a page, in plain words and with the names that its reader may see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from aiohttp import web

from schemas.registration import EventData
from services.attendance.adapters.tables import SIGHTINGS
from services.attendance.application.translation import instant
from services.attendance.domain.facts import Mode
from services.attendance.domain.reading import Entry
from services.attendance.web import wording
from services.attendance.web.api import TIMELINE
from services.attendance.web.people import names_for, short_id
from services.chassis.pages import texts_of

_LATE_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry. `late` is when it became known, where that is worth saying; `after_close`: the event was closed then.

    `subject` is whose page tells of it, `told_of` whom the fact names: perhaps a guest who turned out to be them.
    `withdrawn` is when an inferred end was found untrue. `doubt` says what is wrong with the time it tells, and
    `accepted` whether it counts all the same.
    """

    id: str
    time: datetime
    kind: str
    subject: str | None
    told_of: str | None
    who: str | None
    did: str
    where: str | None
    status: str | None
    late: datetime | None
    after_close: bool
    other_day: bool
    withdrawn: datetime | None
    doubt: str | None
    accepted: bool


async def lines(
    request: web.Request, event: EventData, entries: Sequence[Entry], *, late: Collection[str] = ()
) -> list[Line]:
    """Entries as lines; those of the ids in `late` say when they became known, as do those from after the close."""
    gettext = texts_of(request).gettext
    zone = ZoneInfo(event.timezone)
    day = event.starts_at.astimezone(zone).date()
    subjects = {entry.subject for entry in entries if entry.subject is not None}
    names = await names_for(request, event.event_id, subjects)
    closed = await request.app[TIMELINE].closed_at(event.event_id)
    places = {room.room_id: room.name for room in event.rooms}
    places |= {session.session_id: session.title for session in event.sessions}
    shown = []
    for entry in entries:
        after_close = is_correction(entry, closed=closed)
        shown.append(
            Line(
                id=entry.id,
                time=instant(entry.time),
                kind="" if entry.mode is None else {Mode.IN_PERSON: "on-site"}.get(entry.mode, "remote"),
                subject=entry.subject,
                told_of=entry.guest_id or entry.participant_id,
                who=entry.subject and (names.get(entry.subject) or short_id(entry.subject)),
                did=wording.said(entry, gettext),
                where=wording.where(entry, places),
                status=entry.reached.status.value if entry.reached and wording.moved(entry) else None,
                late=instant(entry.recorded) if entry.id in late or after_close else None,
                after_close=after_close,
                other_day=instant(entry.time).astimezone(zone).date() != day,
                withdrawn=None if entry.withdrawn is None else instant(entry.withdrawn),
                doubt=wording.doubt(entry, gettext),
                accepted=bool(entry.accepted),
            )
        )
    return shown


def is_correction(entry: Entry, *, closed: int | None) -> bool:
    """Whether a fact about somebody became known when the event was closed already."""
    return closed is not None and entry.recorded > closed and wording.corrects(entry)


async def late_ids(request: web.Request, event_id: str, entries: Sequence[Entry]) -> set[str]:
    """The ids of sightings that became known after later ones: a platform that sends in batches, a scanner offline."""
    late: set[str] = set()
    if not entries:
        return late
    known = sorted(entries, key=lambda entry: entry.position)
    horizon = await request.app[TIMELINE].horizon(event_id, before=known[0].position) or 0
    for entry in known:
        if entry.type in SIGHTINGS and (entry.suspect is None or entry.accepted):
            if entry.time < horizon - _LATE_MS:
                late.add(entry.id)
            horizon = max(horizon, entry.time)
    return late
