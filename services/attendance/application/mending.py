"""A coming or going that comes out of order: its channel alone is walked again, and all else stays as it is.

It is the walk of `services.attendance.domain.channel` for what is common: each instant has one fact, and no end is
inferred. For all else the answer is None, and the whole fold decides. What is said here is what that would say:
properties hold the two equal.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple, TypeAlias

import msgspec

from services.attendance.application.event import Event
from services.attendance.application.in_order import add, entry_of
from services.attendance.application.kept import NO_WORDS, KeptMovement, KeptSubjectFact, Words
from services.attendance.application.lasting import Lasting
from services.attendance.application.person import IN_PERSON_KEY, ChannelKey, Person, Unclosed, status_of
from services.attendance.application.recall import extra_text, written
from services.attendance.application.records import seconds_text
from services.attendance.application.sealing import is_full
from services.attendance.application.stays import (
    Stay,
    WrittenInterval,
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

_REMOTE: Final = Mode.REMOTE.value
_New: TypeAlias = tuple[CheckedIn | CheckedOut | Joined | Left, bytes, KeptMovement]
"""The new fact, its record, and what will be remembered of it."""


class _Row(NamedTuple):
    """An interval: its texts if they are written already, else what to write of it."""

    start: int
    end: int | None
    remote: bool
    part: str = ""
    item: str = ""
    facts: tuple[KeptMovement, ...] = ()
    against: tuple[str, ...] = ()
    channel: ChannelKey | None = None
    """Said while it goes on."""


class _UncommonError(Exception):
    """The whole fold has to decide."""


def mend(event: Event, person: Person, fact: QuickFact, value: bytes) -> bytes | None:
    """Add a fact that is new, of a person who is `plain`; gives its timeline entry, or None if it is not for here.

    Raises:
        ValueError: if an instant is not canonical.
    """
    if person.told or person.sealed or not isinstance(fact, CheckedIn | CheckedOut | Joined | Left):
        return None
    if is_full(person):
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
    move, channel = new[2], _channel(new[2])
    intervals, stays, others = written(person)
    loose = {other.id: other for other in others if isinstance(other, KeptMovement)}
    moves = [move, *(one for one in loose.values() if _channel(one) == channel)]
    known: dict[tuple[str, ...], tuple[str, str]] = {}
    rows: list[_Row] = []
    for interval, stay, part, item in zip(intervals, stays, person.parts, person.items, strict=True):
        own = _channel_of(interval, stay, loose)
        if own != channel:
            end = None if interval.end is None else milliseconds(interval.end)
            rows.append(_Row(milliseconds(interval.start), end, interval.mode == _REMOTE, part, item, channel=own))
            continue
        if stay is not None:
            moves += movements_of(interval, stay)
        if not interval.contradicted_by:
            known[tuple(interval.facts)] = part, item
    moves.sort(key=attrgetter("time"))
    walked, contradictions = _walked(event, moves, known)
    contradictions += (
        one for one in loose.values() if _channel(one) != channel and f'"fact_id":"{one.id}"' in person.extra
    )
    rows = sorted([*rows, *walked], key=itemgetter(0))
    if any(one.start == other.start for one, other in pairwise(rows)):
        raise _UncommonError
    return _take_over(event, person, new, rows, moves=moves, contradictions=contradictions, others=others)


def _walked(
    event: Event, moves: Sequence[KeptMovement], known: Mapping[tuple[str, ...], tuple[str, str]]
) -> tuple[list[_Row], list[KeptMovement]]:
    """The intervals of a channel, and the facts that contradict it, by time; the moves are by time."""
    if any(one.time == other.time for one, other in pairwise(moves)):
        raise _UncommonError
    found: list[tuple[KeptMovement, ...]] = []
    contradictions: list[KeptMovement] = []
    against: dict[int, tuple[str, ...]] = {}
    opening: KeptMovement | None = None
    for move in moves:
        last = len(found) - 1
        if move.opens:
            opening = opening or move
        elif opening is not None:
            if (opening.room, opening.session) != (move.room, move.session):
                raise _UncommonError
            found.append((opening, move))
            opening = None
        elif move.joined_at is None or move.joined_at > move.time:
            contradictions.append(move)
            against[last] = (*against.get(last, ()), move.id)
        elif contradictions or (found and found[last][-1].time > move.joined_at):
            raise _UncommonError
        else:  # A leave whose join was lost.
            found.append((move,))
    rows = []
    for number, facts in enumerate(found):
        marks = against.get(number, ())
        part, item = ("", "") if marks else known.get(tuple(fact.id for fact in facts), ("", ""))
        start = facts[0].time if facts[0].opens else facts[0].joined_at or 0
        rows.append(_Row(start, facts[-1].time, facts[0].room is not None, part, item, facts, marks))
    if opening is not None:
        _check_ongoing(event, opening)
        part, item = known.get((opening.id,), ("", ""))
        remote = opening.room is not None
        rows.append(_Row(opening.time, None, remote, part, item, (opening,), channel=_channel(opening)))
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
    contradictions: Iterable[KeptMovement],
    others: Sequence[KeptSubjectFact],
) -> bytes:
    """Write what became another, and give the person all of it; `moves` are those of the channel."""
    fact, value, move = new
    lasting = _lasting(rows)
    in_person, remote, both = lasting.in_all()
    here_remote = sum(row.remote for row in rows if row.end is None)
    here_in_person = sum(not row.remote for row in rows if row.end is None)
    status = status_of(here_in_person, here_remote, was_here=bool(rows))
    told = msgspec.structs.replace(move, words=Words(status, in_person, remote, both))
    texts = [(row.part, row.item) if row.part else _texts(row, told) for row in rows]
    unclosed = {
        row.channel: _unclosed(person, row, index, texts[index][0], lasting)
        for index, row in enumerate(rows)
        if row.end is None and row.channel is not None
    }
    # Of an interval that rests on a leave alone, the leave stands among the others.
    standing = {one.id for row in rows for one in row.facts if row.facts[0].opens}
    loose = {one.id: text for one, text in zip(others, person.others, strict=True) if one.id not in standing}
    for one in moves:
        if one.id not in standing and one.id not in loose:
            loose[one.id] = compact(told if one is move else one)
    seconds = seconds_text(in_person, remote, both)
    against = sorted(contradictions, key=attrgetter("time", "id"))
    extra = extra_text(None, contradictions_text(_contradiction(one) for one in against), None)
    entry = entry_of(event, person, fact, value, status, seconds)
    # From here on nothing can fail.
    person.parts, person.items = [part for part, _ in texts], [item for _, item in texts]
    person.others, person.extra, person.unclosed = list(loose.values()), extra, unclosed
    person.was_here, person.here_in_person, person.here_remote = bool(rows), here_in_person, here_remote
    person.in_person, person.remote, person.both, person.seconds = in_person, remote, both, seconds
    add(person, fact.id, max(person.last, move.time), fact.time, fact.recordedtime, move.digest)
    return entry


def _unclosed(person: Person, row: _Row, index: int, part: str, lasting: Lasting) -> Unclosed:
    if row.facts:
        opened = row.facts[0]
        where = (opened.source, opened.room, opened.session, cut_of(part))
    else:
        was = person.unclosed[row.channel or IN_PERSON_KEY]
        where = (was.source, was.room, was.session, was.cut)
    return Unclosed(index, row.start, *where, *lasting.until(row.start))


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


def _channel_of(interval: WrittenInterval, stay: Stay | None, loose: Mapping[str, KeptMovement]) -> ChannelKey:
    """Through which channel an interval was; one that rests on a leave alone says it by that."""
    if interval.mode != _REMOTE:
        return IN_PERSON_KEY
    if stay is not None:
        source, opened = stay.opened.source or interval.sources[0], stay.opened
        return source, opened.session or interval.via[len(source) + 1 :], opened.connection or ""
    if not interval.start_inferred or interval.facts[0] not in loose:
        raise _UncommonError
    return _channel(loose[interval.facts[0]])


def _lasting(rows: Iterable[_Row]) -> Lasting:
    of_mode: tuple[list[Span], list[Span]] = [], []
    for row in rows:
        if row.end is not None and row.end > row.start:
            of_mode[row.remote].append((row.start, row.end))
    return Lasting(*of_mode)


def _texts(row: _Row, told: KeptMovement) -> tuple[str, str]:
    """The texts of an interval and of what is remembered of its facts; `told` is the new fact with its words."""
    facts = tuple(told if one.id == told.id else one for one in row.facts)
    first = facts[0]
    interval = Interval(
        mode=Mode.REMOTE if row.remote else Mode.IN_PERSON,
        start=row.start,
        end=row.end,
        via=first.via,
        start_inferred=not first.opens,
        facts=tuple(one.id for one in facts),
        sources=tuple(sorted({one.source for one in facts})),
        contradicted_by=row.against,
    )
    return interval_text(interval), stay_text(interval, facts) if first.opens else "null"


def _contradiction(move: KeptMovement) -> Contradiction:
    in_person = move.room is None
    kind = ContradictionKind.EXIT_WITHOUT_ENTRY if in_person else ContradictionKind.LEAVE_WITHOUT_JOIN
    return Contradiction(fact_id=move.id, time=move.time, kind=kind)
