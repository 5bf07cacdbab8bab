"""A coming or going that comes out of order: its channel alone is walked again, and all else stays as it is.

It is the walk of `services.attendance.domain.channel` for what is common: each instant has one fact, no interval rests
on a leave alone, no end is inferred. For all else the answer is None, and the whole fold decides. What is said here is
what that would say: properties hold the two equal.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple, TypeAlias

import msgspec

from services.attendance.application.event import Event
from services.attendance.application.in_order import add, entry_of
from services.attendance.application.kept import NO_WORDS, KeptMovement, KeptSubjectFact, Words
from services.attendance.application.lasting import Lasting
from services.attendance.application.person import IN_PERSON_KEY, ChannelKey, Person, Unclosed, status_of
from services.attendance.application.recall import extra_text, written
from services.attendance.application.records import seconds_text
from services.attendance.application.stays import (
    compact,
    contradictions_text,
    cut_of,
    interval_text,
    movements_of,
    stay_text,
)
from services.attendance.application.wire import (
    CheckedIn,
    CheckedOut,
    Joined,
    Left,
    LeftData,
    QuickFact,
    digest,
    milliseconds,
)
from services.attendance.domain.evidence import Contradiction, ContradictionKind
from services.attendance.domain.facts import Mode, Place
from services.attendance.domain.intervals import Interval, Span
from services.attendance.domain.suspicion import TOLERANCE

_Texts: TypeAlias = tuple[str, str]
"""Of an interval, and of what is remembered of its facts."""
_New: TypeAlias = tuple[CheckedIn | CheckedOut | Joined | Left, bytes, KeptMovement]
"""The new fact, its record, and what will be remembered of it."""


class _Row(NamedTuple):
    """An interval: its facts, its texts if they are written already, and what contradicts it."""

    facts: tuple[KeptMovement, ...]
    texts: _Texts | None
    against: tuple[str, ...] = ()


class _UncommonError(Exception):
    """The whole fold has to decide."""


def mend(event: Event, person: Person, fact: QuickFact, value: bytes) -> bytes | None:
    """Add a fact that is new, of a person who is `plain`; gives its timeline entry, or None if it is not for here.

    Raises:
        ValueError: if an instant is not canonical.
    """
    if person.told or person.sealed or not isinstance(fact, CheckedIn | CheckedOut | Joined | Left):
        return None
    move = _movement(fact, digest(value))
    earliest = move.time if move.joined_at is None else min(move.time, move.joined_at)
    if -move.lag > TOLERANCE or earliest < event.day_starts_at:
        return None
    try:
        return _mended(event, person, (fact, value, move))
    except _UncommonError:
        return None


def _mended(event: Event, person: Person, new: _New) -> bytes:
    channel = _channel(new[2])
    intervals, stays, others = written(person)
    elsewhere: list[_Row] = []
    moves = [new[2]]
    known: dict[tuple[str, ...], _Texts] = {}
    for interval, stay, texts in zip(intervals, stays, zip(person.parts, person.items, strict=True), strict=True):
        if stay is None:
            raise _UncommonError
        facts = tuple(movements_of(interval, stay))
        if _channel(facts[0]) != channel:
            elsewhere.append(_Row(facts, texts))
            continue
        moves += facts
        if not interval.contradicted_by:
            known[tuple(interval.facts)] = texts
    moves += (other for other in others if isinstance(other, KeptMovement))
    if any(_channel(one) != channel for one in moves):
        raise _UncommonError
    moves.sort(key=attrgetter("time"))
    walked, contradictions = _walked(event, moves, known)
    rows = sorted([*elsewhere, *walked], key=_start)
    if any(_start(one) == _start(other) for one, other in pairwise(rows)):
        raise _UncommonError
    return _take_over(event, person, new, rows, moves=moves, contradictions=contradictions, others=others)


def _walked(
    event: Event, moves: Sequence[KeptMovement], known: Mapping[tuple[str, ...], _Texts]
) -> tuple[list[_Row], list[KeptMovement]]:
    """The intervals of a channel, and the facts that contradict it, by time; the moves are by time."""
    if any(one.time == other.time for one, other in pairwise(moves)):
        raise _UncommonError
    pairs: list[tuple[KeptMovement, ...]] = []
    contradictions: list[KeptMovement] = []
    against: dict[int, tuple[str, ...]] = {}
    opening: KeptMovement | None = None
    for move in moves:
        if move.opens:
            opening = opening or move
        elif opening is not None:
            if (opening.room, opening.session) != (move.room, move.session):
                raise _UncommonError
            pairs.append((opening, move))
            opening = None
        else:
            if move.joined_at is not None and move.joined_at <= move.time:
                raise _UncommonError
            contradictions.append(move)
            last = len(pairs) - 1
            against[last] = (*against.get(last, ()), move.id)
    if opening is not None:
        _check_ongoing(event, opening)
        pairs.append((opening,))
    rows = []
    for number, facts in enumerate(pairs):
        marks = against.get(number, ())
        texts = None if marks else known.get(tuple(fact.id for fact in facts))
        rows.append(_Row(facts, texts, marks))
    return rows, contradictions


def _check_ongoing(event: Event, opening: KeptMovement) -> None:
    if opening.time >= event.quiet_since:
        return
    place = None if opening.room is None else Place(opening.source, opening.room, opening.session)
    if event.context.inferred_end(start=opening.time, place=place) is not None:
        raise _UncommonError


def _take_over(
    event: Event,
    person: Person,
    new: _New,
    rows: Sequence[_Row],
    *,
    moves: Iterable[KeptMovement],
    contradictions: Sequence[KeptMovement],
    others: Sequence[KeptSubjectFact],
) -> bytes:
    """Write what became another, and give the person all of it; `moves` are those of the channel."""
    fact, value, move = new
    lasting = _lasting(rows)
    in_person, remote, both = lasting.in_all()
    going_on = [(index, row.facts[0]) for index, row in enumerate(rows) if len(row.facts) == 1]
    here_in_person = sum(opened.room is None for _, opened in going_on)
    here_remote = len(going_on) - here_in_person
    status = status_of(here_in_person, here_remote, was_here=bool(rows))
    told = msgspec.structs.replace(move, words=Words(status, in_person, remote, both))
    texts = [row.texts or _texts(row, told) for row in rows]
    unclosed: dict[ChannelKey, Unclosed] = {}
    for index, opened in going_on:
        where = (opened.source, opened.room, opened.session, cut_of(texts[index][0]))
        unclosed[_channel(opened)] = Unclosed(index, opened.time, *where, *lasting.until(opened.time))
    standing = {one.id for row in rows for one in row.facts}
    loose = {one.id: text for one, text in zip(others, person.others, strict=True) if one.id not in standing}
    for one in moves:
        if one.id not in standing and one.id not in loose:
            loose[one.id] = compact(told if one is move else one)
    seconds = seconds_text(in_person, remote, both)
    extra = extra_text(None, contradictions_text(_contradiction(one) for one in contradictions), None)
    entry = entry_of(event, person, fact, value, status, seconds)
    # From here on nothing can fail.
    person.parts, person.items = [part for part, _ in texts], [item for _, item in texts]
    person.others, person.extra, person.unclosed = list(loose.values()), extra, unclosed
    person.was_here, person.here_in_person, person.here_remote = bool(rows), here_in_person, here_remote
    person.in_person, person.remote, person.both, person.seconds = in_person, remote, both, seconds
    add(person, fact.id, max(person.last, move.time), fact.time, fact.recordedtime, move.digest)
    return entry


def _movement(fact: CheckedIn | CheckedOut | Joined | Left, mark: int) -> KeptMovement:
    at = milliseconds(fact.time)
    stamp = (fact.id, at, milliseconds(fact.recordedtime) - at, mark, fact.source, NO_WORDS)
    opens = isinstance(fact, CheckedIn | Joined)
    if isinstance(fact, CheckedIn | CheckedOut):
        return KeptMovement(*stamp, opens, fact.data.gate or fact.source)
    data = fact.data
    joined_at = milliseconds(data.joined_at) if isinstance(data, LeftData) and data.joined_at is not None else None
    where = (data.room, data.room_session, data.connection)
    return KeptMovement(*stamp, opens, f"{fact.source}/{data.room}", *where, joined_at)


def _channel(move: KeptMovement) -> ChannelKey:
    return IN_PERSON_KEY if move.room is None else (move.source, move.session or move.room, move.connection or "")


def _start(row: _Row) -> int:
    return row.facts[0].time


def _lasting(rows: Iterable[_Row]) -> Lasting:
    of_mode: tuple[list[Span], list[Span]] = [], []
    for row in rows:
        if len(row.facts) > 1:
            opened, closed = row.facts
            of_mode[opened.room is not None].append((opened.time, closed.time))
    return Lasting(*of_mode)


def _texts(row: _Row, told: KeptMovement) -> _Texts:
    """The texts of an interval; `told` is the new fact with its words."""
    facts = tuple(told if one.id == told.id else one for one in row.facts)
    opened = facts[0]
    interval = Interval(
        mode=Mode.IN_PERSON if opened.room is None else Mode.REMOTE,
        start=opened.time,
        end=facts[1].time if len(facts) > 1 else None,
        via=opened.via,
        facts=tuple(one.id for one in facts),
        sources=tuple(sorted({one.source for one in facts})),
        contradicted_by=row.against,
    )
    return interval_text(interval), stay_text(interval, facts)


def _contradiction(move: KeptMovement) -> Contradiction:
    in_person = move.room is None
    kind = ContradictionKind.EXIT_WITHOUT_ENTRY if in_person else ContradictionKind.LEAVE_WITHOUT_JOIN
    return Contradiction(fact_id=move.id, time=move.time, kind=kind)
