"""Rooms that an event had and has no more, and what still counts there of what they told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Heir:
    """An event that has the room now, and how many arrivals and departures would count there; nearest in time."""

    event_id: str
    title: str | None
    movements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerRoom:
    """What counts at an event of a room that it has no more: `movements` are arrivals and departures.

    `participants` of the `people` are registered at the event, and nobody at another. Without `heirs` no event has the
    room now.
    """

    event_id: str
    title: str | None
    source: str
    room: str
    room_key: str
    movements: int
    connections: int
    people: int
    participants: int
    first: datetime
    last: datetime
    heirs: Sequence[Heir]
