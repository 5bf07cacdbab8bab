"""Which facts tell a time that cannot be right; they count for nothing until an organizer accepts them.

A clock may be an hour off, a device may believe it is 1970: one such fact would lengthen somebody's presence by hours
or by years.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from operator import attrgetter
from typing import Final, TypeAlias

from services.attendance.domain.facts import EventTimeAcceptance, Movement, RoomChange, TimeAcceptance

TOLERANCE: Final = 600_000
"""How long after it was recorded a fact may say it happened: ten minutes, in milliseconds."""

Acceptance: TypeAlias = TimeAcceptance | EventTimeAcceptance


class SuspectTime(StrEnum):
    """Why a time cannot be right: long after it was recorded, or before the first day of the event."""

    FUTURE = "future"
    BEFORE_EVENT = "before_event"


def suspect_time(fact: Movement | RoomChange, *, day_starts_at: int | None) -> SuspectTime | None:
    """What is suspect about the time of a fact, accepted or not; None if nothing is.

    `day_starts_at` is the first instant of the event's first day, where it is known. A leave counts with the time at
    which it says it was joined: it would bring that into the presence.
    """
    joined_at = fact.joined_at if isinstance(fact, Movement) else None
    return suspicion(fact.time, recorded=fact.recorded, joined_at=joined_at, day_starts_at=day_starts_at)


def suspicion(time: int, *, recorded: int, joined_at: int | None, day_starts_at: int | None) -> SuspectTime | None:
    """The same, given what it depends on."""
    if time - recorded > TOLERANCE:
        return SuspectTime.FUTURE
    if day_starts_at is None:
        return None
    earliest = time if joined_at is None else min(time, joined_at)
    return SuspectTime.BEFORE_EVENT if earliest < day_starts_at else None


def latest_acceptances(acceptances: Iterable[Acceptance]) -> dict[str, Acceptance]:
    """What stands for each suspect fact, by its id: the last by (time, id). The acceptances are distinct."""
    return {said.fact_id: said for said in sorted(acceptances, key=attrgetter("time", "id"))}


def is_left_out(
    fact: Movement | RoomChange, *, day_starts_at: int | None, acceptances: Mapping[str, Acceptance]
) -> bool:
    """Whether a fact counts for nothing, because its time is suspect and not accepted."""
    if suspect_time(fact, day_starts_at=day_starts_at) is None:
        return False
    said = acceptances.get(fact.id)
    return said is None or not said.accepted
