"""The report of an event: read, counted, and kept for a moment, so that its page and its files are of one piece."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from schemas.identifiers import is_guest_id
from schemas.registration import EventData, EventStatus
from services.attendance.adapters.tables import to_column
from services.attendance.adapters.timeline import Moment
from services.attendance.application.attendance_records import AttendanceRecords, event_agenda, event_counting
from services.attendance.application.known_people import KnownPerson
from services.attendance.application.reading import Reading
from services.attendance.domain.agenda import Agenda
from services.attendance.domain.attribution import Spent
from services.attendance.domain.heads import Spans
from services.attendance.domain.reading import Standing
from services.attendance.domain.report.attendees import Attendee, attendee, in_windows, spans_of_modes
from services.attendance.domain.report.parts import Part
from services.attendance.domain.report.whole import Report, report
from services.chassis.clock import Clock
from services.chassis.process import collecting_later

_KEPT: Final = 4
"""Reports in memory; the one not asked for the longest goes first."""
_EVER: Final = 2**62
_AGE_SECONDS: Final = 60
"""How long a report of now may be given again while nothing new was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReport:
    """The report of an event as it was known at `as_of`, and the event as it was known then.

    `nothing_before` is when the first fact of the event was recorded, if `as_of` lies before it; else None. `root` is
    that of the tree of the `facts`, so many, which it rests on.
    """

    event: EventData
    as_of: datetime
    horizon: int | None
    nothing_before: int | None
    root: str
    facts: int
    report: Report

    @property
    def open(self) -> bool:
        """Whether the event was not over: its figures can still become others."""
        return self.event.status not in {EventStatus.CLOSED, EventStatus.CANCELLED}


@dataclass(slots=True)
class _Kept:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    moment: Moment | None = None
    drawn: EventReport | None = None


class Reports:
    """Draws reports from the read model; one `as_of` gives one report, once all that was recorded by then is stored."""

    def __init__(self, reading: Reading, records: AttendanceRecords, *, clock: Clock) -> None:
        """Ask `reading` for the event and `records` for its people; `clock` tells what now is."""
        self._reading = reading
        self._records = records
        self._clock = clock
        self._kept: OrderedDict[tuple[str, datetime | None], _Kept] = OrderedDict()

    async def of(self, event_id: str, *, as_of: datetime | None = None) -> EventReport:
        """The report of an event as it was known at an instant, or as it is now: that of `as_of` now.

        Raises:
            UnknownEventError: if no fact tells of it.
        """
        moment = await self._reading.timeline.moment()
        kept = self._keep((event_id, as_of))
        async with kept.lock:
            now = self._clock()
            aged = as_of is None and kept.drawn is not None and (now - kept.drawn.as_of).total_seconds() > _AGE_SECONDS
            if kept.drawn is None or kept.moment != moment or aged:
                with collecting_later():
                    kept.drawn = await self._draw(event_id, as_of or now)
                kept.moment = moment
            drawn = kept.drawn
        if as_of is None:
            # Its files, and the lists of those it counts, are asked for by the instant it names.
            self._keep((event_id, drawn.as_of)).drawn = drawn
            self._keep((event_id, drawn.as_of)).moment = kept.moment
        return drawn

    def _keep(self, key: tuple[str, datetime | None]) -> _Kept:
        kept = self._kept.setdefault(key, _Kept())
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept

    async def _draw(self, event_id: str, as_of: datetime) -> EventReport:
        timeline = self._reading.timeline
        event = await self._reading.event(event_id, as_of=as_of)
        first = await timeline.first_recorded(event_id)
        evidence, people = await self._records.everybody(event_id, as_of=as_of)
        horizon = await timeline.horizon(event_id, as_of=as_of)
        suspect = len(await timeline.suspect_rooms(event_id, as_of=as_of))
        return EventReport(
            event=event,
            as_of=as_of,
            horizon=horizon,
            nothing_before=first if first is not None and first > to_column(as_of) else None,
            root=evidence.root,
            facts=evidence.facts,
            report=await asyncio.to_thread(_report, event, people, horizon=horizon, suspect_rooms=suspect),
        )


def _report(event: EventData, people: Mapping[str, KnownPerson], *, horizon: int | None, suspect_rooms: int) -> Report:
    grace = 1000 * event.reconnect_grace_seconds
    agenda = event_agenda(event)
    found = (
        attendee(
            Standing(subject=one.subject, presence=one.presence),
            guest=is_guest_id(one.subject),
            headcount=one.headcount,
            horizon=horizon,
            grace=grace,
            days=agenda.days,
        )
        for one in people.values()
    )
    return report(
        [one for one in found if one is not None],
        half_days=[Part(id=one.id, title=one.id, start=one.start, end=one.end) for one in agenda.half_days],
        sessions=[Part(id=one.id, title=one.title, start=one.start, end=one.end) for one in agenda.slots],
        # Of an event that is over nothing goes on: whoever was not seen at its end was not there.
        reached=_EVER if event.status is EventStatus.CLOSED else horizon or 0,
        grace=grace,
        suspect_rooms=suspect_rooms,
        in_session=_in_session(event, agenda, people, horizon=horizon) if agenda.parallels else None,
    )


def _in_session(
    event: EventData, agenda: Agenda, people: Mapping[str, KnownPerson], *, horizon: int | None
) -> Callable[[Attendee, Part], Spans]:
    """Who was in which session, where some run side by side."""
    counting = event_counting(event, agenda, horizon=horizon)
    beside = {slot.id for parallel in agenda.parallels for slot in parallel.slots}
    known: dict[str, Mapping[str, Spent]] = {}

    def told(one: Attendee, part: Part) -> Spans:
        if part.id not in beside:
            return in_windows(one.spans, [(part.start, part.end)])
        if one.subject not in known:
            person = people[one.subject]
            known[one.subject] = counting.in_sessions(person.presence.intervals, person.whereabouts)
        return spans_of_modes(*known[one.subject][part.id])

    return told
