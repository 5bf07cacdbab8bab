"""Who attended enough, by the rules of their event: pure, the same answer for the same rules and record.

What is needed of a span is rounded down to the whole second and is never more than the span lasted. Somebody has it who
was there for as long, less `leeway_seconds` at most: gaps up to the reconnect grace are in the records already, and the
leeway forgives as much at the edges (a session left 30 s early). Who was never there never attended enough.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from services.registration.domain.attendance_records import (
    AttendanceRecord,
    AttendedTime,
    Attribution,
    Basis,
    HeldSession,
)
from services.registration.domain.errors import InvalidValueError, Rule
from services.registration.domain.granted_time import Grant, GrantedIn, Spell
from services.registration.domain.seats import Mode

MOST_REQUIREMENTS: Final = 20
MOST_LEEWAY_SECONDS: Final = 600
LONGEST_MINUTES: Final = 366 * 24 * 60


class Scope(StrEnum):
    """What a requirement asks time of: the event in all, its half-days, its sessions, or one of these."""

    EVENT = "event"
    HALF_DAYS = "half_days"
    SESSIONS = "sessions"
    SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """At least `minutes`, or `percent`, of what `scope` says.

    Of half-days and sessions: of each, or of `at_least` so many of them (of all, if there are fewer). Nobody is asked
    to be in two sessions at one time: of those, one is enough. `session_id` names the one of `SESSION`; one that was
    cancelled or is gone from the agenda asks nothing.

    Raises:
        InvalidValueError: naming the field, on construction.
    """

    scope: Scope
    minutes: int | None = None
    percent: int | None = None
    at_least: int | None = None
    session_id: str | None = None

    def __post_init__(self) -> None:
        """Hold it to its rules."""
        if (self.minutes is None) == (self.percent is None):
            raise InvalidValueError(pointer="/minutes", rule=Rule.MINUTES_OR_PERCENT)
        if self.minutes is not None and not 1 <= self.minutes <= LONGEST_MINUTES:
            raise InvalidValueError(pointer="/minutes", rule=Rule.WITHIN_BOUNDS)
        if self.percent is not None and not 1 <= self.percent <= 100:  # noqa: PLR2004  (it is a percentage)
            raise InvalidValueError(pointer="/percent", rule=Rule.WITHIN_BOUNDS)
        counted = self.scope in {Scope.HALF_DAYS, Scope.SESSIONS}
        if self.at_least is not None and (not counted or self.at_least < 1):
            raise InvalidValueError(pointer="/at_least", rule=Rule.SOME_OF_SEVERAL)
        if (self.scope is Scope.SESSION) != (self.session_id is not None):
            raise InvalidValueError(pointer="/session_id", rule=Rule.SESSION_NAMED)

    def of(self, length: timedelta) -> int:
        """The seconds needed of a span that is so long."""
        whole = length // timedelta(seconds=1)
        if self.minutes is not None:
            return min(60 * self.minutes, whole)
        return length * (self.percent or 0) // timedelta(seconds=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What it takes to have attended an event; without a requirement, to have been there at all.

    `mode` is the one that counts, None for either. `inferred` tells whether time counts of which an end was inferred,
    `unattributed` whether time counts of which nobody knows to which of the sessions at one time it belongs: of those,
    to one at a time.

    Raises:
        InvalidValueError: naming the field, on construction.
    """

    requirements: tuple[Requirement, ...] = ()
    mode: Mode | None = None
    inferred: bool = True
    unattributed: bool = True
    leeway_seconds: int = 60

    def __post_init__(self) -> None:
        """Hold them to their rules."""
        if len(self.requirements) > MOST_REQUIREMENTS:
            raise InvalidValueError(pointer="/requirements", rule=Rule.WITHIN_BOUNDS)
        if not 0 <= self.leeway_seconds <= MOST_LEEWAY_SECONDS:
            raise InvalidValueError(pointer="/leeway_seconds", rule=Rule.WITHIN_BOUNDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What was needed of the event, a half-day or a session (`what` is its id, empty for the event), and what was had.

    `granted_seconds` of what was had rest on an organizer's word alone. `unattributed`: it is not known which of
    several sessions they were in.
    """

    scope: Scope
    what: str
    needed_seconds: int
    had_seconds: int
    met: bool
    granted_seconds: int = 0
    unattributed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a requirement: `reached` of the `needed` parts are met; of these, all counted if they are few."""

    requirement: Requirement
    parts: tuple[Part, ...]
    needed: int
    reached: int

    @property
    def met(self) -> bool:
        """Whether enough of its parts are met."""
        return self.reached >= self.needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether somebody attended enough, and why. `granted`: time that an organizer granted counted towards it."""

    there: bool
    outcomes: tuple[Outcome, ...]
    granted: bool

    @property
    def eligible(self) -> bool:
        """Whether they were there, and every requirement is met."""
        return self.there and all(outcome.met for outcome in self.outcomes)

    @property
    def parts(self) -> tuple[Part, ...]:
        """The parts of all requirements, in their order."""
        return tuple(part for outcome in self.outcomes for part in outcome.parts)


def judge(rules: Rules, record: AttendanceRecord, grants: Sequence[Grant] = ()) -> Verdict:
    """What the rules say of a record, with the time that was granted beside it."""
    case = _Case(rules, record, [each for each in grants if rules.mode in {None, each.mode}])
    outcomes = tuple(case.outcome(requirement) for requirement in rules.requirements)
    whole = case.event(0)
    granted = whole.granted_seconds > 0 or any(part.granted_seconds for each in outcomes for part in each.parts)
    return Verdict(there=case.there(), outcomes=outcomes, granted=granted)


class _Case:
    """One person's record before the rules."""

    def __init__(self, rules: Rules, record: AttendanceRecord, grants: Sequence[Grant]) -> None:
        self._rules = rules
        self._record = record
        self._schedule = record.schedule
        self._grants = grants
        self._spells = tuple(
            Spell(start=each.start, end=each.end or self._schedule.as_of)
            for each in record.intervals
            if rules.mode in {None, each.mode} and (rules.inferred or each.grade is not Basis.INFERRED)
        )

    def outcome(self, requirement: Requirement) -> Outcome:
        if requirement.scope is Scope.EVENT:
            parts: tuple[Part, ...] = (self.event(requirement.of(self._length())),)
        elif requirement.scope is Scope.HALF_DAYS:
            parts = self._half_days(requirement)
        else:
            named = requirement.session_id
            parts = self._sessions(
                requirement, [each for each in self._schedule.sessions if named in {None, each.session_id}]
            )
        several = requirement.scope is Scope.SESSIONS
        reached = self._sessions_reached(parts) if several else sum(part.met for part in parts)
        possible = _one_at_a_time(self._schedule.sessions) if several else len(parts)
        needed = possible if requirement.at_least is None else min(requirement.at_least, possible)
        return Outcome(requirement=requirement, parts=parts, needed=needed, reached=reached)

    def event(self, needed: int) -> Part:
        spans = [Spell(start=half.starts_at, end=half.ends_at) for half in self._schedule.half_days]
        own = GrantedIn(spans, self._grants, self._spells)
        if not spans:
            return self._part(Scope.EVENT, "", needed, self._counted(self._record.whole, own), own)
        # The event is its half-days: who stays for lunch has not attended more of it.
        counted = 0
        for half, span in zip(self._schedule.half_days, spans, strict=True):
            time = self._record.half_days.get(half.half_day_id, AttendedTime())
            counted += self._counted(time, GrantedIn([span], (), self._spells))
        return self._part(Scope.EVENT, "", needed, counted, own)

    def there(self) -> bool:
        """Whether they were there at all, at whatever hour of the event."""
        whole = GrantedIn([], (), ())
        return self.event(0).had_seconds > 0 or self._counted(self._record.whole, whole) > 0

    def _half_days(self, requirement: Requirement) -> tuple[Part, ...]:
        parts = []
        for half in self._schedule.half_days:
            own = GrantedIn([Spell(start=half.starts_at, end=half.ends_at)], self._grants, self._spells)
            time = self._record.half_days.get(half.half_day_id, AttendedTime())
            needed = requirement.of(half.ends_at - half.starts_at)
            parts.append(self._part(Scope.HALF_DAYS, half.half_day_id, needed, self._counted(time, own), own))
        return tuple(parts)

    def _sessions(self, requirement: Requirement, sessions: Iterable[HeldSession]) -> tuple[Part, ...]:
        parts = []
        for session in sessions:
            time = self._record.sessions.get(session.session_id, AttendedTime())
            # Time granted without a session says nothing of which of several it was in.
            grants = [
                each
                for each in self._grants
                if each.session_id == session.session_id or (each.session_id is None and time.attributed is None)
            ]
            own = GrantedIn([Spell(start=session.starts_at, end=session.ends_at)], grants, self._spells)
            unknown = time.attributed is Attribution.UNKNOWN
            counted = own.covered if unknown and self._rules.unattributed else self._counted(time, own)
            needed = requirement.of(session.ends_at - session.starts_at)
            part = self._part(Scope.SESSION, session.session_id, needed, counted, own, unattributed=unknown)
            parts.append(part)
        return tuple(parts)

    def _sessions_reached(self, parts: Sequence[Part]) -> int:
        """How many sessions: of those that nobody knows which they were in, no two at one time."""
        placed = {part.what for part in parts if part.met and not part.unattributed}
        unknown = {part.what for part in parts if part.met and part.unattributed}
        known = [each for each in self._schedule.sessions if each.session_id in placed]
        maybe = [
            each
            for each in self._schedule.sessions
            if each.session_id in unknown
            and not any(each.starts_at < other.ends_at and other.starts_at < each.ends_at for other in known)
        ]
        return len(known) + _one_at_a_time(maybe)

    def _part(
        self, scope: Scope, what: str, needed: int, counted: int, own: GrantedIn, *, unattributed: bool = False
    ) -> Part:
        granted = own.beside(counted)
        had = counted + granted
        enough = had >= max(1, needed - self._rules.leeway_seconds) if needed else True
        return Part(
            scope=scope,
            what=what,
            needed_seconds=needed,
            had_seconds=had,
            met=enough,
            granted_seconds=granted,
            unattributed=unattributed,
        )

    def _counted(self, time: AttendedTime, own: GrantedIn) -> int:
        """The seconds of a record that count, of a span."""
        if self._rules.inferred or not time.inferred:
            return time.of(self._rules.mode)
        observed = time.total - time.inferred if self._rules.mode is None else own.covered
        return min(time.of(self._rules.mode), observed)

    def _length(self) -> timedelta:
        return sum((half.ends_at - half.starts_at for half in self._schedule.half_days), timedelta())


def _one_at_a_time(sessions: Iterable[HeldSession]) -> int:
    """The most of some sessions that one can be in from their beginnings to their ends."""
    most, free = 0, None
    for session in sorted(sessions, key=lambda each: each.ends_at):
        if free is None or session.starts_at >= free:
            most, free = most + 1, session.ends_at
    return most
