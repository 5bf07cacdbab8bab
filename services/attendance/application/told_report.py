"""The report of an event for analysts: counted from the rows that they are told, so that the two never differ.

What rows do not tell (registrations, guests, shared connections, how good the evidence is) is told nowhere else either.
"""

import asyncio
from datetime import datetime
from typing import Final

from services.attendance.application.analysis import Analysed, Analysis, spans_by_person
from services.attendance.application.attendance_records import event_agenda
from services.attendance.application.reporting import EventReport
from services.attendance.domain.facts import Mode
from services.attendance.domain.report.attendees import Assurance, Attendee, in_windows, spans_of_modes
from services.attendance.domain.report.parts import Part
from services.attendance.domain.report.whole import report
from services.chassis.clock import Clock

_EVER: Final = 2**62
_KEPT: Final = 2
"""Reports in memory: a page has three parts and three files."""


class ToldReports:
    """Draws reports for analysts, and gives one again as long as the same is told."""

    def __init__(self, analysis: Analysis, *, clock: Clock) -> None:
        """Draw what is analysed; `clock` tells when."""
        self._analysis = analysis
        self._clock = clock
        self._kept: dict[str, tuple[object, Analysed, EventReport]] = {}

    async def of(self, event_id: str) -> tuple[Analysed, EventReport]:
        """The report of a closed event, and what it is drawn from; in it nobody is named, whoever reads it.

        Raises:
            UnknownEventError: if no fact tells of the event.
            StillOpenError: if it is not closed.
        """
        version = await self._analysis.version(event_id)
        known = self._kept.pop(event_id, None)
        if known is None or known[0] != version:
            analysed = await self._analysis.of(event_id, reader="")
            known = version, analysed, await asyncio.to_thread(told_report, analysed, as_of=self._clock())
        self._kept[event_id] = known
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return known[1:]


def told_report(analysed: Analysed, *, as_of: datetime) -> EventReport:
    """The report of a closed event that counts whom analysts are told of, by the beginnings of minutes."""
    event = analysed.event
    agenda = event_agenda(event)
    attendees = []
    for person, spans in spans_by_person(analysed.stays).items():
        stays = spans_of_modes(spans.get(Mode.IN_PERSON, ()), spans.get(Mode.REMOTE, ()))
        attendees.append(
            Attendee(
                subject=person,
                guest=False,
                registration=None,
                registered_mode=None,
                headcount=None,
                came=frozenset(spans),
                stays=stays,
                spans=in_windows(stays, agenda.days),
                goes_on=False,
                assurance=Assurance(),
                intervals=(),
                grades=(),
                contradictions=0,
                suspect=0,
            )
        )
    return EventReport(
        event=event,
        as_of=as_of,
        horizon=None,
        nothing_before=None,
        root="",
        facts=0,
        report=report(
            attendees,
            half_days=[Part(id=one.id, title=one.id, start=one.start, end=one.end) for one in agenda.half_days],
            sessions=[Part(id=one.id, title=one.title, start=one.start, end=one.end) for one in agenda.slots],
            reached=_EVER,
            grace=1000 * event.reconnect_grace_seconds,
        ),
    )
