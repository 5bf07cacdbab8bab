"""Who was there and for how long, as attendance reckons it from the facts: by half-day, by session and in all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.registration.domain.granted_time import Grant, Spell, granted_beside
from services.registration.domain.seats import Mode


class Basis(StrEnum):
    """What time rests on: `inferred` if an end or a start follows from something else, `contradicted` by a fact."""

    OBSERVED = "observed"
    INFERRED = "inferred"
    CONTRADICTED = "contradicted"


class Attribution(StrEnum):
    """How it is known in which of the sessions held at one time somebody was."""

    SCAN = "scan"
    ROOM = "room"
    CHOICE = "choice"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedTime:
    """Whole seconds: `total` = `in_person` + `remote` - `both`; `inferred` is how many of the total are not observed.

    `attributed` is set for a session that others are parallel to.
    """

    in_person: int = 0
    remote: int = 0
    both: int = 0
    total: int = 0
    inferred: int = 0
    basis: Basis = Basis.OBSERVED
    attributed: Attribution | None = None

    def of(self, mode: Mode | None) -> int:
        """The seconds in one mode; None is for either."""
        if mode is None:
            return self.total
        return self.in_person if mode is Mode.IN_PERSON else self.remote


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedInterval:
    """A span of presence, bridged by the reconnect grace; `end` is None while it goes on.

    `via` is a gate, or the source and room that were joined; `facts` are the ids of what it rests on. `end_inferred` is
    what the end follows from, where nobody told it.
    """

    mode: Mode
    start: datetime
    end: datetime | None
    via: str
    sources: tuple[str, ...] = ()
    start_inferred: bool = False
    end_inferred: str | None = None
    grade: Basis = Basis.OBSERVED
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfDay:
    """A morning or an afternoon of the event (`2026-11-24/morning`), as far as the event reaches."""

    half_day_id: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSession:
    """A session that took place."""

    session_id: str
    title: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What there was to attend. Time is reckoned up to `as_of`, and is provisional while the event is `open`.

    Gaps were bridged by `reconnect_grace_seconds`; None where that was not told.
    """

    event_id: str
    as_of: datetime
    open: bool
    reconnect_grace_seconds: int | None = None
    half_days: tuple[HalfDay, ...] = ()
    sessions: tuple[HeldSession, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the facts of the event come to: the root of their Merkle tree, as hexadecimal digits, and their number."""

    root: str
    facts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceRecord:
    """The attendance of one participant; of a venue with `headcount` people, that of its connection.

    `half_days` and `sessions` are by id, and say nothing of those where there was no time. `grants` are what an
    organizer granted beside it: no other time contains them.
    """

    schedule: Schedule
    participant_id: str
    registration: str | None = None
    mode: Mode | None = None
    headcount: int | None = None
    whole: AttendedTime
    half_days: Mapping[str, AttendedTime]
    sessions: Mapping[str, AttendedTime]
    intervals: tuple[AttendedInterval, ...] = ()
    grants: tuple[Grant, ...] = ()

    @property
    def granted_seconds(self) -> int:
        """The whole seconds that were granted and that nothing measured."""
        seen = (Spell(start=each.start, end=each.end or self.schedule.as_of) for each in self.intervals)
        return granted_beside(self.grants, seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceRecords:
    """A page of records; `next` asks for those after it. `horizon` is up to when all facts are known to be in."""

    schedule: Schedule
    horizon: datetime | None
    evidence: Evidence
    people: tuple[AttendanceRecord, ...]
    next: str | None = None
