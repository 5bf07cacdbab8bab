"""The whole report: everything that is counted of an event, and whom each number counts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.attendance.domain.evidence import Grade
from services.attendance.domain.heads import Peak, peak_of
from services.attendance.domain.intervals import Durations, EndInferred, measure
from services.attendance.domain.report.attendees import Assurance, Attendee
from services.attendance.domain.report.flow import Flow, flow_of
from services.attendance.domain.report.groups import Group, Groups, People, Shared, people_of, shared_of
from services.attendance.domain.report.parts import (
    Attendance,
    InSession,
    Part,
    Retention,
    attendance_of,
    gathered,
    retention_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """The most people at once, by mode; None where there never was anybody."""

    in_person: Peak | None
    remote: Peak | None
    both: Peak | None
    total: Peak | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """How good what the report rests on is.

    `time` is by instants, the rest counts intervals, ends and facts. `suspect` facts count for nothing in the report.
    `people_…` are how many have at least one interval, or one fact, of that kind.
    """

    time: Assurance
    intervals: Mapping[Grade, int]
    inferred_starts: int
    inferred_ends: Mapping[EndInferred, int]
    contradictions: int
    suspect: int
    people_inferred: int
    people_contradicted: int
    people_suspect: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is told of an event. Shared connections are counted in `shared`, and nowhere else.

    `durations` are of all people together; `mean` is how many were there at once on average
    over the half-days. `groups` holds those whom each number counts.
    """

    people: People
    shared: Shared
    durations: Durations
    peaks: Peaks
    mean: float | None
    half_days: Sequence[Attendance]
    sessions: Sequence[Attendance]
    retention: Sequence[Retention]
    flow: Flow
    evidence: Evidence
    groups: Mapping[Group, Sequence[str]]


def report(
    attendees: Sequence[Attendee],
    *,
    half_days: Sequence[Part],
    sessions: Sequence[Part],
    reached: int,
    grace: int,
    suspect_rooms: int = 0,
    in_session: InSession | None = None,
) -> Report:
    """Count everything.

    `reached` is the instant up to which it is known who was there: the horizon, or the end of what is over. `grace` is
    the reconnect grace, `suspect_rooms` how many facts about rooms are left out because of their time. Where sessions
    run side by side, `in_session` tells who was in which.
    """
    groups = Groups()
    persons = [one for one in attendees if one.headcount is None]
    came = [one for one in persons if one.spans.total]

    halves = [attendance_of(one, "half_day", reached=reached, groups=groups) for one in gathered(came, half_days, None)]
    attended = [
        (one, attendance_of(one, "session", reached=reached, groups=groups))
        for one in gathered(came, sessions, in_session)
    ]
    length = sum(one.length for one in halves)
    return Report(
        people=people_of(persons, groups),
        shared=shared_of([one for one in attendees if one.headcount is not None], groups),
        durations=Durations(
            in_person=sum(measure(one.spans.in_person) for one in came),
            remote=sum(measure(one.spans.remote) for one in came),
            both=sum(measure(one.spans.both) for one in came),
        ),
        peaks=_peaks(came),
        mean=round(sum(one.durations.total for one in halves) / length, 1) if length else None,
        half_days=halves,
        sessions=[attendance for _, attendance in attended],
        retention=[retention_of(one, attendance.people, reached=reached) for one, attendance in attended],
        flow=flow_of(persons, grace=grace, groups=groups),
        evidence=_evidence(persons, groups, suspect_rooms=suspect_rooms),
        groups=groups.found,
    )


def _peaks(came: Sequence[Attendee]) -> Peaks:
    return Peaks(
        in_person=peak_of([span for one in came for span in one.spans.in_person]),
        remote=peak_of([span for one in came for span in one.spans.remote]),
        both=peak_of([span for one in came for span in one.spans.both]),
        total=peak_of([span for one in came for span in one.spans.total]),
    )


def _evidence(persons: Sequence[Attendee], groups: Groups, *, suspect_rooms: int) -> Evidence:
    grades: Counter[Grade] = Counter()
    ends: Counter[EndInferred] = Counter()
    starts, inferred = 0, []
    for one in persons:
        grades.update(one.grades)
        if Grade.INFERRED in one.grades:
            inferred.append(one.subject)
        for interval in one.intervals:
            starts += interval.start_inferred
            if interval.end_inferred is not None:
                ends[interval.end_inferred] += 1
    return Evidence(
        time=Assurance(
            observed=sum(one.assurance.observed for one in persons),
            inferred=sum(one.assurance.inferred for one in persons),
            contradicted=sum(one.assurance.contradicted for one in persons),
            bridged=sum(one.assurance.bridged for one in persons),
        ),
        intervals={grade: grades[grade] for grade in Grade},
        inferred_starts=starts,
        inferred_ends={reason: ends[reason] for reason in EndInferred},
        contradictions=sum(one.contradictions for one in persons),
        suspect=suspect_rooms + sum(one.suspect for one in persons),
        people_inferred=groups.put("inferred", inferred),
        people_contradicted=groups.put("contradicted", (one.subject for one in persons if one.contradictions)),
        people_suspect=groups.put("suspect", (one.subject for one in persons if one.suspect)),
    )
