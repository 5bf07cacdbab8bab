"""Contests and their answers as models."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from schemas.eligibility import HalfDayId
from schemas.envelope import Identifier, Instant
from services.registration.domain.contests import MOST_CHARACTERS, Claim, Contest, Outcome
from services.registration.domain.seats import Mode
from services.registration.web.bodies import Body, check_text

Said = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS), AfterValidator(check_text)]


class ClaimBody(Body):
    """What somebody says of their own attendance, as far as they know; `text` is in their own words."""

    text: Said
    half_day_id: HalfDayId | None = None
    session_id: Identifier | None = None
    mode: Mode | None = None
    start: Instant | None = None
    end: Instant | None = None

    def value(self) -> Claim:
        """As the domain has it."""
        return Claim(**self.model_dump())


class GrantedView(Body):
    """A span that counts as attended by an organizer's word."""

    mode: Mode
    start: Instant
    end: Instant
    session_id: str | None


class ContestView(ClaimBody):
    """A contest; `outcome` is null while it waits."""

    contest_id: str
    participant_id: str
    at: Instant
    text: str
    outcome: Outcome | None
    answered_at: Instant | None
    reason: str | None
    granted: GrantedView | None

    @classmethod
    def of(cls, contest: Contest) -> "ContestView":
        """One contest."""
        claim, answer = contest.claim, contest.answer
        granted = None if answer is None else answer.granted
        return cls(
            contest_id=contest.contest_id,
            participant_id=contest.participant_id,
            at=contest.at,
            text=claim.text,
            half_day_id=claim.half_day_id,
            session_id=claim.session_id,
            mode=claim.mode,
            start=claim.start,
            end=claim.end,
            outcome=None if answer is None else answer.outcome,
            answered_at=None if answer is None else answer.at,
            reason=None if answer is None else answer.reason,
            granted=None
            if granted is None
            else GrantedView(mode=granted.mode, start=granted.start, end=granted.end, session_id=granted.session_id),
        )


class AnswerBody(Body):
    """`upheld` grants `mode`, `start` and `end`; `refused` gives a `reason`, which the participant reads."""

    outcome: Literal["upheld", "refused"]
    mode: Mode | None = None
    start: Instant | None = None
    end: Instant | None = None
    reason: Said | None = None
