"""Contests: what participants say of their own attendance, and the answers of organizers.

A contest that is upheld grants time, which rules of eligibility count; it rewrites nothing of what was seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.registration.domain.errors import RegistrationError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.granted_time import Grant
from services.registration.domain.half_days import half_day_of
from services.registration.domain.seats import Mode

CONTESTED_FOR: Final = timedelta(days=30)
"""How long after the end of an event its attendance can be contested."""
MOST_CONTESTS: Final = 10
"""Of one person, about one event."""
MOST_CHARACTERS: Final = 1000


class ContestTrouble(StrEnum):
    """Why something about a contest is not possible."""

    NOT_BEGUN = "not_begun"
    TOO_LATE = "too_late"
    CANCELLED = "cancelled"
    TOO_MANY = "too_many"
    NOT_OF_EVENT = "not_of_event"
    ENDS_BEFORE_START = "ends_before_start"
    HALF_A_SPAN = "half_a_span"
    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"


class ContestRefusedError(RegistrationError):
    """A contest, or an answer to one, is not taken."""

    def __init__(self, trouble: ContestTrouble) -> None:
        """Keep why."""
        super().__init__(trouble)
        self.trouble = trouble


class ContestNotFoundError(RegistrationError):
    """The event has no such contest."""

    def __init__(self, contest_id: str) -> None:
        """Keep the id that was asked for."""
        super().__init__(contest_id)
        self.contest_id = contest_id


class Outcome(StrEnum):
    """What an organizer answered."""

    UPHELD = "upheld"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Where, how and from when to when somebody says they were, as far as they say it; `text` in their own words."""

    text: str
    half_day_id: str | None = None
    session_id: str | None = None
    mode: Mode | None = None
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An organizer's answer; `granted` is set where the contest is upheld, `reason` is for whoever contested."""

    outcome: Outcome
    at: datetime
    by: str
    reason: str | None = None
    granted: Grant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What a participant contests; it waits while there is no answer.

    `changed_at` is the time of the last word on it: words on one contest never share an instant.
    """

    contest_id: str
    event_id: str
    participant_id: str
    at: datetime
    changed_at: datetime
    claim: Claim
    answer: Answer | None = None


def contestable_until(event: Event) -> datetime:
    """Up to when the attendance of an event can be contested."""
    return event.ends_at + CONTESTED_FOR


def trouble_with_contesting(event: Event, earlier: int, *, now: datetime) -> ContestTrouble | None:
    """Why somebody with so many earlier contests cannot contest now; None if they can."""
    if event.status in {EventStatus.CANCELLED, EventStatus.DRAFT}:
        return ContestTrouble.CANCELLED
    if now < event.starts_at:
        return ContestTrouble.NOT_BEGUN
    if now > contestable_until(event):
        return ContestTrouble.TOO_LATE
    return ContestTrouble.TOO_MANY if earlier >= MOST_CONTESTS else None


def require_claimable(event: Event, claim: Claim) -> None:
    """Refuse a claim that nobody could grant.

    Raises:
        ContestRefusedError: if it names a half-day or session that the event has not, or a span outside of it.
    """
    if claim.half_day_id is not None and half_day_of(event, claim.half_day_id) is None:
        raise ContestRefusedError(ContestTrouble.NOT_OF_EVENT)
    if claim.session_id is not None and claim.session_id not in {each.session_id for each in event.sessions}:
        raise ContestRefusedError(ContestTrouble.NOT_OF_EVENT)
    if (claim.start is None) != (claim.end is None):
        raise ContestRefusedError(ContestTrouble.HALF_A_SPAN)
    if claim.start is not None and claim.end is not None:
        require_span(event, claim.start, claim.end)


def require_span(event: Event, start: datetime, end: datetime) -> None:
    """Refuse a span that is none, or is not of the event.

    Raises:
        ContestRefusedError: saying which.
    """
    if end <= start:
        raise ContestRefusedError(ContestTrouble.ENDS_BEFORE_START)
    if start < event.starts_at or end > event.over_at:
        raise ContestRefusedError(ContestTrouble.NOT_OF_EVENT)


def answered(contest: Contest, answer: Answer) -> Contest:
    """The contest with its answer.

    Raises:
        ContestRefusedError: if it has one: that is to be taken back first.
    """
    if contest.answer is not None:
        raise ContestRefusedError(ContestTrouble.ANSWERED)
    return replace(contest, answer=answer, changed_at=answer.at)


def grants_of(contests: Iterable[Contest]) -> tuple[Grant, ...]:
    """The time that was granted, the earliest contest first."""
    return tuple(
        each.answer.granted for each in contests if each.answer is not None and each.answer.granted is not None
    )
