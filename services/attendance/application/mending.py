"""What a fact leads to that cannot simply be added: what of its channel it can change is folded again, and no more.

A channel is closed right after each of its intervals, so what follows folds as it would if it stood alone: the fold
begins with the last interval that ended before the fact. It is the fold of `services.attendance.domain.channel`, given
fewer facts. Where it is not certain that these are enough, UncommonError says so, and the whole fold decides. Nothing
of what is known changes here: what comes out is a draft.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property
from operator import attrgetter
from typing import TypeAlias

from services.attendance.application.extra import extra_of
from services.attendance.application.kept import (
    KeptAcceptance,
    KeptMovement,
    KeptSeat,
    KeptSubjectFact,
    KeptVoiding,
    acceptance,
)
from services.attendance.application.known import Known, Row, UncommonError, row_of
from services.attendance.application.revision import Added
from services.attendance.application.sealing import is_crowded
from services.attendance.application.windows import Move, moves_of, windows
from services.attendance.domain.channel import ChannelPresence, fold_channel
from services.attendance.domain.context import Ending, EventContext
from services.attendance.domain.evidence import Contradiction
from services.attendance.domain.facts import Mode, Place
from services.attendance.domain.intervals import Interval
from services.attendance.domain.suspicion import Acceptance, SuspectTime, latest_acceptances, suspicion

_Signature: TypeAlias = tuple[int, int | None, bool, str | None, tuple[str, ...], tuple[str, ...]]


@dataclass(slots=True, kw_only=True)
class Draft:
    """What becomes another of one person's presence."""

    removed: list[Row] = field(default_factory=list)
    added: list[Added] = field(default_factory=list)
    moves: dict[str, Move] = field(default_factory=dict)
    """The facts that these rest on, and others that were folded with them, by id."""
    contradictions: list[Contradiction] | None = None
    """All of them, where they become others."""
    suspect: list[str] | None = None
    """The ids of all that are left out, where they become others."""


class _State(Enum):
    """What a coming or going is to the fold."""

    NOTHING = auto()
    """It is taken back, or not known yet."""
    LEFT_OUT = auto()
    """Its time is suspect."""
    COUNTS = auto()


