"""Attendance, asked for records over HTTP as services know each other; its answer becomes the domain's values."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from schemas.envelope import Instant
from services.chassis.neighbour_calls import NeighbourAwayError, NeighbourCalls, NeighbourFailedError
from services.chassis.settings import CommonSettings
from services.registration.domain.attendance_errors import AttendanceAwayError
from services.registration.domain.attendance_records import (
    AttendanceRecord,
    AttendanceRecords,
    AttendedInterval,
    AttendedTime,
    Attribution,
    Basis,
    Evidence,
    HalfDay,
    HeldSession,
    Schedule,
)
from services.registration.domain.seats import Mode

_PATIENCE_SECONDS: Final = 30.0
"""A page of 2,000 people with a thousand intervals each takes a while; whoever waits for one is shown the progress."""


class HttpAttendanceReckoning:
    """Asks attendance; implements the port `AttendanceReckoning`."""

    def __init__(self, settings: CommonSettings, *, patience: float = _PATIENCE_SECONDS) -> None:
        """Where attendance is comes from `settings`; `patience` is in seconds, for each page."""
        self._url = f"{settings.attendance_url}/internal/attendance-records"
        self._calls = NeighbourCalls(settings)
        self._patience = patience

    async def page(
        self,
        event_id: str,
        *,
        participant_ids: Sequence[str] | None = None,
        as_of: datetime | None = None,
        after: str | None = None,
        limit: int = 500,
    ) -> AttendanceRecords:
        """See the port."""
        asked = {
            "event_id": event_id,
            "participant_ids": None if participant_ids is None else list(participant_ids),
            "as_of": None if as_of is None else as_of.isoformat(),
            "after": after,
            "limit": limit,
        }
        body = {name: value for name, value in asked.items() if value is not None}
        try:
            answered = await self._calls.get(self._url, body, _Records, patience=self._patience)
        except (NeighbourAwayError, NeighbourFailedError) as error:
            raise AttendanceAwayError(event_id) from error
        # Of hundreds of people that takes a moment, in which this process has others to answer.
        return await asyncio.to_thread(answered.value)


class _Time(BaseModel):
    in_person: int
    remote: int
    both: int
    total: int
    inferred: int
    basis: Basis
    attributed: Attribution | None = None

    def value(self) -> AttendedTime:
        return AttendedTime(
            in_person=self.in_person,
            remote=self.remote,
            both=self.both,
            total=self.total,
            inferred=self.inferred,
            basis=self.basis,
            attributed=self.attributed,
        )


class _Interval(BaseModel):
    mode: Mode
    start: Instant
    end: Instant | None = None
    via: str
    sources: tuple[str, ...] = ()
    start_inferred: bool = False
    end_inferred: str | None = None
    grade: Basis
    facts: tuple[str, ...] = ()

    def value(self) -> AttendedInterval:
        return AttendedInterval(
            mode=self.mode,
            start=self.start,
            end=self.end,
            via=self.via,
            sources=self.sources,
            start_inferred=self.start_inferred,
            end_inferred=self.end_inferred,
            grade=self.grade,
            facts=self.facts,
        )


class _HalfDay(BaseModel):
    half_day_id: str
    starts_at: Instant
    ends_at: Instant


class _Session(BaseModel):
    session_id: str
    title: str
    starts_at: Instant
    ends_at: Instant


class _Evidence(BaseModel):
    root: str
    facts: int


class _Person(BaseModel):
    participant_id: str
    registration: str | None = None
    mode: Mode | None = None
    headcount: int | None = None
    whole: _Time
    half_days: Mapping[str, _Time] = {}
    sessions: Mapping[str, _Time] = {}
    intervals: tuple[_Interval, ...] = ()

    def value(self, schedule: Schedule) -> AttendanceRecord:
        own: dict[str, Any] = {
            "participant_id": self.participant_id,
            "registration": self.registration,
            "mode": self.mode,
            "headcount": self.headcount,
        }
        return AttendanceRecord(
            schedule=schedule,
            **own,
            whole=self.whole.value(),
            half_days={name: time.value() for name, time in self.half_days.items()},
            sessions={name: time.value() for name, time in self.sessions.items()},
            intervals=tuple(interval.value() for interval in self.intervals),
        )


class _Records(BaseModel):
    event_id: str
    as_of: Instant
    horizon: Instant | None = None
    open: bool
    reconnect_grace_seconds: int | None = None
    evidence: _Evidence
    half_days: tuple[_HalfDay, ...]
    sessions: tuple[_Session, ...]
    people: tuple[_Person, ...]
    next: str | None = None

    def value(self) -> AttendanceRecords:
        schedule = Schedule(
            event_id=self.event_id,
            as_of=self.as_of,
            open=self.open,
            reconnect_grace_seconds=self.reconnect_grace_seconds,
            half_days=tuple(HalfDay(**each.model_dump()) for each in self.half_days),
            sessions=tuple(HeldSession(**each.model_dump()) for each in self.sessions),
        )
        return AttendanceRecords(
            schedule=schedule,
            horizon=self.horizon,
            evidence=Evidence(root=self.evidence.root, facts=self.evidence.facts),
            people=tuple(each.value(schedule) for each in self.people),
            next=self.next,
        )
