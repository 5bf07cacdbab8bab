"""How much somebody attended: of the whole event, of each half-day and of each session, by mode. Pure.

Instants and lengths are milliseconds. Remote intervals are bridged by the event's reconnect grace, as reports have it;
what goes on counts up to the horizon, and what lies outside of the hours of the event counts nowhere.

Where sessions run side by side, each is given what is known to belong to it: see
`services.attendance.domain.attribution`. The rest counts for the event and the half-day alone.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from services.attendance.domain.agenda import Agenda
from services.attendance.domain.attribution import Attributing, Attribution, Share, Spent, Whereabouts
from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import (
    Durations,
    Interval,
    Span,
    bridged,
    intersection,
    measure,
    union,
)

_SECOND: Final = 1000
_WORSE: Final = (Grade.OBSERVED, Grade.INFERRED, Grade.CONTRADICTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """How long somebody was there, and on what that rests.

    `inferred` is the part of the total that rests on nothing but intervals of which an end was inferred, `bridged` the
    part in gaps that are no longer than the reconnect grace. `basis` is the worst grade of the intervals it is made of.
    `attributed` is set of a session that runs beside others, where somebody was there who may have been in it.
    """

    durations: Durations = field(default_factory=Durations)
    inferred: int = 0
    bridged: int = 0
    basis: Grade = Grade.OBSERVED
    attributed: Attribution | None = None

    @property
    def seconds(self) -> Mapping[str, int]:
        """Whole seconds, rounded down, as documents have them.

        `total` = `in_person` + `remote` - `both`, by which `both` may be a second off.
        """
        in_person, remote = self.durations.in_person // _SECOND, self.durations.remote // _SECOND
        total = min(self.durations.total // _SECOND, in_person + remote)
        return {
            "in_person": in_person,
            "remote": remote,
            "both": in_person + remote - total,
            "total": total,
            "inferred": min(self.inferred // _SECOND, total),
            "bridged": min(self.bridged // _SECOND, total),
        }


NOTHING: Final = Attended()
_NO_SHARE: Final = Share()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How much somebody attended, each half-day and session by its id, and the intervals it was counted from."""

    whole: Attended
    half_days: Mapping[str, Attended]
    sessions: Mapping[str, Attended]
    intervals: tuple[Interval, ...]


class Counting:
    """Counts for one person after the other, given what is the same for all of an event."""

    def __init__(
        self,
        agenda: Agenda,
        *,
        grace: int,
        horizon: int | None,
        room_of: Callable[[str], str | None],
        rooms: Mapping[str, str],
    ) -> None:
        """`room_of` tells the name of the event's room that a remote interval's `via` leads to; `rooms` names by id."""
        self._agenda = agenda
        self._grace = grace
        self._horizon = horizon
        self._room_of = room_of
        self._attributing = Attributing(agenda, rooms=rooms)
        self._alone = [(slot, agenda.alone(slot)) for slot in agenda.slots]

    def record(self, intervals: Iterable[Interval], whereabouts: Whereabouts | None = None) -> Record:
        """What somebody attended with these intervals, in whatever order."""
        known = tuple(intervals)
        joined = bridged(known, grace=self._grace)
        person = _Person(known, joined, self._horizon)
        half_days = {half.id: person.within([(half.start, half.end)]) for half in self._agenda.half_days}
        shares = self._shares(person, known, whereabouts)
        sessions = {
            slot.id: person.within(alone) if (share := shares.get(slot.id)) is None else person.shared(share, alone)
            for slot, alone in self._alone
        }
        return Record(whole=person.within(self._agenda.days), half_days=half_days, sessions=sessions, intervals=joined)

    def in_sessions(self, intervals: Iterable[Interval], whereabouts: Whereabouts) -> dict[str, Spent]:
        """When somebody was in each session, by its id: on site and remote."""
        known = tuple(intervals)
        person = _Person(known, bridged(known, grace=self._grace), self._horizon)
        shares = self._shares(person, known, whereabouts)
        return {slot.id: shares.get(slot.id, _NO_SHARE).with_alone(person.spent, alone) for slot, alone in self._alone}

    def _shares(
        self, person: "_Person", known: Sequence[Interval], whereabouts: Whereabouts | None
    ) -> Mapping[str, Share]:
        if not self._agenda.parallels or not person.total:
            return {}
        return self._attributing.shares(person.spent, self._in_rooms(known), whereabouts or Whereabouts())

    def _in_rooms(self, known: Iterable[Interval]) -> dict[str, list[Span]]:
        """When somebody was in each room of the event over the network, reconnects to the same room bridged."""
        by_room: dict[str, list[Interval]] = {}
        for interval in known:
            room = self._room_of(interval.via) if interval.mode is Mode.REMOTE else None
            if room is not None:
                by_room.setdefault(room, []).append(interval)
        return {
            room: union(_spans(bridged(those, grace=self._grace), self._horizon)) for room, those in by_room.items()
        }


class _Person:
    """When one person was there, as disjoint spans in order."""

    def __init__(self, known: Sequence[Interval], joined: Sequence[Interval], horizon: int | None) -> None:
        self.in_person = union(_spans((one for one in joined if one.mode is Mode.IN_PERSON), horizon))
        self.remote = union(_spans((one for one in joined if one.mode is Mode.REMOTE), horizon))
        self.spent: Spent = self.in_person, self.remote
        self.total = union((*self.in_person, *self.remote))
        self._raw = union(_spans(known, horizon))
        self._doubtful = [
            (one.grade, span) for one in known if one.grade is not Grade.OBSERVED for span in _spans([one], horizon)
        ]
        inferred = any(one.start_inferred or one.end_inferred is not None for one in known)
        self._seen = (
            union(_spans((one for one in known if not one.start_inferred and one.end_inferred is None), horizon))
            if inferred
            else self._raw
        )

    def within(self, windows: Sequence[Span]) -> Attended:
        """What was spent within some disjoint spans in order."""
        if not self.total or not windows or windows[-1][1] <= self.total[0][0] or self.total[-1][1] <= windows[0][0]:
            return NOTHING
        return self.attended(intersection(self.in_person, windows), intersection(self.remote, windows))

    def shared(self, share: Share, alone: Sequence[Span]) -> Attended:
        """What was spent in a session that ran beside others, and alone at times."""
        return self.attended(*share.with_alone(self.spent, alone), share.attributed)

    def attended(
        self, in_person: Sequence[Span], remote: Sequence[Span], attributed: Attribution | None = None
    ) -> Attended:
        """What was spent in some disjoint spans, in order, that somebody was there for."""
        both = intersection(in_person, remote) if in_person and remote else []
        lasted = Durations(in_person=measure(in_person), remote=measure(remote), both=measure(both))
        if not lasted.total and attributed is None:
            return NOTHING
        total = union((*in_person, *remote))
        raw = measure(intersection(total, self._raw))
        seen = raw if self._seen is self._raw else measure(intersection(total, self._seen))
        grades = [grade for grade, span in self._doubtful if intersection(total, [span])]
        return Attended(
            durations=lasted,
            inferred=raw - seen,
            bridged=lasted.total - raw,
            basis=max(grades, key=_WORSE.index, default=Grade.OBSERVED),
            attributed=attributed,
        )


def _spans(intervals: Iterable[Interval], horizon: int | None) -> Iterable[Span]:
    """Their spans; what goes on, up to the horizon, and not at all without one."""
    for interval in intervals:
        end = horizon if interval.end is None else interval.end
        if end is not None and end > interval.start:
            yield interval.start, end
