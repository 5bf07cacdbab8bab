"""By what a guest may be recognised as somebody who registered: what their platform vouches for, and never a name."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

_FIRST_PAUSE: Final = timedelta(minutes=5)
_LONGEST_PAUSE: Final = timedelta(days=1)
_DOUBLED_AT_MOST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestIdentity:
    """The id under which a guest registered with the platform, and an address that it vouches for; one of them.

    Personal, as a name is: kept sealed, and told to registration alone.
    """

    guest_id: str
    registrant_id: str | None = None
    email: str | None = None


class Recognition(StrEnum):
    """What registration says of a guest at an event."""

    LINKED = "linked"
    """They are somebody who registered, and it is told."""
    SETTLED = "settled"
    """Somebody said already who they are, or that they are not who they were taken for."""
    UNKNOWN = "unknown"
    """Nobody confirmed, or more than one, is known by this."""


def pause_before_asking_again(asked: int) -> timedelta:
    """How long to wait after an answer that nobody is known: people register late, and organizers confirm later."""
    doubled = min(max(asked - 1, 0), _DOUBLED_AT_MOST)
    return min(_FIRST_PAUSE * (1 << doubled), _LONGEST_PAUSE)
