"""Which event a room belongs to: events claim rooms by the platform's own name of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An event, held from `starts_at` to `ends_at`, that takes place in a platform's room."""

    event_id: str
    source: str
    room: str
    starts_at: datetime
    ends_at: datetime

    def distance(self, instant: datetime) -> timedelta:
        """How far an instant is from the event: zero while it is held."""
        return max(self.starts_at - instant, instant - self.ends_at, timedelta())


def choose(claims: Iterable[Claim], instant: datetime) -> Claim | None:
    """The claim of the event nearest in time; of two equally near, the one that starts later (then the greater id)."""
    return max(claims, key=lambda claim: (-claim.distance(instant), claim.starts_at, claim.event_id), default=None)
