"""What a delivery of a platform says: that something was observed in a room, or nothing that counts.

An observation does not know its event yet: which event a room belongs to is a matter of claims.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, TypeAlias

Inferred: TypeAlias = Literal["silence"]
"""What a leave can rest on that nobody told."""


class Kind(StrEnum):
    """What happened; the value is the end of the fact's type on the wire."""

    ROOM_OPENED = "room.opened"
    ROOM_CLOSED = "room.closed"
    JOINED = "joined"
    LEFT = "left"
    STREAM_STARTED = "stream.started"
    STREAM_STOPPED = "stream.stopped"
    CHAT = "interaction.chat"
    RAISED_HAND = "interaction.raised_hand"
    REACTION = "interaction.reaction"
    POLL_ANSWERED = "interaction.poll_answered"


PERSONAL_KINDS = frozenset({Kind.JOINED, Kind.LEFT})
ABOUT_PRESENCE: Final = (*sorted(PERSONAL_KINDS), Kind.ROOM_OPENED, Kind.ROOM_CLOSED)
"""What who was there follows from: a room that closes ends all that goes on in it."""
INTERACTIONS = frozenset({Kind.CHAT, Kind.RAISED_HAND, Kind.REACTION, Kind.POLL_ANSWERED})
"""What somebody did, and never what they said; the end of the value is its kind on the wire."""
_OF_SOMEBODY = PERSONAL_KINDS | INTERACTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room of a platform.

    `name` is what an event claims it by, `key` what tells it from every other room of its source (a breakout room has
    the name of its main room and a key of its own), `session` the platform's own session of it, if it names one.
    """

    name: str
    key: str
    session: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection to a room, with all that may be kept of who it is.

    `user_id` is the platform's stable id of the person, `None` for somebody it does not know. `registrant_id` is the id
    under which they registered with the platform itself, and `email` an address that it vouches for: never one that
    somebody typed on the way in.
    """

    key: str
    user_id: str | None = None
    display_name: str | None = None
    registrant_id: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something a platform saw. `identity` holds the parts that, within its source, make it the same fact again.

    `inferred` is what a leave rests on that nobody told. `heads` is how many connections, machines among them, the
    platform counts in the room right after it, where it says so.

    Raises:
        ValueError: on construction, for what somebody does without a connection.
    """

    identity: tuple[str, ...]
    kind: Kind
    room: Room
    time: datetime
    connection: Connection | None = None
    joined_at: datetime | None = None
    inferred: Inferred | None = None
    heads: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be a fact."""
        if (self.kind in _OF_SOMEBODY) != (self.connection is not None):
            message = f"{self.kind}: a connection belongs to what somebody does, and only to that"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A delivery that is understood and says nothing about participation; it is kept, by its type alone.

    `machine` is the coming or going of a recorder, say, as it would be told of a person: it is no presence, but some
    platforms count it among the heads.
    """

    identity: tuple[str, ...]
    event_type: str
    machine: Observation | None = None


def epoch_milliseconds(instant: datetime) -> str:
    """An instant as part of an identity: whole milliseconds, so that 5, 5.0 and "5.000" are the same."""
    return str(round(instant.timestamp() * 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An observation as it is kept: under its fact's id, with random ids in the place of people.

    `source` is the name of the source and `source_uri` the envelope's; `room_key` is the form of the room's name that
    claims are compared by. `subject` and `connection` are absent when it is about a room or a stream. `name_mark` tells
    two names of one subject apart, and nothing else.
    """

    fact_id: str
    source: str
    source_uri: str
    kind: Kind
    room_key: str
    room: Room
    time: datetime
    subject: str | None = None
    connection: str | None = None
    joined_at: datetime | None = None
    inferred: Inferred | None = None
    heads: int | None = None
    name_mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestName:
    """What a guest called themselves; kept sealed, in the bridge's database alone."""

    guest_id: str
    source: str
    display_name: str
