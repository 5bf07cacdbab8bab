"""The parts of an event, half-days and sessions: who was there, how long, how many at once, and who stayed."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final, TypeAlias

from services.attendance.domain.heads import Heads, Peak, Spans, peak_of
from services.attendance.domain.intervals import Durations, Span, measure
from services.attendance.domain.report.attendees import Attendee, in_windows
from services.attendance.domain.report.groups import Groups, Members

STEPS: Final = 20
"""The retention of a session is told at its start and after each of so many equal parts of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A half-day or a session, from `start` to `end` in milliseconds."""

    id: str
    title: str
    start: int
    end: int


InSession: TypeAlias = Callable[[Attendee, Part], Spans]
"""When somebody was in a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Who was there during a part. `durations` are of all people together.

    `mean` is how many were there at once on average over `length`: the part as far as it has come.
    """

    part: Part
    people: Heads
    durations: Durations
    length: int
    peak: Peak | None

    @property
    def mean(self) -> float | None:
        """Rounded to a tenth; None before the part has begun."""
        return round(self.durations.total / self.length, 1) if self.length > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StillThere:
    """How many were there at an instant of a session, of those who were in it at all in the mode.

    None where it has not come yet.
    """

    percent: int
    at: int
    in_person: int | None
    remote: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Who stayed in a session: of `people`, how many were there at each step."""

    part: Part
    people: Heads
    steps: Sequence[StillThere]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Who was there during a part: everybody in their modes, and all their spans."""

    part: Part
    members: Members = field(default_factory=Members)
    in_person: list[Span] = field(default_factory=list)
    remote: list[Span] = field(default_factory=list)
    both: list[Span] = field(default_factory=list)
    total: list[Span] = field(default_factory=list)

    def add(self, subject: str, spans: Spans) -> None:
        """Take in when somebody was there within the part."""
        self.members.add(subject, here=bool(spans.in_person), there=bool(spans.remote))
        self.in_person.extend(spans.in_person)
        self.remote.extend(spans.remote)
        self.both.extend(spans.both)
        self.total.extend(spans.total)


def gathered(persons: Sequence[Attendee], parts: Sequence[Part], in_session: InSession | None) -> list[Gathered]:
    """Who was there during each part; `in_session` tells where it is not only a matter of time."""
    found = [Gathered(part) for part in parts]
    if in_session is None and all(one.end <= other.start for one, other in pairwise(parts)):
        windows = [(part.start, part.end) for part in parts]
        for one in persons:
            _sweep(one, found, windows)
        return found
    chosen = in_session or at_the_time
    for part in found:
        for one in persons:
            spans = chosen(one, part.part)
            if spans.total:
                part.add(one.subject, spans)
    return found


def at_the_time(one: Attendee, part: Part) -> Spans:
    """When somebody was there during a part, wherever they were."""
    return in_windows(one.spans, [(part.start, part.end)])


def attendance_of(found: Gathered, kind: str, *, reached: int, groups: Groups) -> Attendance:
    """Count a part; `kind` begins the names of its groups, `reached` is up to when it is known who was there."""
    part = found.part
    return Attendance(
        part=part,
        people=groups.put_by_mode(f"{kind}:{part.id}", found.members),
        durations=Durations(in_person=measure(found.in_person), remote=measure(found.remote), both=measure(found.both)),
        length=max(0, min(part.end, reached) - part.start),
        peak=peak_of(found.total),
    )


def retention_of(found: Gathered, people: Heads, *, reached: int) -> Retention:
    """Who stayed, in each mode. The end is the last instant of the session: whoever stays to the end is still there."""
    part = found.part
    instants = [part.start + (part.end - part.start) * step // STEPS for step in range(STEPS + 1)]
    instants[-1] = max(part.start, part.end - 1)
    here, there = _there_at(found.in_person, instants), _there_at(found.remote, instants)
    return Retention(
        part=part,
        people=people,
        steps=[
            StillThere(
                percent=100 * step // STEPS,
                at=at,
                in_person=here[step] if at < reached else None,
                remote=there[step] if at < reached else None,
            )
            for step, at in enumerate(instants)
        ],
    )


def _sweep(one: Attendee, found: Sequence[Gathered], windows: Sequence[Span]) -> None:
    """Add somebody to each part that they were there for, in one go along parts that share no time."""
    spans = one.spans
    here, there = (_cut(own, windows) if own else {} for own in (spans.in_person, spans.remote))
    both = _cut(spans.both, windows) if spans.both else {}
    total = _cut(spans.total, windows) if here and there else here or there
    for number, whole in total.items():
        part = found[number]
        part.members.add(one.subject, here=number in here, there=number in there)
        part.total.extend(whole)
        if number in here:
            part.in_person.extend(here[number])
        if number in there:
            part.remote.extend(there[number])
        if number in both:
            part.both.extend(both[number])


def _cut(spans: Iterable[Span], windows: Sequence[Span]) -> Mapping[int, list[Span]]:
    """The parts of disjoint spans within disjoint windows, by the number of the window; all are in order."""
    cut: dict[int, list[Span]] = {}
    first, count = 0, len(windows)
    for start, end in spans:
        while first < count and windows[first][1] <= start:
            first += 1
        number = first
        while number < count and windows[number][0] < end:
            opens, closes = windows[number]
            piece = (max(opens, start), min(closes, end))
            if number in cut:
                cut[number].append(piece)
            else:
                cut[number] = [piece]
            number += 1
    return cut


def _there_at(spans: Iterable[Span], instants: Sequence[int]) -> list[int]:
    """How many spans hold each of some instants in order."""
    changes = [0] * (len(instants) + 1)
    for start, end in spans:
        changes[bisect_left(instants, start)] += 1
        changes[bisect_left(instants, end)] -= 1
    return list(accumulate(changes))[:-1]
