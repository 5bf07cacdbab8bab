"""Rooms that are watched while their event is on: what a check found, and what it is known to have found before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.streaming_bridge.domain.drift import Suspect

_OPEN_EARLY: Final = timedelta(hours=1)
_EARLIEST: Final = timedelta(hours=12)
_LATEST: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRoom:
    """A room that an event claims: `room` as the organizer wrote its name, `room_key` as it is compared."""

    event_id: str
    source: str
    room: str
    room_key: str
    starts_at: datetime
    ends_at: datetime

    def is_expected(self, now: datetime) -> bool:
        """Whether people come and go about now, so that a platform is asked although it told nothing."""
        return self.starts_at - _OPEN_EARLY <= now <= self.ends_at + _OPEN_EARLY

    def span(self) -> tuple[datetime, datetime]:
        """Between which instants what is told of the room is told of this event: long before, and long after."""
        return self.starts_at - _EARLIEST, self.ends_at + _LATEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How a room stood when it was last compared.

    `theirs` is absent where the platform gave no number, and `failure` then says why, unless it never gives one.
    """

    checked_at: datetime
    ours: int
    theirs: int | None
    failure: str | None
    drifting_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """An alert: the numbers differed from `began_at` on, and were last seen as they stand here."""

    began_at: datetime
    ended_at: datetime | None
    ours: int
    theirs: int
    suspects: Sequence[Suspect]
