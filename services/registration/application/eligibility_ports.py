"""What rules of eligibility and contests need of the database, which keeps sealed what people wrote."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.registration.domain.eligibility import Rules
from services.registration.domain.seats import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRules:
    """The rules of an event as somebody left them; `version` counts the changes from 1."""

    rules: Rules
    version: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedContest:
    """A contest as it is stored; see `Contest`. `outcome` is None while it waits."""

    contest_id: str
    event_id: str
    participant_id: str
    at: datetime
    changed_at: datetime
    sealed_text: str
    half_day_id: str | None = None
    session_id: str | None = None
    mode: Mode | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    outcome: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    sealed_reason: str | None = None
    granted_mode: Mode | None = None
    granted_from: datetime | None = None
    granted_until: datetime | None = None
    granted_session_id: str | None = None


class EligibilityReading(Protocol):
    """A consistent view of them."""

    async def eligibility_rules(self, event_id: str) -> StoredRules | None:
        """The rules that hold now; None if nobody set any."""
        ...

    async def contests(
        self, event_id: str, *, participant_ids: Collection[str] | None = None
    ) -> Sequence[SealedContest]:
        """All contests of an event, or those of some participants, the earliest first."""
        ...

    async def contest(self, event_id: str, contest_id: str) -> SealedContest | None:
        """One of them."""
        ...

    async def waiting_contests(self, event_id: str) -> int:
        """How many wait for an answer."""
        ...


class EligibilityWriting(EligibilityReading, Protocol):
    """A transaction on them."""

    async def add_eligibility_rules(self, event_id: str, stored: StoredRules) -> None:
        """Keep what holds from now on; what held before is kept too."""
        ...

    async def save_contest(self, contest: SealedContest) -> None:
        """Insert or replace a contest."""
        ...
