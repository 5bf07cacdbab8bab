"""Who a report counts, and when each was there: gaps bridged, up to the horizon, within the hours of the event.

It is the time that attendance records have (`services.attendance.domain.attended`), for all at once. A shared
connection, such as a venue's, is one attendee and no person: how many were behind it is only attested.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.fold import NOBODY
from services.attendance.domain.heads import Spans
from services.attendance.domain.intervals import Interval, Span, intersection, measure, union
from services.attendance.domain.reading import Standing

_NOWHERE: Final = Spans(in_person=(), remote=(), both=(), total=())
_BOTH: Final = frozenset(Mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assurance:
    """Milliseconds of presence by the best that speaks for each instant.

    `observed` is seen from end to end and nothing speaks against it; `contradicted` is seen, and something does;
    `inferred` rests on an end that nobody saw. `bridged` are gaps between two that are no longer than the grace.
    """

    observed: int = 0
    inferred: int = 0
    contradicted: int = 0
    bridged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendee:
    """Somebody of an event; `headcount` is set for a shared connection alone.

    `came` is in which modes they ever were there, if only for an instant. `stays` is when, as far as that lasted;
    `spans` what of it lies within the hours of the event, and counts. Of somebody who `goes_on`, the last stay ends at
    the horizon, and has not ended.
    """

    subject: str
    guest: bool
    registration: Registration | None
    registered_mode: Mode | None
    headcount: int | None
    came: frozenset[Mode]
    stays: Spans
    spans: Spans
    goes_on: bool
    assurance: Assurance
    intervals: Sequence[Interval]
    grades: Sequence[Grade]
    contradictions: int
    suspect: int

    @property
    def has_seat(self) -> bool:
        """Whether they are registered and not only waiting."""
        return self.registration is Registration.CONFIRMED and self.registered_mode is not None

    @property
    def came_in_both(self) -> bool:
        """Whether they were there in each mode, perhaps never at once."""
        return self.came == _BOTH


def attendee(
    standing: Standing,
    *,
    guest: bool,
    headcount: int | None,
    horizon: int | None,
    grace: int,
    days: Sequence[Span],
) -> Attendee | None:
    """Somebody as a report counts them, bridging gaps of up to `grace` between remote spans; None if it does not.

    What goes on counts up to the horizon, and what lies outside of `days` nowhere. All is in milliseconds.
    """
    presence = standing.presence
    if presence.linked_to is not None or presence == NOBODY:
        return None
    stays, without_gaps = spans_to(presence.intervals, horizon=horizon, grace=grace)
    spans = in_windows(stays, days)
    grades = tuple(interval.grade for interval in presence.intervals)
    if without_gaps and all(grade is Grade.OBSERVED for grade in grades):
        assurance = Assurance(observed=measure(spans.total))
    else:
        assurance = _assurance(presence.intervals, spans.total, horizon=horizon)
    return Attendee(
        subject=standing.subject,
        guest=guest,
        registration=presence.registration,
        registered_mode=presence.registered_mode,
        headcount=headcount,
        came=frozenset(interval.mode for interval in presence.intervals),
        stays=stays,
        spans=spans,
        goes_on=any(interval.end is None for interval in presence.intervals),
        assurance=assurance,
        intervals=presence.intervals,
        grades=grades,
        contradictions=len(presence.contradictions),
        suspect=len(presence.suspect),
    )


def spans_to(intervals: Iterable[Interval], *, horizon: int | None, grace: int) -> tuple[Spans, bool]:
    """When somebody was there, in each mode, in both at once and in any; and whether no gap had to be bridged."""
    by_mode: dict[Mode, list[Span]] = {Mode.IN_PERSON: [], Mode.REMOTE: []}
    for interval in intervals:
        end = horizon if interval.end is None else interval.end
        if end is not None and end > interval.start:
            by_mode[interval.mode].append((interval.start, end))
    here, there = by_mode[Mode.IN_PERSON], by_mode[Mode.REMOTE]
    if not here and not there:
        return _NOWHERE, True
    remote = union(there)
    joined = _bridged(remote, grace)
    return spans_of_modes(union(here), joined), len(joined) == len(remote)


def spans_of_modes(in_person: Sequence[Span], remote: Sequence[Span]) -> Spans:
    """When somebody was there, given when in each mode: disjoint spans in order."""
    if not in_person:
        return Spans(in_person=(), remote=remote, both=(), total=remote)
    if not remote:
        return Spans(in_person=in_person, remote=(), both=(), total=in_person)
    return Spans(
        in_person=in_person, remote=remote, both=intersection(in_person, remote), total=union([*in_person, *remote])
    )


def in_windows(spans: Spans, windows: Sequence[Span]) -> Spans:
    """The presence of somebody within disjoint spans in order."""
    total = _within(spans.total, windows)
    if not total:
        return _NOWHERE
    if total is spans.total:
        return spans
    return Spans(
        in_person=_within(spans.in_person, windows),
        remote=_within(spans.remote, windows),
        both=_within(spans.both, windows),
        total=total,
    )


def _within(spans: Sequence[Span], windows: Sequence[Span]) -> Sequence[Span]:
    if not spans or not windows or spans[0][0] >= windows[-1][1] or spans[-1][1] <= windows[0][0]:
        return ()
    if len(windows) > 1:
        return intersection(spans, windows)
    # Nearly always one window is asked for: a session, a half-day, the hours of a day.
    start, end = windows[0]
    if spans[0][0] >= start and spans[-1][1] <= end:
        return spans
    return [(max(since, start), min(until, end)) for since, until in spans if since < end and until > start]


def _bridged(spans: Sequence[Span], grace: int) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= grace:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _assurance(intervals: Sequence[Interval], total: Sequence[Span], *, horizon: int | None) -> Assurance:
    """By what each instant of `total` is known."""
    if not total:
        return Assurance()
    of_grade: dict[Grade, list[Span]] = {grade: [] for grade in Grade}
    for one in intervals:
        end = horizon if one.end is None else one.end
        if end is not None and end > one.start:
            seen = not one.start_inferred and one.end_inferred is None
            of_grade[one.grade if seen else Grade.INFERRED].append((one.start, end))
    known: list[Span] = []
    reached: list[int] = []
    for grade in (Grade.OBSERVED, Grade.CONTRADICTED, Grade.INFERRED):
        known += of_grade[grade]
        reached.append(measure(_within(total, union(known))) if of_grade[grade] else (reached[-1] if reached else 0))
    observed, seen_at_all, known_at_all = reached
    return Assurance(
        observed=observed,
        contradicted=seen_at_all - observed,
        inferred=known_at_all - seen_at_all,
        bridged=measure(total) - known_at_all,
    )
