"""`passerelle-participation`: what conferencing and streaming platforms saw.

Owner: streaming_bridge. Retention: forever.

The envelope's `source` is `/bridge/<platform>/<source name>`; `subject` is the participant or guest id, absent on facts
about a room or a stream.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.envelope import Fact, FactData, Identifier, Instant

RoomKey = Annotated[str, Field(min_length=1, max_length=600)]
"""A room as its platform names it (a breakout room has a key of its own)."""
SessionKey = Annotated[str, Field(min_length=1, max_length=300)]
ConnectionKey = Annotated[str, Field(min_length=1, max_length=600)]


class RoomData(FactData):
    """A room, and the platform's session of it where the platform names one (JaaS `sessionId`, LiveKit `sid`)."""

    room: RoomKey
    room_session: SessionKey | None = None


class RoomOpened(Fact):
    """A room was opened."""

    type: Literal["passerelle.participation.room.opened.v1"]
    data: RoomData


class RoomClosed(Fact):
    """A room was closed: whoever was in it is no longer."""

    type: Literal["passerelle.participation.room.closed.v1"]
    data: RoomData


class ConnectionData(RoomData):
    """One connection to a room; `connection` is the platform's id of it, unique within source and room."""

    connection: ConnectionKey


class Joined(Fact):
    """A connection was let in."""

    type: Literal["passerelle.participation.joined.v1"]
    subject: Identifier
    data: ConnectionData


class LeftData(ConnectionData):
    """`joined_at` is the platform's own word on when this connection came in, if it gives one.

    `inferred` says that nobody told of the leave: nothing was heard of the connection any more, from `time` on.
    """

    joined_at: Instant | None = None
    inferred: Literal["silence"] | None = None


class Left(Fact):
    """A connection ended."""

    type: Literal["passerelle.participation.left.v1"]
    subject: Identifier
    data: LeftData


class VoidedData(FactData):
    """The fact that is taken back."""

    voided_id: Identifier


class Voided(Fact):
    """A joining or leaving counts no more at the event: it is as if it had never been told there.

    An organizer had accepted it of a report by mistake, or the room had been given to the wrong event.
    `subject` and `source` are those of the fact that is taken back.
    """

    type: Literal["passerelle.participation.voided.v1"]
    subject: Identifier
    data: VoidedData


class StreamStarted(Fact):
    """A broadcast or a recording went live."""

    type: Literal["passerelle.participation.stream.started.v1"]
    data: RoomData


class StreamStopped(Fact):
    """A broadcast or a recording ended."""

    type: Literal["passerelle.participation.stream.stopped.v1"]
    data: RoomData


class InteractionKind(StrEnum):
    """What a remote participant did; never what they said."""

    CHAT = "chat"
    RAISED_HAND = "raised_hand"
    REACTION = "reaction"
    POLL_ANSWERED = "poll_answered"


class InteractionData(RoomData):
    """One act of one connection, without content."""

    connection: ConnectionKey | None = None
    kind: InteractionKind


class Interaction(Fact):
    """A remote participant took part: a message, a hand, a reaction, an answer."""

    type: Literal["passerelle.participation.interaction.v1"]
    subject: Identifier
    data: InteractionData
