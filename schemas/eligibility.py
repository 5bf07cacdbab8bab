"""`passerelle-registration`: what it takes to have attended an event, and what participants contest of theirs.

Owner: registration. Retention: forever. What somebody writes stays in registration's database: no words of people here.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.envelope import Fact, FactData, Identifier, Instant, Wire
from schemas.registration import Mode

HalfDayId = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}/(morning|afternoon)$")]


class Scope(StrEnum):
    """What time is asked of: the event in all, its half-days, its sessions, or one of these."""

    EVENT = "event"
    HALF_DAYS = "half_days"
    SESSIONS = "sessions"
    SESSION = "session"


class Requirement(Wire):
    """At least `minutes` or `percent` of what `scope` says; of `at_least` so many half-days or sessions, else of each.

    Of sessions at one time one is enough. `session_id` names the one of `session`.
    """

    scope: Scope
    minutes: Annotated[int, Field(ge=1)] | None = None
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    at_least: Annotated[int, Field(ge=1)] | None = None
    session_id: Identifier | None = None


class EligibilityData(FactData):
    """The rules as they stand; without a requirement, whoever was there at all attended.

    `mode` is the one that counts, absent for either. `leeway_seconds` may be missing of each amount. `inferred` and
    `unattributed` tell whether time counts of which an end was inferred, or the session is not known.
    """

    version: Annotated[int, Field(ge=1)]
    requirements: tuple[Requirement, ...] = ()
    mode: Mode | None = None
    inferred: bool = True
    unattributed: bool = True
    leeway_seconds: Annotated[int, Field(ge=0)] = 60


class EligibilityChanged(Fact):
    """An organizer changed what it takes to have attended the event."""

    type: Literal["passerelle.registration.eligibility.changed.v1"]
    data: EligibilityData


class ContestData(FactData):
    """What somebody says of their own attendance: where, how and from when to when they were, as far as they say it."""

    contest_id: Identifier
    half_day_id: HalfDayId | None = None
    session_id: Identifier | None = None
    mode: Mode | None = None
    start: Instant | None = None
    end: Instant | None = None


class AttendanceContested(Fact):
    """A participant says that their attendance is not what is known of it. It changes no presence."""

    type: Literal["passerelle.registration.attendance.contested.v1"]
    subject: Identifier
    data: ContestData


class Outcome(StrEnum):
    """What became of a contest. `withdrawn`: an answer was taken back, and the contest waits for another."""

    UPHELD = "upheld"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class GrantedTime(Wire):
    """A span in which somebody counts as having been there, beside what was seen."""

    mode: Mode
    start: Instant
    end: Instant
    session_id: Identifier | None = None


class ContestAnswerData(FactData):
    """The answer to a contest; `granted` is set where it was upheld."""

    contest_id: Identifier
    outcome: Outcome
    granted: GrantedTime | None = None


class ContestAnswered(Fact):
    """An organizer answered a contest, or took the answer back; the latest word counts. It changes no presence."""

    type: Literal["passerelle.registration.attendance.contest_answered.v1"]
    subject: Identifier
    data: ContestAnswerData
