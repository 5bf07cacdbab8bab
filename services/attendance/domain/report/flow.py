"""How people came, stayed, changed between the room and the link, and went."""

import itertools
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from services.attendance.domain.facts import Mode
from services.attendance.domain.heads import MINUTE, Spans
from services.attendance.domain.intervals import Span, measure
from services.attendance.domain.report.attendees import Attendee
from services.attendance.domain.report.groups import Groups

QUARTER: Final = 15 * MINUTE
CLASSES: Final = tuple(minutes * MINUTE for minutes in (0, 5, 15, 30, 60, 120, 240, 480))
"""Where each class of lengths of presence begins; the last has no end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LengthClass:
    """How many were there for at least `least` and less than `below`: in all, on site and remote, each by itself."""

    least: int
    below: int | None
    total: int
    in_person: int
    remote: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lengths:
    """How long people were there; mean and median are of those who were there for any time, in milliseconds."""

    classes: Sequence[LengthClass]
    mean: int | None
    median: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """Comings and goings in the quarter of an hour from `at` on. Whoever comes back has come again."""

    at: int
    came_in_person: int
    came_remote: int
    went_in_person: int
    went_remote: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Changes to one mode from the other: how often, and how many people.

    `with_gap` are those between which somebody was away for longer than the reconnect grace.
    """

    people: int
    without_gap: int
    with_gap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """All of that."""

    lengths: Lengths
    quarters: Sequence[Quarter]
    to_remote: Switches
    to_in_person: Switches
    switched: int


def flow_of(persons: Sequence[Attendee], *, grace: int, groups: Groups) -> Flow:
    """How people came and went; a change with no more than `grace` milliseconds away is one without a gap."""
    gaps: dict[Mode, list[tuple[str, int]]] = {mode: [] for mode in Mode}
    for one in persons:
        if one.came_in_both:
            for mode, gap in switches(one.stays):
                gaps[mode].append((one.subject, gap))
    changed = {
        mode: groups.put(f"switched:to_{mode}", dict.fromkeys(subject for subject, _ in found))
        for mode, found in gaps.items()
    }
    everybody = sorted({subject for found in gaps.values() for subject, _ in found})

    def told(mode: Mode) -> Switches:
        away = sum(gap > grace for _, gap in gaps[mode])
        return Switches(people=changed[mode], without_gap=len(gaps[mode]) - away, with_gap=away)

    return Flow(
        lengths=_lengths(persons, groups),
        quarters=_quarters(persons),
        to_remote=told(Mode.REMOTE),
        to_in_person=told(Mode.IN_PERSON),
        switched=groups.put("switched", everybody),
    )


def switches(spans: Spans) -> list[tuple[Mode, int]]:
    """Each change of one person: to which mode, and for how long they were away in between, in milliseconds.

    Whoever is in both at once has changed nothing yet: only who is then in the other alone.
    """
    if not spans.both:  # As most are: never in both at once, so that one stay follows the other.
        stays = sorted(
            [
                *((since, until, Mode.IN_PERSON) for since, until in spans.in_person),
                *((since, until, Mode.REMOTE) for since, until in spans.remote),
            ]
        )
        return [
            (mode, since - until)
            for (_, until, before), (since, _, mode) in itertools.pairwise(stays)
            if mode is not before
        ]
    instants = sorted({at for span in (*spans.in_person, *spans.remote) for at in span})
    found: list[tuple[Mode, int]] = []
    last: Mode | None = None
    there_until = 0
    for since, until in itertools.pairwise(instants):
        here, there = _holds(spans.in_person, since), _holds(spans.remote, since)
        if not here and not there:
            continue
        if here != there:
            mode = Mode.IN_PERSON if here else Mode.REMOTE
            if last is not None and mode is not last:
                found.append((mode, since - there_until))
            last = mode
        there_until = until
    return found


def class_group(least: int, mode: Mode | None = None) -> str:
    """The group of those whose presence, in all or in a mode, is of a length in the class that begins there."""
    return f"stayed:{least // MINUTE}" if mode is None else f"stayed:{least // MINUTE}:{mode}"


def _lengths(persons: Iterable[Attendee], groups: Groups) -> Lengths:
    stayed = [(one.subject, measure(one.spans.total), one.spans) for one in persons if one.came]
    total_of, here_of, there_of = ([list[str]() for _ in CLASSES] for _ in range(3))
    for subject, total, spans in stayed:
        total_of[_class_of(total)].append(subject)
        for members, own in ((here_of, spans.in_person), (there_of, spans.remote)):
            if own:
                members[_class_of(measure(own))].append(subject)
    lengths = [total for _, total, _ in stayed if total]
    return Lengths(
        classes=[
            LengthClass(
                least=least,
                below=CLASSES[number + 1] if number + 1 < len(CLASSES) else None,
                total=groups.put(class_group(least), total_of[number]),
                in_person=groups.put(class_group(least, Mode.IN_PERSON), here_of[number]),
                remote=groups.put(class_group(least, Mode.REMOTE), there_of[number]),
            )
            for number, least in enumerate(CLASSES)
        ],
        mean=round(sum(lengths) / len(lengths)) if lengths else None,
        median=round(median(lengths)) if lengths else None,
    )


def _class_of(length: int) -> int:
    return bisect_right(CLASSES, length) - 1


def _quarters(persons: Sequence[Attendee]) -> list[Quarter]:
    stays = {
        Mode.IN_PERSON: [(one, one.stays.in_person) for one in persons if one.stays.in_person],
        Mode.REMOTE: [(one, one.stays.remote) for one in persons if one.stays.remote],
    }
    came = [Counter([start - start % QUARTER for _, spans in own for start, _ in spans]) for own in stays.values()]
    went = [
        Counter([end - end % QUARTER for one, spans in own for _, end in _ended(one, mode, spans)])
        for mode, own in stays.items()
    ]
    return [
        Quarter(
            at=at,
            came_in_person=came[0][at],
            came_remote=came[1][at],
            went_in_person=went[0][at],
            went_remote=went[1][at],
        )
        for at in sorted({*came[0], *came[1], *went[0], *went[1]})
    ]


def _ended(one: Attendee, mode: Mode, spans: Sequence[Span]) -> Sequence[Span]:
    """Those that have ended: of what goes on, the last has not."""
    goes_on = one.goes_on and any(interval.end is None and interval.mode is mode for interval in one.intervals)
    return spans[:-1] if goes_on else spans


def _holds(spans: Sequence[Span], instant: int) -> bool:
    return any(start <= instant < end for start, end in spans)
