"""A platform's report beside what it delivered: whose presence is missing here, and whose the report does not know."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from services.streaming_bridge.domain.reports import ReportedStay

Span = tuple[datetime, datetime]


class KnownBy(StrEnum):
    """By what somebody in a report is taken for somebody in the room."""

    ID = "id"
    """The platform's own id of the person or of the connection."""
    EMAIL = "email"
    """An address that somebody registered with; in a report, anybody may have typed it."""
    NAME = "name"
    """The same name, which nobody else there bears: enough to compare, and never to say who somebody is."""


class RowState(StrEnum):
    """What comparing says of somebody."""

    MISSING = "missing"
    """Reported, and never delivered."""
    PARTLY = "partly"
    """Reported for longer than was delivered."""
    AGREES = "agrees"
    LONGER = "longer"
    """Delivered for longer than was reported."""
    GHOST = "ghost"
    """Delivered, and not in the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPresence:
    """Somebody who was delivered, as one person however many guests they were: `subjects` are their ids.

    `also_called` are other names of theirs: what they called themselves as guests.
    """

    subjects: Sequence[str]
    name: str | None
    also_called: Sequence[str] = ()
    spans: Sequence[Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPerson:
    """Somebody in a report; `subject` is who they are by an id or an address, else (`known_by` None) a guest of it."""

    key: str
    name: str
    stays: Sequence[ReportedStay]
    subject: str
    known_by: KnownBy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Somebody, with what the report says and what was delivered; `missing` and `extra` are longer than tolerated."""

    person: ReportedPerson | None
    known: KnownPresence | None
    known_by: KnownBy | None
    missing: Sequence[Span]
    extra: Sequence[Span]

    @property
    def state(self) -> RowState:
        """In a word."""
        if self.person is None:
            return RowState.GHOST
        if self.known is None:
            return RowState.MISSING
        if self.missing:
            return RowState.PARTLY
        return RowState.LONGER if self.extra else RowState.AGREES


def compare(people: Sequence[ReportedPerson], known: Sequence[KnownPresence], *, tolerance: timedelta) -> Sequence[Row]:
    """Everybody of both sides once, who needs a decision first."""
    by_subject = {subject: one for one in known for subject in one.subjects}
    found: dict[str, tuple[KnownPresence, KnownBy | None]] = {}
    for person in people:
        if person.subject in by_subject:
            found[person.key] = by_subject[person.subject], person.known_by
    taken = {id(one) for one, _ in found.values()}
    free = [one for one in known if id(one) not in taken]
    # Whoever an id or an address says to be somebody else is not matched by name.
    unsaid = [person for person in people if person.key not in found and person.known_by is None]
    found |= {key: (one, KnownBy.NAME) for key, one in _namesakes(unsaid, free).items()}
    sides: dict[int, list[ReportedPerson]] = defaultdict(list)
    for person in people:
        if person.key in found:
            sides[id(found[person.key][0])].append(person)
    rows = [_row(person, found.get(person.key), sides, tolerance) for person in people]
    reported = {id(one) for one, _ in found.values()}
    rows += [
        Row(person=None, known=one, known_by=None, missing=(), extra=one.spans)
        for one in known
        if id(one) not in reported and any(end - start > tolerance for start, end in one.spans)
    ]
    order = list(RowState)
    return sorted(rows, key=lambda row: order.index(row.state))


def _row(
    person: ReportedPerson,
    found: tuple[KnownPresence, KnownBy | None] | None,
    sides: Mapping[int, Sequence[ReportedPerson]],
    tolerance: timedelta,
) -> Row:
    reported = union((stay.start, stay.end) for stay in person.stays)
    if found is None:
        return Row(person=person, known=None, known_by=person.known_by, missing=reported, extra=())
    known, by = found
    # Two lines may be one person, with two devices: what one of them accounts for is not too much.
    accounted = union((stay.start, stay.end) for other in sides[id(known)] for stay in other.stays)
    return Row(
        person=person,
        known=known,
        known_by=by,
        missing=_longer(without(reported, known.spans), tolerance),
        extra=_longer(without(known.spans, accounted), tolerance),
    )


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time in order, without overlap."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    return joined


def without(spans: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """What of some spans is in none of the others; both in order and without overlap."""
    left: list[Span] = []
    for start, end in spans:
        edges = [
            (start, start),
            *((max(a, start), min(b, end)) for a, b in others if a < end and b > start),
            (end, end),
        ]
        left += [(before[1], after[0]) for before, after in pairwise(edges) if before[1] < after[0]]
    return left


def comparable(name: str) -> str:
    """A name as two are the same: in any case, with any spaces."""
    return " ".join(name.casefold().split())


def _longer(spans: Sequence[Span], tolerance: timedelta) -> list[Span]:
    return [(start, end) for start, end in spans if end - start > tolerance]


def _namesakes(people: Sequence[ReportedPerson], known: Sequence[KnownPresence]) -> dict[str, KnownPresence]:
    """Who bears a name that nobody else of either side bears."""
    reported = Counter(comparable(person.name) for person in people)
    delivered: dict[str, list[KnownPresence]] = defaultdict(list)
    for one in known:
        for name in {comparable(name) for name in (one.name, *one.also_called) if name is not None}:
            delivered[name].append(one)
    return {
        person.key: delivered[name][0]
        for person in people
        if reported[name := comparable(person.name)] == 1 and len(delivered.get(name, ())) == 1
    }