class Mending:
    """Folds again what of one person's presence may become another."""

    def __init__(self, known: Known, context: EventContext) -> None:
        """The person's record is the fold of what is known; the context may be another than it was then.

        Raises:
            UncommonError: here and elsewhere, if the whole fold has to decide.
        """
        self._known = known
        self._context = context
        self._owner = known.owner
        if is_crowded(known.owner):
            raise UncommonError

    def with_fact(self, subject: str, kept: KeptSubjectFact) -> Draft:
        """One more fact, about the owner or a guest linked to them."""
        draft = Draft()
        match kept:
            case KeptMovement():
                self._become(draft, (subject, kept), _State.NOTHING, self._state((subject, kept)))
            case KeptVoiding(voided_id=voided_id):
                if (move := self._move(voided_id)) is not None:
                    self._become(draft, move, self._state(move), _State.NOTHING)
            case KeptAcceptance(fact_id=fact_id):
                if (move := self._move(fact_id)) is not None:
                    before = self._state(move)
                    self._acceptances = latest_acceptances([*self._acceptances.values(), acceptance(kept, "")])
                    self._become(draft, move, before, self._state(move))
            case KeptSeat():
                if kept.time <= self._known.seated_at():
                    raise UncommonError
        return draft

    def suspect(self, kept: KeptSubjectFact) -> SuspectTime | None:
        """What is suspect about the time of a coming or going."""
        if not isinstance(kept, KeptMovement):
            return None
        day_starts_at = self._context.day_starts_at
        return suspicion(kept.time, recorded=kept.recorded, joined_at=kept.joined_at, day_starts_at=day_starts_at)

    def with_context(self) -> Draft:
        """The context alone is another: ends may be inferred, or not any more."""
        draft, owner = Draft(), self._owner
        for channel, one in owner.unclosed.items():
            place = None if one.room is None else Place(one.source, one.room, one.session)
            ending = self._context.inferred_end(start=one.start, place=place)
            if one.ongoing and ending is None:
                continue
            row = row_of(one.index, owner.parts[one.index], owner.items[one.index])
            interval = _ending(row, ending, source=one.source)
            if _signature(interval) != _signature_of(row):
                draft.moves |= moves_of(self._known, row, channel)
                draft.removed.append(row)
                draft.added.append(Added(interval, channel, (one.source, one.room, one.session), row.facts))
        return draft

    @cached_property
    def _acceptances(self) -> Mapping[str, Acceptance]:
        said = [acceptance(kept, "") for kept in self._known.acceptances()]
        return latest_acceptances([*self._context.acceptances.values(), *said]) if said else self._context.acceptances

    def _move(self, fact_id: str) -> Move | None:
        found = self._known.find(fact_id)
        if found is None or not isinstance(found[1], KeptMovement):
            return None
        return found[0], found[1]

    def _state(self, move: Move) -> _State:
        if move[1].id in self._known.voided():
            return _State.NOTHING
        return _State.COUNTS if self._is_accepted(move[1]) else _State.LEFT_OUT

    def _is_accepted(self, fact: KeptMovement) -> bool:
        if self.suspect(fact) is None:
            return True
        said = self._acceptances.get(fact.id)
        return said is not None and said.accepted

    def _become(self, draft: Draft, move: Move, was: _State, now: _State) -> None:
        if was is now:
            return
        if _State.COUNTS in {was, now}:
            self._fold_again(draft, move, counts=now is _State.COUNTS)
        if _State.LEFT_OUT in {was, now}:
            draft.suspect = self._left_out(move, now)

    def _left_out(self, move: Move, now: _State) -> list[str]:
        """All that are left out, by (time, id)."""
        ids = [one for one in extra_of(self._owner.extra).suspect if one != move[1].id]
        if now is not _State.LEFT_OUT:
            return ids
        moves = [move[1], *(found[1] for one in ids if (found := self._move(one)) is not None)]
        return [one.id for one in sorted(moves, key=attrgetter("time", "id"))]

    def _fold_again(self, draft: Draft, move: Move, *, counts: bool) -> None:
        """Fold the channel of a coming or going, which counts from now on or does not any more."""
        fact, channel = move[1], move[1].channel[1:]
        since = fact.time if fact.joined_at is None else min(fact.time, fact.joined_at)
        known = extra_of(self._owner.extra).contradictions if self._owner.extra else []
        for window in windows(self._known, channel, since):
            moves = {one: told for one, told in self._known.moves(channel).items() if told[1].time >= window.first}
            for row in window.rows:
                moves |= moves_of(self._known, row, channel)
            moves[fact.id] = move
            folded = fold_channel(self._counting(moves, fact.id if not counts else None, fact.id), self._context)
            before = [one for one in known if one.fact_id in moves]
            contradicted = bool(before or folded.contradictions)
            reaches_back = any(one.start_inferred and one.start < window.first for one in folded.intervals)
            # What contradicts may speak against something that stands before the window.
            if not reaches_back and (window.is_whole or not contradicted):
                break
        else:
            raise UncommonError
        self._compare(draft, window.rows, folded, moves)
        if contradicted:
            every = [*(one for one in known if one.fact_id not in moves), *folded.contradictions]
            draft.contradictions = sorted(every, key=attrgetter("time", "fact_id"))

    def _counting(self, moves: Mapping[str, Move], but: str | None, sure: str) -> Iterator[KeptMovement]:
        """Those of the facts that count: surely `sure`, unless it is `but`."""
        voided = self._known.voided()
        for one, (_, fact) in moves.items():
            if one == but:
                continue
            if one == sure or (one not in voided and self._is_accepted(fact)):
                yield fact

    def _compare(self, draft: Draft, rows: list[Row], folded: ChannelPresence, moves: Mapping[str, Move]) -> None:
        """What the fold says otherwise."""
        before = {_signature_of(row): row for row in rows}
        for interval in folded.intervals:
            if before.pop(_signature(interval), None) is None:
                opened = moves[interval.facts[0]][1]
                where = (opened.source, opened.room, opened.session)
                draft.added.append(Added(interval, opened.channel[1:], where, self._facts_of(interval, moves)))
        draft.removed += before.values()
        draft.moves |= moves

    def _facts_of(self, interval: Interval, moves: Mapping[str, Move]) -> tuple[KeptMovement, ...]:
        """The owner's own facts from which the interval and its stay can be told; none if they cannot."""
        if interval.start_inferred:
            return ()
        told = [moves[one] for one in interval.facts[: 1 if interval.is_unclosed else 2]]
        if any(subject != self._owner.subject for subject, _ in told):
            return ()
        facts = tuple(fact for _, fact in told)
        first, last = facts[0], facts[-1]
        return facts if (first.room, first.session) == (last.room, last.session) else ()


def _ending(row: Row, ending: Ending | None, *, source: str) -> Interval:
    """An unclosed interval with another end."""
    opening = row.interval.facts[0]
    sources = {source} if ending is None else {source, ending.source}
    return Interval(
        mode=Mode(row.interval.mode),
        start=row.start,
        end=None if ending is None else ending.time,
        via=row.interval.via,
        end_inferred=None if ending is None else ending.reason,
        facts=(opening,) if ending is None else (opening, ending.fact_id),
        sources=tuple(sorted(sources - {""})),
    )


def _signature(one: Interval) -> _Signature:
    """What tells two intervals of a channel apart that rest on the same set of facts."""
    return one.start, one.end, one.start_inferred, one.end_inferred, one.facts, one.contradicted_by


def _signature_of(row: Row) -> _Signature:
    one = row.interval
    ended = one.end_inferred or one.left_inferred
    return row.start, row.end, one.start_inferred, ended, tuple(one.facts), tuple(one.contradicted_by)
