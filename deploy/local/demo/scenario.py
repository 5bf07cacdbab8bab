"""What happens at the colloquium: a pure function of a size and a seed.

Instants are whole seconds since the opening of the doors. Each person carries the spans they were really there, as the
platforms and the doors could know it; `seconds` counts them one by one, in a way that shares nothing with the fold.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MINUTE: Final = 60
DOORS_OPEN: Final = 0
OPENING: Final = 30 * MINUTE
BREAK: Final = 115 * MINUTE
WORKSHOP: Final = 135 * MINUTE
END: Final = 210 * MINUTE
GRACE: Final = 15 * MINUTE
PLENARY_ROOM_CLOSES: Final = BREAK + 7 * MINUTE
WORKSHOP_ROOM_OPENS: Final = WORKSHOP - 8 * MINUTE
WORKSHOP_ROOM_REOPENS: Final = WORKSHOP + 31 * MINUTE
WORKSHOP_ROOM_CLOSES: Final = END + 4 * MINUTE
PLENARY_ROOM_OPENS: Final = 10 * MINUTE
GATES: Final = ("Porte nord", "Porte sud")


class Venue(StrEnum):
    """Where a remote connection leads: the plenary is on JaaS, the workshop on a Jitsi of one's own."""

    PLENARY = "plenary"
    WORKSHOP = "workshop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Seconds from `start` up to, and without, `end`."""

    start: int
    end: int

    def __post_init__(self) -> None:
        """Refuse a span that runs backwards."""
        if self.end < self.start:
            message = f"a span cannot run from {self.start} back to {self.end}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A ticket seen at a door `at` an instant, and sent by the desk at `send` (later, when the desk was offline)."""

    key: str
    send: int
    at: int
    person: int
    action: str
    gate: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Void:
    """A scan taken back by the desk."""

    send: int
    scan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomDelivery:
    """A webhook about a room: created or destroyed."""

    key: str
    send: int
    at: int
    venue: Venue
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDelivery:
    """A webhook about one connection: joined or left. `who` is a person, or the name of a guest."""

    key: str
    send: int
    at: int
    venue: Venue
    kind: str
    who: int | str
    connection: str
    joined_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchMode:
    """A participant changes between in person and remote, from their own link."""

    send: int
    person: int
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The organizer recognises a guest."""

    send: int
    guest: str
    person: int


Act = Scan | Void | RoomDelivery | ConnectionDelivery | SwitchMode | Link


@dataclass(slots=True, kw_only=True)
class Attendee:
    """Somebody who registered, or a guest (`mode` is None), and when they were there."""

    name: str
    mode: str | None
    in_person: list[Span] = field(default_factory=list)
    remote: list[Span] = field(default_factory=list)

    def seconds(self) -> dict[str, int]:
        """Seconds by mode, counted one by one: a second spent on two devices is one second."""
        room, link = _each_second(self.in_person), _each_second(self.remote)
        return {
            "in_person": len(room),
            "remote": len(link),
            "both": len(room & link),
            "total": len(room | link),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The people, the guests by name, and all that happens, in the order it is sent."""

    people: tuple[Attendee, ...]
    guests: dict[str, Attendee]
    acts: tuple[Act, ...]


def _each_second(spans: Iterable[Span]) -> set[int]:
    return {second for span in spans for second in range(span.start, span.end)}
