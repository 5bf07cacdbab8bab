"""Read a record's value: bytes in, a typed fact out, or an error that names what is wrong."""

import re
from typing import Annotated, Final, TypeAlias, get_args

from pydantic import Field, TypeAdapter, ValidationError

from schemas.checkin import CheckedIn, CheckedOut, CheckInVoided
from schemas.eligibility import AttendanceContested, ContestAnswered, EligibilityChanged
from schemas.envelope import fact_type
from schemas.erasures import PersonErased
from schemas.participation import (
    Interaction,
    Joined,
    Left,
    RoomClosed,
    RoomOpened,
    StreamStarted,
    StreamStopped,
    Voided,
)
from schemas.presence import PresenceChanged, PresenceEarlier
from schemas.registration import (
    EventCancelled,
    EventChanged,
    EventClosed,
    EventCreated,
    EventPublished,
    IdentityLinked,
    IdentityUnlinked,
    ParticipantCancelled,
    ParticipantConfirmed,
    ParticipantModeChanged,
    ParticipantRegistered,
    SeatChanged,
    SeatOffered,
    SeatOfferWithdrawn,
    SeatReleased,
    TimeAcceptanceWithdrawn,
    TimeAccepted,
)
from schemas.session_places import SessionPlaceChanged, SessionPlaceLeft, SessionPlaceTaken
from schemas.timeline import TimelineEntry

KnownFact: TypeAlias = (
    EventCreated
    | EventChanged
    | EventPublished
    | EventClosed
    | EventCancelled
    | ParticipantRegistered
    | ParticipantConfirmed
    | ParticipantModeChanged
    | ParticipantCancelled
    | SeatOffered
    | SeatOfferWithdrawn
    | SeatReleased
    | SeatChanged
    | SessionPlaceTaken
    | SessionPlaceChanged
    | SessionPlaceLeft
    | PersonErased
    | IdentityLinked
    | IdentityUnlinked
    | TimeAccepted
    | TimeAcceptanceWithdrawn
    | EligibilityChanged
    | AttendanceContested
    | ContestAnswered
    | CheckedIn
    | CheckedOut
    | CheckInVoided
    | RoomOpened
    | RoomClosed
    | Joined
    | Left
    | Voided
    | StreamStarted
    | StreamStopped
    | Interaction
    | PresenceChanged
    | PresenceEarlier
    | TimelineEntry
)
_ADAPTER: Final[TypeAdapter[KnownFact]] = TypeAdapter(Annotated[KnownFact, Field(discriminator="type")])

_NAMED: Final = re.compile(r"(passerelle(?:\.[a-z_]+)+)\.v([0-9]{1,4})")
"""A type that a later version of Passerelle may have: nothing else is quoted, for it could hold personal data."""
_LONGEST_TYPE: Final = 100

# An odd number of backslashes: with an even one, it is a backslash and the text "u0000".
_NULL_CHARACTER: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class UnreadableRecordError(ValueError):
    """A record's value is not a fact of a known type; `reason` names the first thing that is wrong."""

    def __init__(self, reason: str) -> None:
        """Keep the reason, which never quotes the value (it could hold personal data)."""
        super().__init__(reason)
        self.reason = reason


def decode(value: bytes) -> KnownFact:
    """Read one record's value.

    Raises:
        UnreadableRecordError: if it is not JSON, not a CloudEvent, or not of a known type and shape.
    """
    if _NULL_CHARACTER.search(value):
        raise UnreadableRecordError("value: holds the character U+0000, which no database text can hold")
    try:
        return _ADAPTER.validate_json(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        if first["type"] == "union_tag_invalid":  # its message would quote the value
            raise UnreadableRecordError(f"type: {_why_unknown(first['ctx']['tag'])}") from None
        place = ".".join(str(part) for part in first["loc"]) or "value"
        raise UnreadableRecordError(f"{place}: {first['msg']}") from None


def _why_unknown(type_: str) -> str:
    """What is wrong with a type that is not known: perhaps only that this version is too old for it."""
    named = _NAMED.fullmatch(type_[:_LONGEST_TYPE])
    if named is None or named[0] != type_:
        return "not a type that this version knows"
    name, version = named.groups()
    known = [read[2] for fact in get_args(KnownFact) if (read := _NAMED.fullmatch(fact_type(fact))) and read[1] == name]
    if not known:
        return f"{type_} needs a version of Passerelle that reads it (this one does not know it)"
    return f"{type_} needs a version of Passerelle that reads v{version} (this one reads v{', v'.join(known)})"
