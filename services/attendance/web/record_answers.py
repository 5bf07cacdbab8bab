"""What is told of how much people attended, for documents that registration issues: whole seconds, and no name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BaseModel, Field

from schemas.envelope import Instant
from schemas.presence import Grade
from schemas.registration import EventStatus, Mode
from services.attendance.application.attendance_records import EventRecords, PersonRecord
from services.attendance.application.evidence import Evidence, Proof
from services.attendance.application.translation import instant
from services.attendance.domain.agenda import Agenda
from services.attendance.domain.attended import Attended
from services.attendance.domain.attribution import Attribution
from services.attendance.domain.facts import Registration
from services.attendance.domain.intervals import EndInferred, Interval

_SECOND: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedTime:
    """Whole seconds, rounded down: `total` = `in_person` + `remote` - `both`, by which `both` may be a second off.

    `inferred` is the part that rests on inferred ends alone, `bridged` the part in gaps of the reconnect grace. `basis`
    is the worst grade of the intervals behind it. `attributed` is how it is known, of a session that ran beside others,
    that somebody who was there then was in it; null of all else.
    """

    in_person: int
    remote: int
    both: int
    total: int
    inferred: int
    bridged: int
    basis: Grade
    attributed: Attribution | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedInterval:
    """A stay as reports have it: remote ones that the grace joins are one. `end` is null while it goes on."""

    mode: Mode
    start: Instant
    end: Instant | None
    via: str
    sources: list[str]
    start_inferred: bool
    end_inferred: EndInferred | None
    grade: Grade
    facts: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPerson:
    """One participant; each half-day and session of the event is there by its id, also where they were not."""

    participant_id: str
    registration: Registration | None
    mode: Mode | None
    headcount: int | None
    whole: AttendedTime
    half_days: dict[str, AttendedTime]
    sessions: dict[str, AttendedTime]
    intervals: list[RecordedInterval]


class HalfDayItem(BaseModel):
    """Half a day in which something takes place, from its first minute to its last."""

    half_day_id: str
    starts_at: Instant
    ends_at: Instant


class SessionItem(BaseModel):
    """A session that takes place."""

    session_id: str
    title: str
    starts_at: Instant
    ends_at: Instant
    room: str | None


class EvidenceItem(BaseModel):
    """The root of the tree over the facts it rests on, in hexadecimal, and how many they are."""

    root: str
    facts: int


class Records(BaseModel):
    """Some people of an event, by id, as known at `as_of`; `open` says that the event is not over yet.

    `planned` are the seconds of all half-days together; `days` the hours of each day, which `whole` is counted in.
    `reconnect_grace_seconds` is the setting of the event, as of then, that gaps were bridged by.
    """

    event_id: str
    as_of: Instant
    horizon: Instant | None
    open: bool
    evidence: EvidenceItem
    planned: int
    reconnect_grace_seconds: int
    days: list[tuple[Instant, Instant]]
    half_days: list[HalfDayItem]
    sessions: list[SessionItem]
    people: list[RecordedPerson]
    next: Annotated[str | None, Field(description="After whom there are more; null if there are not.")]


class ProofItem(BaseModel):
    """A fact by its id and its leaf's hash, the place of the leaf, and the hashes beside its way to the root."""

    fact_id: str
    leaf: str
    index: int
    path: list[str]


class Proofs(EvidenceItem):
    """The evidence, and what proves that some facts are in it; all hashes are SHA-256, in hexadecimal.

    `people` has the proofs of each, where several were asked about.
    """

    proofs: list[ProofItem]
    people: dict[str, list[ProofItem]] = {}


def proofs(evidence: Evidence, found: Iterable[Proof], *, people: Mapping[str, Iterable[Proof]]) -> Proofs:
    """The answer that proves facts."""
    return Proofs(
        root=evidence.root,
        facts=evidence.facts,
        proofs=_proof_items(found),
        people={subject: _proof_items(theirs) for subject, theirs in people.items()},
    )


def _proof_items(found: Iterable[Proof]) -> list[ProofItem]:
    return [
        ProofItem(
            fact_id=proof.fact_id,
            leaf=proof.leaf.hex(),
            index=proof.index,
            path=[beside.hex() for beside in proof.path],
        )
        for proof in found
    ]


def records(found: EventRecords) -> Records:
    """The answer."""
    agenda = found.agenda
    return Records(
        event_id=found.event.event_id,
        as_of=instant(found.as_of),
        horizon=None if found.horizon is None else instant(found.horizon),
        open=found.event.status in {EventStatus.DRAFT, EventStatus.PUBLISHED},
        evidence=EvidenceItem(root=found.evidence.root, facts=found.evidence.facts),
        planned=agenda.planned // _SECOND,
        reconnect_grace_seconds=found.event.reconnect_grace_seconds,
        days=[(instant(start), instant(end)) for start, end in agenda.days],
        half_days=_half_days(agenda),
        sessions=_sessions(agenda),
        people=[_person(one) for one in found.people],
        next=found.next,
    )


def attended_time(attended: Attended) -> AttendedTime:
    """A time in whole seconds."""
    return AttendedTime(
        **attended.seconds,
        basis=Grade(attended.basis),
        attributed=attended.attributed,
    )


def _half_days(agenda: Agenda) -> list[HalfDayItem]:
    return [
        HalfDayItem(half_day_id=half.id, starts_at=instant(half.start), ends_at=instant(half.end))
        for half in agenda.half_days
    ]


def _sessions(agenda: Agenda) -> list[SessionItem]:
    return [
        SessionItem(
            session_id=slot.id,
            title=slot.title,
            starts_at=instant(slot.start),
            ends_at=instant(slot.end),
            room=slot.room,
        )
        for slot in agenda.slots
    ]


def _person(found: PersonRecord) -> RecordedPerson:
    person, record = found.person, found.record
    mode = person.presence.registered_mode
    return RecordedPerson(
        participant_id=person.subject,
        registration=person.presence.registration,
        mode=None if mode is None else Mode(mode),
        headcount=person.headcount,
        whole=attended_time(record.whole),
        half_days={one: attended_time(spent) for one, spent in record.half_days.items()},
        sessions={one: attended_time(spent) for one, spent in record.sessions.items()},
        intervals=[_interval(interval) for interval in record.intervals],
    )


def _interval(interval: Interval) -> RecordedInterval:
    return RecordedInterval(
        mode=Mode(interval.mode),
        start=instant(interval.start),
        end=None if interval.end is None else instant(interval.end),
        via=interval.via,
        sources=list(interval.sources),
        start_inferred=interval.start_inferred,
        end_inferred=interval.end_inferred,
        grade=Grade(interval.grade),
        facts=list(interval.facts),
    )
