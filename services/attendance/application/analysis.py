"""What analysts are told of an event: who was here in which minutes, under random ids, and nobody who would stand out.

See decision 0042 and `domain/crowds.py`.
"""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from schemas.registration import EventData, EventStatus, Session
from services.attendance.adapters.tables import to_column
from services.attendance.application.reading import Reading, Report
from services.attendance.application.translation import instant
from services.attendance.application.xapi import Attendee
from services.attendance.domain.comparison import Attended
from services.attendance.domain.crowds import Crowd, Ways, crowd, in_mode, told_seats, ways_of
from services.attendance.domain.errors import AttendanceError
from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.heads import spans_of
from services.attendance.domain.intervals import Span, measure, union
from services.chassis.secrets import derive_key

_KEPT: Final = 1000
"""Events whose figures are in memory: small, and dear to count again."""


class StillOpenError(AttendanceError):
    """Analysts are told of an event once it is closed: while people come, two answers tell who came in between."""

    def __init__(self, event_id: str) -> None:
        """Keep which."""
        super().__init__(f"{event_id} is not closed")
        self.event_id = event_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Somebody in a mode, from the beginning of a minute to that of another; `person` is a random id."""

    person: str
    mode: Mode
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """All that can be told of an event; `complete` if nobody and nothing had to be left out for it.

    `seats` are confirmed registrations, `came_with_seat` those of them who are told of; None where that would tell how
    many of a small group are not.
    """

    event: EventData
    smallest: int
    complete: bool
    stays: Sequence[Stay]
    seats: int | None
    came_with_seat: int | None

    @property
    def sessions(self) -> Sequence[Session]:
        """Those of the agenda that took place."""
        return [session for session in self.event.sessions if not session.cancelled]


class Analysis:
    """Answers what analysts ask of closed events."""

    def __init__(self, reading: Reading, *, secret: str, smallest: int) -> None:
        """Tell groups of at least `smallest`; `secret` is that of the installation: random ids follow from it."""
        self._reading = reading
        self._key = derive_key(secret, purpose="analysis")
        self._smallest = smallest
        self._figures: dict[str, tuple[object, Attended]] = {}
        # One at a time: a large event takes seconds of one processor and many megabytes.
        self._turn = asyncio.Lock()

    @property
    def smallest(self) -> int:
        """How many people a group has at least that is told of."""
        return self._smallest

    async def of(self, event_id: str, *, reader: str) -> Analysed:
        """What can be told of an event; its random ids are this reader's own.

        Raises:
            UnknownEventError: if no fact tells of it.
            StillOpenError: if it is not closed.
        """
        event = await self._closed(event_id)
        async with self._turn:
            report = await self._reading.people(event_id)
            named = partial(self._random_id, event_id, reader)
            return await asyncio.to_thread(told_of, event, report, named=named, smallest=self._smallest)

    async def version(self, event_id: str) -> object:
        """What is equal as long as the same is told of a closed event.

        Raises:
            UnknownEventError, StillOpenError: as `of`.
        """
        return await self._closed(event_id), await self._reading.comparison.changed(event_id)

    async def figures(self, event_id: str) -> Attended:
        """The figures of a closed event, counted from what can be told of it; counted again only after a change.

        Raises:
            UnknownEventError, StillOpenError: as `of`.
        """
        version = await self.version(event_id)
        known = self._figures.pop(event_id, None)
        if known is None or known[0] != version:
            known = version, attended(await self.of(event_id, reader=""))
        self._figures[event_id] = known
        if len(self._figures) > _KEPT:
            del self._figures[next(iter(self._figures))]
        return known[1]

    async def attendees(self, event_id: str, *, reader: str | None) -> tuple[EventData, Sequence[Attendee]]:
        """Who attended a closed event, and when, under random names: what can be told to a reader; all without one.

        Raises:
            UnknownEventError, StillOpenError: as `of`.
        """
        if reader is not None:
            analysed = await self.of(event_id, reader=reader)
            people = spans_by_person(analysed.stays)
            return analysed.event, [Attendee(name=person, spans=spans) for person, spans in people.items()]
        event = await self._closed(event_id)
        report = await self._reading.people(event_id)
        found = []
        for standing in report.standings:
            spans = spans_of(standing.presence.intervals, horizon=report.horizon or 0)
            name = self._random_id(event_id, "", standing.subject)
            found.append(Attendee(name=name, spans={Mode.IN_PERSON: spans.in_person, Mode.REMOTE: spans.remote}))
        return event, sorted(found, key=lambda attendee: attendee.name)

    async def _closed(self, event_id: str) -> EventData:
        event = await self._reading.event(event_id)
        if event.status is not EventStatus.CLOSED:
            raise StillOpenError(event_id)
        return event

    def _random_id(self, event_id: str, reader: str, subject: str) -> str:
        parts = (event_id, reader, subject)
        named = "".join(f"{len(part)}:{part}" for part in parts)
        return f"anon_{hmac.new(self._key, named.encode(), hashlib.sha256).hexdigest()[:32]}"


def told_of(event: EventData, report: Report, *, named: Callable[[str], str], smallest: int) -> Analysed:
    """What can be told of the people of an event; `named` gives their random ids."""
    known = crowd(
        _people(report),
        sessions=[
            (to_column(session.starts_at), to_column(session.ends_at))
            for session in event.sessions
            if not session.cancelled
        ],
        smallest=smallest,
    )
    seated = {one.subject for one in report.standings if one.presence.registration is Registration.CONFIRMED}
    seats, came_with_seat = told_seats(known, seated, smallest=smallest)
    return Analysed(
        event=event,
        smallest=smallest,
        complete=known.complete,
        stays=_stays(known, {one: named(one) for one in known.people}),
        seats=seats,
        came_with_seat=came_with_seat,
    )


def attended(analysed: Analysed) -> Attended:
    """The figures that follow from what is told; hidden where people came, and nobody is told of."""
    people = spans_by_person(analysed.stays).values()
    if not people and not analysed.complete:
        return Attended(
            seats=analysed.seats,
            came_with_seat=None,
            in_person_only=None,
            remote_only=None,
            both=None,
            came=None,
            seconds_in_person=None,
            seconds_remote=None,
            seconds=None,
        )
    modes = Counter(frozenset(spans) for spans in people)
    in_person, remote, total = (
        sum(measure(union(span for mode in chosen for span in spans.get(mode, ()))) for spans in people) // 1000
        for chosen in ((Mode.IN_PERSON,), (Mode.REMOTE,), tuple(Mode))
    )
    return Attended(
        seats=analysed.seats,
        came_with_seat=analysed.came_with_seat,
        in_person_only=modes[frozenset({Mode.IN_PERSON})],
        remote_only=modes[frozenset({Mode.REMOTE})],
        both=modes[frozenset(Mode)],
        came=len(people),
        seconds_in_person=in_person,
        seconds_remote=remote,
        seconds=total,
    )


def spans_by_person(stays: Sequence[Stay]) -> Mapping[str, Mapping[Mode, Sequence[Span]]]:
    """When each person was here in each mode, as far as they are told of: disjoint spans in order."""
    spans: dict[str, dict[Mode, list[Span]]] = {}
    for stay in stays:
        theirs = spans.setdefault(stay.person, {})
        theirs.setdefault(stay.mode, []).append((to_column(stay.started_at), to_column(stay.ended_at)))
    return spans


def _people(report: Report) -> Mapping[str, Ways]:
    """When each person was here; of an event that is closed nobody is here any more."""
    found = {}
    for standing in report.standings:
        spans = spans_of(standing.presence.intervals, horizon=report.horizon or 0)
        found[standing.subject] = ways_of(spans.in_person, spans.remote)
    return found


def _stays(known: Crowd, names: Mapping[str, str]) -> list[Stay]:
    """By random id, so that their order says nothing either."""
    return [
        Stay(person=names[one], mode=mode, started_at=instant(start), ended_at=instant(end))
        for one in sorted(known.people, key=names.__getitem__)
        for mode in Mode
        for start, end in in_mode(known.people[one], mode)
    ]
