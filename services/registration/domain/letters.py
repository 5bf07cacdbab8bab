"""Letters: which message is owed to whom. The words are found when it is sent, from what is known of the person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class LetterKind(StrEnum):
    """What a letter tells."""

    REGISTERED = "registered"
    WAITLISTED = "waitlisted"
    SEAT_OFFERED = "seat_offered"
    OFFER_EXPIRED = "offer_expired"
    SEAT_CONFIRMED = "seat_confirmed"
    MODE_CHANGED = "mode_changed"
    CANCELLED = "cancelled"
    EVENT_CHANGED = "event_changed"
    EVENT_CANCELLED = "event_cancelled"
    REMINDER = "reminder"


class LetterState(StrEnum):
    """What became of a letter.

    `local` is what was not sent because no mail server is set: the organizer reads it here. `undeliverable` waits for
    the organizer. `dropped` is what lost its addressee: the person was erased.
    """

    OWED = "owed"
    SENT = "sent"
    LOCAL = "local"
    UNDELIVERABLE = "undeliverable"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message owed to a participant.

    `about` says more, in words of a program and never with personal data: the letter outlives an erasure.
    """

    kind: LetterKind
    event_id: str
    participant_id: str
    about: Mapping[str, str] = field(default_factory=dict)
