"""What the other services know of a participant, asked when somebody takes their data along."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from pydantic import BaseModel

from schemas.envelope import Instant
from schemas.presence import EndInferred, Grade, PresenceStatus, Seconds
from schemas.registration import Mode


class AttendedInterval(BaseModel):
    """A span of presence; `end` is null while it goes on. `via` is a door, or the online room that was joined."""

    mode: Mode
    start: Instant
    end: Instant | None
    via: str
    start_inferred: bool
    end_inferred: EndInferred | Literal["silence"] | None
    grade: Grade


class AttendedTime(BaseModel):
    """When somebody was there: the intervals, and the seconds they come to, by mode."""

    status: PresenceStatus
    seconds: Seconds
    intervals: list[AttendedInterval]


class AttendanceFact(BaseModel):
    """Something that happened, as it was told: a scan, a remote join, a raised hand. `guest_id` while unrecognised."""

    id: str
    time: Instant
    recorded_time: Instant
    type: str
    source: str
    guest_id: str | None
    mode: Mode | None
    room: str | None
    gate: str | None


class KnownAttendance(BaseModel):
    """All that attendance knows of a participant; `more_facts` if there are so many that the last are left out."""

    presence: AttendedTime | None
    facts: list[AttendanceFact]
    more_facts: bool


class SeenGuest(BaseModel):
    """Somebody in a meeting whom no registration claims. `name` is what they called themselves, while that is kept.

    `room` is the event's name of it; `here`: nothing told yet that they left.
    """

    guest_id: str
    name: str | None
    source: str
    room: str
    first_seen: Instant
    last_seen: Instant
    seconds: int
    here: bool


class Neighbours(Protocol):
    """The other services. One that does not answer is away, and holds nobody up for more than a few seconds."""

    async def attendance_of(self, event_id: str, participant_id: str) -> KnownAttendance | None:
        """What attendance knows; None if it is away."""
        ...

    async def guest_names(self, event_id: str, guest_ids: Collection[str]) -> Mapping[str, str] | None:
        """What guests called themselves, as the bridge knows it, by id; None if it is away."""
        ...

    async def guests(self, event_id: str) -> Sequence[SeenGuest] | None:
        """The guests of an event, the first seen first; None if the bridge is away."""
        ...
