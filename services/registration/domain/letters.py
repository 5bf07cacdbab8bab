"""Letters: which message is owed to whom. The words are found when it is sent, from what is known of the person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.registration.domain.event import Event, EventStatus
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import SeatStatus

GIVE_UP_AFTER: Final = timedelta(days=3)
_PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 120))


class LetterKind(StrEnum):
    """What a letter tells.

    `seat_offered` is about `mode`, and `until`: an instant in RFC 3339; `mode_changed` about `released`, if the seat of
    who had not come was given to somebody else. `sessions_changed` is about `given`: the id of a session where they got
    a seat that they waited for, if that is what changed. `document_issued` is about `kind` and `code`.
    """

    REGISTERED = "registered"
    WAITLISTED = "waitlisted"
    SEAT_OFFERED = "seat_offered"
    OFFER_EXPIRED = "offer_expired"
    SEAT_CONFIRMED = "seat_confirmed"
    MODE_CHANGED = "mode_changed"
    CANCELLED = "cancelled"
    SESSIONS_CHANGED = "sessions_changed"
    EVENT_CHANGED = "event_changed"
    EVENT_CANCELLED = "event_cancelled"
    REMINDER = "reminder"
    LINK_AGAIN = "link_again"
    CONTEST_ANSWERED = "contest_answered"
    DOCUMENT_ISSUED = "document_issued"


class LetterState(StrEnum):
    """What became of a letter.

    `local` is what was not sent because no mail server is set: the organizer reads it here. `undeliverable` waits for
    the organizer. `dropped` is what had become untrue, or lost its addressee because the person was erased.
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


def still_true(letter: Letter, event: Event, registration: Registration, *, now: datetime) -> bool:
    """Whether the letter still tells how things stand: much can happen before it is sent."""
    match letter.kind:
        case LetterKind.EVENT_CANCELLED:
            return event.status is EventStatus.CANCELLED
        case LetterKind.DOCUMENT_ISSUED | LetterKind.CONTEST_ANSWERED:
            return event.status is not EventStatus.CANCELLED
        case LetterKind.CANCELLED:
            return registration.status is SeatStatus.CANCELLED
        case LetterKind.OFFER_EXPIRED | LetterKind.LINK_AGAIN:
            return event.status is EventStatus.PUBLISHED
        case LetterKind.REGISTERED | LetterKind.SEAT_CONFIRMED:
            holds = registration.status is SeatStatus.CONFIRMED
        case LetterKind.WAITLISTED:
            holds = registration.status is SeatStatus.WAITLISTED
        case LetterKind.SEAT_OFFERED:
            offer, told = registration.offer, letter.about.get("until")
            # An offer that was shortened has a letter of its own.
            holds = (
                offer is not None and now < offer.until and (not told or datetime.fromisoformat(told) <= offer.until)
            )
        case _:
            holds = True
    return holds and event.status is EventStatus.PUBLISHED and registration.status is not SeatStatus.CANCELLED


def next_attempt(*, owed_since: datetime, attempts: int, now: datetime) -> datetime | None:
    """When to try again what could not be sent just now, after so many attempts; None to give up."""
    if now - owed_since >= GIVE_UP_AFTER:
        return None
    return now + _PAUSES[min(attempts, len(_PAUSES)) - 1]


def concerns_participants(before: Event, now: Event) -> bool:
    """Whether participants must be told of a change: when or where to be, and what it is called.

    Of rooms, the places alone: everybody's own link leads into whatever is online.
    """
    what, was = (
        (
            event.title,
            event.starts_at,
            event.ends_at,
            event.timezone,
            [r.whereabouts for r in event.rooms if r.physical],
        )
        for event in (now, before)
    )
    return now.status is EventStatus.PUBLISHED and what != was
