"""`passerelle-presence`: the current presence of each participant and guest. Owner: attendance. Compacted.

The key is `event_id/subject`. The record is also the state of the attendance worker: `facts` is the set of facts the
presence was folded from, so that state and output are one write.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from schemas.envelope import Fact, FactData, Identifier, Instant, Wire
from schemas.registration import Mode, SeatStatus


class PresenceStatus(StrEnum):
    """Where somebody is now, as far as the facts say. `away`: was present and is no longer; `absent`: never was."""

    ON_SITE = "on_site"
    REMOTE = "remote"
    BOTH = "both"
    AWAY = "away"
    ABSENT = "absent"


class EndInferred(StrEnum):
    """What an end rests on when no closing fact of its own gave it."""

    ROOM_CLOSED = "room_closed"
    ROOM_REOPENED = "room_reopened"
    EVENT_CLOSED = "event_closed"


class PresenceInterval(Wire):
    """A span of presence; `end` is null while it goes on. `via` is what saw it: a source and room, or a gate."""

    mode: Mode
    start: Instant
    end: Instant | None = None
    via: str
    start_inferred: bool = False
    end_inferred: EndInferred | None = None


class Seconds(Wire):
    """Seconds of presence of the intervals that have ended: total = in_person + remote - both."""

    in_person: float = 0
    remote: float = 0
    both: float = 0
    total: float = 0


class PresenceData(FactData):
    """The presence of the envelope's `subject`.

    `linked_to` is set on a guest that turned out to be a participant: their intervals stand there. `facts` holds
    the worker's state, for the worker alone.
    """

    status: PresenceStatus
    registered_mode: Mode | None = None
    registration: SeatStatus | Literal["cancelled"] | None = None
    intervals: tuple[PresenceInterval, ...] = ()
    seconds: Seconds = Seconds()
    linked_to: Identifier | None = None
    facts: tuple[dict[str, object], ...] = ()


class PresenceChanged(Fact):
    """The presence of one participant or guest, as it stands. `time` is that of its latest fact."""

    type: Literal["passerelle.presence.changed.v1"]
    subject: Identifier
    data: PresenceData


PresenceFact = Annotated[PresenceChanged, Field()]
