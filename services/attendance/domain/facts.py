"""The facts as the fold sees them.

Every instant is a whole number of milliseconds since the Unix epoch. Two copies of one fact have the same `id`; where
they differ, `recorded` and then `canonical` decide (see `services.attendance.domain.copies`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple, TypeAlias

Unheard: TypeAlias = Literal["silence"]
"""What a leave is inferred from that nobody told: nothing more was heard of the connection."""


class Mode(StrEnum):
    """How a person is present."""

    IN_PERSON = "in_person"
    REMOTE = "remote"


class Registration(StrEnum):
    """Where a registration stands."""

    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    CANCELLED = "cancelled"


class Place(NamedTuple):
    """A room of a source, and the platform's session of it where the platform names one."""

    source: str
    room: str
    session: str | None = None


class Channel(NamedTuple):
    """One way in which one person is present; all but `mode` is empty in person."""

    mode: Mode
    source: str = ""
    room: str = ""
    connection: str = ""


IN_PERSON = Channel(Mode.IN_PERSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyFact:
    """What all facts have; `source` is who tells it, as its envelope says.

    `canonical` decides between copies recorded at one instant, and need not be given where only one can be met.
    """

    id: str
    time: int
    recorded: int
    source: str = ""
    canonical: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement(AnyFact):
    """Somebody came (`opens`) or went, through one channel.

    `place` is the room of a remote channel. `joined_at` is the platform's own word, on a leave, of when it began.
    `inferred` is what a leave rests on that was not seen.
    """

    subject: str
    channel: Channel
    opens: bool
    via: str
    place: Place | None = None
    joined_at: int | None = None
    inferred: Unheard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voiding(AnyFact):
    """A movement of the same subject is taken back: it is as if it had never been."""

    subject: str
    voided_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatChange(AnyFact):
    """A registration as it stands after the fact; `mode` is absent where the fact does not say it."""

    subject: str
    registration: Registration
    mode: Mode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(AnyFact):
    """Somebody did something that tells nothing of their presence (a message, a raised hand)."""

    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomChange(AnyFact):
    """A room was opened or closed."""

    place: Place
    opened: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(AnyFact):
    """The event as it stood.

    `closes_at` is when it ended, once it is closed: its end plus its grace, or when it was closed if that was earlier.
    `day_starts_at` is the first instant of its first day, where it is.
    """

    closes_at: int | None
    day_starts_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkChange(AnyFact):
    """A guest turned out to be a participant, or that is undone."""

    guest: str
    participant: str
    linked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeAcceptance(AnyFact):
    """The suspect time of a fact of the same subject is right after all, or that is undone."""

    subject: str
    fact_id: str
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTimeAcceptance(AnyFact):
    """The same, told without a subject: it counts for a fact about a room, and for one about anybody."""

    fact_id: str
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(AnyFact):
    """Something about the event that changes no presence (a stream went live)."""


SubjectFact: TypeAlias = Movement | Voiding | SeatChange | TimeAcceptance
"""What a person's presence is folded from."""
EventFact: TypeAlias = RoomChange | Snapshot | LinkChange | EventTimeAcceptance
"""What an event's context is folded from."""
Fact: TypeAlias = SubjectFact | EventFact | Act | Notice
