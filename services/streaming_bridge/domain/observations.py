"""What a delivery of a platform says: that something was observed in a room, or nothing that counts.

An observation does not know its event yet: which event a room belongs to is a matter of claims.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What happened; the value is the end of the fact's type on the wire."""

    ROOM_OPENED = "room.opened"
    ROOM_CLOSED = "room.closed"
    JOINED = "joined"
    LEFT = "left"
    STREAM_STARTED = "stream.started"
    STREAM_STOPPED = "stream.stopped"


PERSONAL_KINDS = frozenset({Kind.JOINED, Kind.LEFT})


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

    `user_id` is the platform's stable id of the person, `None` for somebody it does not know.
    """

    key: str
    user_id: str | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something a platform saw. `identity` holds the parts that, within its source, make it the same fact again.

    Raises:
        ValueError: on construction, for somebody's joining or leaving without a connection.
    """

    identity: tuple[str, ...]
    kind: Kind
    room: Room
    time: datetime
    connection: Connection | None = None
    joined_at: datetime | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be a fact."""
        if (self.kind in PERSONAL_KINDS) != (self.connection is not None):
            message = f"{self.kind}: a connection belongs to joining and leaving, and only to them"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A delivery that is understood and says nothing about participation; it is kept, by its type alone."""

    identity: tuple[str, ...]
    event_type: str


def epoch_milliseconds(instant: datetime) -> str:
    """An instant as part of an identity: whole milliseconds, so that 5, 5.0 and "5.000" are the same."""
    return str(round(instant.timestamp() * 1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An observation as it is kept: under its fact's id, with random ids in the place of people.

    `source` is the name of the source and `source_uri` the envelope's; `room_key` is the form of the room's name that
    claims are compared by. `subject` and `connection` are absent when it is about a room or a stream.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class GuestName:
    """What a guest called themselves; kept sealed, in the bridge's database alone."""

    guest_id: str
    source: str
    display_name: str
