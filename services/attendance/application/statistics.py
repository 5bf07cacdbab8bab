"""The figures of an event, from where everybody stands. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import Mode
from services.attendance.domain.fold import Status
from services.attendance.domain.heads import MINUTE, Heads, Minute, Peak, Spans, curve, peak, spans_of
from services.attendance.domain.intervals import EndInferred
from services.attendance.domain.reading import Registered, Standing, registered

MARGIN: Final = 12 * 60 * MINUTE
"""How long before an event's start and after its end its curve may reach: people test their link weeks before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peaks:
    """The most people at once, by mode; None where there never was anybody."""

    in_person: Peak | None
    remote: Peak | None
    both: Peak | None
    total: Peak | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What can be counted without looking at intervals: cheap enough to tell at each change."""

    present: Heads
    registered: Registered
    ever: Heads


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """All figures. In `ever`, `both` are the people who came in each mode at some time, perhaps never at once.

    `evidence` counts intervals by grade; `contradictions` and `suspect` count facts, the latter those left out.
    """

    figures: Figures
    peaks: Peaks
    inferred_starts: int
    inferred_ends: Mapping[EndInferred, int]
    evidence: Mapping[Grade, int]
    contradictions: int
    suspect: int
    curve: Sequence[Minute]


def figures(standings: Sequence[Standing]) -> Figures:
    """The figures that need no curve."""
    return Figures(present=_present(standings), registered=registered(standings), ever=_ever(standings))


def statistics(
    standings: Sequence[Standing], *, horizon: int, starts_at: int, ends_at: int, suspect_rooms: int = 0
) -> Statistics:
    """All figures of an event from `starts_at` to `ends_at`, of which the facts known reach to `horizon`.

    `suspect_rooms` is the number of facts about rooms that are left out because of their time.
    The curve begins with the event or its first presence and goes on to the horizon, within `MARGIN`.
    """
    intervals = [interval for standing in standings for interval in standing.presence.intervals]
    people = [spans_of(standing.presence.intervals, horizon=horizon) for standing in standings]
    first = min((interval.start for interval in intervals), default=starts_at)
    grades = Counter(interval.grade for interval in intervals)
    ends = Counter(interval.end_inferred for interval in intervals if interval.end_inferred is not None)
    return Statistics(
        figures=figures(standings),
        peaks=_peaks(people),
        inferred_starts=sum(interval.start_inferred for interval in intervals),
        inferred_ends={reason: ends[reason] for reason in EndInferred},
        evidence={grade: grades[grade] for grade in Grade},
        contradictions=sum(len(standing.presence.contradictions) for standing in standings),
        suspect=suspect_rooms + sum(len(standing.presence.suspect) for standing in standings),
        curve=curve(people, start=max(min(first, starts_at), starts_at - MARGIN), end=min(horizon, ends_at + MARGIN)),
    )


def _present(standings: Sequence[Standing]) -> Heads:
    now = Counter(standing.presence.status for standing in standings)
    both = now[Status.BOTH]
    return Heads(in_person=now[Status.ON_SITE] + both, remote=now[Status.REMOTE] + both, both=both)


def _ever(standings: Sequence[Standing]) -> Heads:
    modes = Counter(frozenset(interval.mode for interval in standing.presence.intervals) for standing in standings)
    here, there = frozenset({Mode.IN_PERSON}), frozenset({Mode.REMOTE})
    both = modes[here | there]
    return Heads(in_person=modes[here] + both, remote=modes[there] + both, both=both)


def _peaks(people: Sequence[Spans]) -> Peaks:
    return Peaks(
        in_person=peak(people, lambda person: person.in_person),
        remote=peak(people, lambda person: person.remote),
        both=peak(people, lambda person: person.both),
        total=peak(people, lambda person: person.total),
    )
