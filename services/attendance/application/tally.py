"""The figures of an event, kept up to date person by person: one who moves costs the same in a small event and a large.

`statistics` counts everybody anew; a tally that was told of the same people gives the same figures.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.attendance.application.statistics import MARGIN, Figures, Peaks, Statistics
from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.fold import Status
from services.attendance.domain.heads import MINUTE, Heads, Minute, Peak
from services.attendance.domain.intervals import EndInferred, Span, intersection, union
from services.attendance.domain.reading import Registered

_EVER: Final = 2**62
"""Where what goes on ends: after all that is known."""
_KINDS: Final = ("in_person", "remote", "both", "total")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """What is counted of an interval; `end` is None while it goes on."""

    mode: Mode
    start: int
    end: int | None
    start_inferred: bool
    end_inferred: EndInferred | None
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is counted of one person."""

    status: Status
    registered_mode: Mode | None
    registration: Registration | None
    stays: Sequence[Stay]
    contradictions: int
    suspect: int


class _Heads:
    """How many were here at once, by the minute; exact to the instant at their most."""

    def __init__(self) -> None:
        # By the first beginning of a minute that sees them: how many came (1) or went (-1) at an instant.
        self._changes: dict[int, dict[tuple[int, int], int]] = {}
        self._most: dict[int, tuple[int, int, int]] = {}

    def add(self, spans: Iterable[Span], times: int) -> None:
        """Count spans in (1) or out again (-1)."""
        for start, end in spans:
            self._add(start, 1, times)
            if end < _EVER:
                self._add(end, -1, times)

    def before(self, first: int) -> int:
        """How many are here at the beginning of a minute, by what is known up to then."""
        return sum(self._net(minute) for minute in self._changes if minute <= first)

    def at_each(self, first: int, count: int) -> list[int]:
        """How many are here at each of so many beginnings of a minute."""
        now = self.before(first)
        found = [now]
        for number in range(1, count):
            now += self._net(first + number * MINUTE)
            found.append(now)
        return found

    def peak(self) -> Peak | None:
        """The most at once, and when that was first so."""
        now, highest = 0, Peak(count=0, at=0)
        for minute in sorted(self._changes):
            net, most, at = self._of(minute)
            if now + most > highest.count:
                highest = Peak(count=now + most, at=at)
            now += net
        return highest if highest.count > 0 else None

    def _add(self, at: int, change: int, times: int) -> None:
        minute = -(-at // MINUTE) * MINUTE
        changes = self._changes.get(minute)
        if changes is None:
            changes = self._changes[minute] = {}
        left = changes.get((at, change), 0) + times
        if left:
            changes[at, change] = left
        else:
            del changes[at, change]
            if not changes:
                del self._changes[minute]
        self._most.pop(minute, None)

    def _net(self, minute: int) -> int:
        return self._of(minute)[0] if minute in self._changes else 0

    def _of(self, minute: int) -> tuple[int, int, int]:
        """By how many the minute changes the number, by how many it exceeds it at most within, and when."""
        known = self._most.get(minute)
        if known is None:
            net, most, when = 0, 0, 0
            for (at, change), times in sorted(self._changes[minute].items()):
                net += change * times
                if net > most:
                    most, when = net, at
            known = self._most[minute] = net, most, when
        return known


@dataclass(slots=True)
class Tally:
    """The figures of one event, of all who are in `people`."""

    people: dict[str, Counted] = field(default_factory=dict)
    _heads: Mapping[str, _Heads] = field(default_factory=lambda: {kind: _Heads() for kind in _KINDS})
    _status: Counter[Status] = field(default_factory=Counter)
    _seats: Counter[tuple[Registration | None, Mode | None]] = field(default_factory=Counter)
    _ever: Counter[frozenset[Mode]] = field(default_factory=Counter)
    _grades: Counter[Grade] = field(default_factory=Counter)
    _ends: Counter[EndInferred | None] = field(default_factory=Counter)
    _starts: Counter[int] = field(default_factory=Counter)
    _inferred_starts: int = 0
    _contradictions: int = 0
    _suspect: int = 0

    def tell(self, subject: str, counted: Counted | None) -> None:
        """Count a person as they stand now; None takes them out."""
        held = self.people.pop(subject, None)
        if held == counted:
            counted = held
        else:
            if held is not None:
                self._count(held, -1)
            if counted is not None:
                self._count(counted, 1)
        if counted is not None:
            self.people[subject] = counted

    def figures(self) -> Figures:
        """The figures of the moment."""
        both = self._status[Status.BOTH]
        here, there = frozenset({Mode.IN_PERSON}), frozenset({Mode.REMOTE})
        each = self._ever[here | there]
        return Figures(
            present=Heads(
                in_person=self._status[Status.ON_SITE] + both, remote=self._status[Status.REMOTE] + both, both=both
            ),
            registered=Registered(
                in_person=self._seats[Registration.CONFIRMED, Mode.IN_PERSON],
                remote=self._seats[Registration.CONFIRMED, Mode.REMOTE],
                waitlisted=sum(count for (seat, _), count in self._seats.items() if seat is Registration.WAITLISTED),
            ),
            ever=Heads(in_person=self._ever[here] + each, remote=self._ever[there] + each, both=each),
        )

    def statistics(self, *, horizon: int, starts_at: int, ends_at: int, suspect_rooms: int = 0) -> Statistics:
        """All figures, as `statistics.statistics` gives them."""
        first = min((minute for minute, count in self._starts.items() if count), default=starts_at)
        return Statistics(
            figures=self.figures(),
            peaks=Peaks(**{kind: heads.peak() for kind, heads in self._heads.items()}),
            inferred_starts=self._inferred_starts,
            inferred_ends={reason: self._ends[reason] for reason in EndInferred},
            evidence={grade: self._grades[grade] for grade in Grade},
            contradictions=self._contradictions,
            suspect=suspect_rooms + self._suspect,
            curve=self._curve(max(min(first, starts_at), starts_at - MARGIN), min(horizon, ends_at + MARGIN)),
        )

    def _curve(self, start: int, end: int) -> list[Minute]:
        first = start - start % MINUTE
        count = (end - first) // MINUTE + 1
        if count <= 0:
            return []
        here, there, both = (self._heads[kind].at_each(first, count) for kind in ("in_person", "remote", "both"))
        return [
            Minute(at=first + number * MINUTE, heads=Heads(in_person=a, remote=b, both=c))
            for number, (a, b, c) in enumerate(zip(here, there, both, strict=True))
        ]

    def _count(self, person: Counted, times: int) -> None:
        self._status[person.status] += times
        self._seats[person.registration, person.registered_mode] += times
        self._ever[frozenset(stay.mode for stay in person.stays)] += times
        self._contradictions += times * person.contradictions
        self._suspect += times * person.suspect
        for stay in person.stays:
            self._grades[stay.grade] += times
            self._ends[stay.end_inferred] += times
            self._inferred_starts += times * stay.start_inferred
            self._starts[stay.start - stay.start % MINUTE] += times
        for kind, spans in _spans(person.stays).items():
            self._heads[kind].add(spans, times)


def _spans(stays: Iterable[Stay]) -> dict[str, Sequence[Span]]:
    by_mode: dict[Mode, list[Span]] = {Mode.IN_PERSON: [], Mode.REMOTE: []}
    for stay in stays:
        end = _EVER if stay.end is None else stay.end
        if end > stay.start:
            by_mode[stay.mode].append((stay.start, end))
    here, there = union(by_mode[Mode.IN_PERSON]), union(by_mode[Mode.REMOTE])
    return {
        "in_person": here,
        "remote": there,
        "both": intersection(here, there) if here and there else (),
        "total": union([*here, *there]) if here and there else here or there,
    }
