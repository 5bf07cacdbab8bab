"""Whether a platform's live number and ours have drifted apart, for how long, and who is suspected."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Final, TypeVar

from services.streaming_bridge.domain.room_state import RoomState
from services.streaming_bridge.domain.stays import Stay

TOLERATED: Final = 2
"""How many connections only one side may know before it is a drift."""
LASTING: Final = timedelta(minutes=3)
"""How long a drift lasts before it is an alert: deliveries are repeated and come late."""
SETTLING: Final = timedelta(seconds=30)
"""Who came so shortly ago is left out: their delivery may still be on its way, or the platform's own list."""
COUNTS_SETTLE: Final = timedelta(seconds=10)
"""How old a count is before it is believed: what was told of the same instant comes within seconds, in any order."""
MOST_SUSPECTS: Final = 12


Person = TypeVar("Person", "Stay", "Listed")


class KnownTo(StrEnum):
    """Who alone has a suspect in the room."""

    US = "passerelle"
    PLATFORM = "platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """Somebody who may be why two numbers differ, by random id.

    `certain`: the platform names who is there, and this connection is on one side alone. Else the platform only counts,
    and this is one of those it may be.
    """

    subject: str
    known_to: KnownTo
    since: datetime | None
    certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two numbers of one instant; `drift` is how many connections, at least, only one of the two sides knows."""

    ours: int
    theirs: int
    drift: int
    suspects: Sequence[Suspect]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Somebody whom a platform lists as present; the connection and the subject as its deliveries would name them.

    A platform that lists people names no connection, and somebody who is there twice is listed twice.
    """

    connection: str | None
    subject: str
    since: datetime | None


def compare_lists(attending: Iterable[Stay], listed: Iterable[Listed], *, now: datetime) -> Comparison:
    """Compare by connection, where the platform lists who is there; by person, where it lists people alone."""
    there = list(listed)
    if any(one.connection is None for one in there):
        ours, theirs = _numbered(attending), _numbered(there)
    else:
        ours = {(one.connection, 0): one for one in attending}
        theirs = {(one.connection or "", 0): one for one in there}
    ghosts = [one for key, one in ours.items() if key not in theirs and _settled(one.start, now)]
    missing = [one for key, one in theirs.items() if key not in ours and _settled(one.since, now)]
    suspects = [
        *(Suspect(subject=one.subject, known_to=KnownTo.US, since=one.start, certain=True) for one in ghosts),
        *(Suspect(subject=one.subject, known_to=KnownTo.PLATFORM, since=one.since, certain=True) for one in missing),
    ]
    return Comparison(
        ours=len(ours), theirs=len(theirs), drift=len(ghosts) + len(missing), suspects=suspects[:MOST_SUSPECTS]
    )


def compare_counts(state: RoomState) -> Comparison | None:
    """Compare by number, where the platform counts with what it tells; nothing where it has not.

    Whom we had there at the instant of a count is compared with it. Of several counts of one instant the one nearest to
    ours is taken: a drift is never made of their order.
    """
    if not state.counts:
        return None
    pairs = [(told, min(told.people, key=lambda count: abs(count - len(told.attending)))) for told in state.counts]
    return Comparison(
        ours=sum(len(told.attending) for told, _ in pairs),
        theirs=sum(theirs for _, theirs in pairs),
        drift=sum(abs(len(told.attending) - theirs) for told, theirs in pairs),
        suspects=_suspected([one for told, theirs in pairs if len(told.attending) > theirs for one in told.attending]),
    )


def drifting_since(before: datetime | None, comparison: Comparison, *, now: datetime) -> datetime | None:
    """Since when two numbers differ, given since when they did at the check before."""
    return None if comparison.drift <= TOLERATED else before or now


def is_alert(since: datetime | None, *, now: datetime) -> bool:
    """Whether a drift has lasted long enough to tell the organizer."""
    return since is not None and now - since >= LASTING


def _numbered(present: Iterable[Person]) -> dict[tuple[str, int], Person]:
    """Each person as often as they are there, by who they are and how many of them came before in the list."""
    seen: Counter[str] = Counter()
    numbered: dict[tuple[str, int], Person] = {}
    for one in present:
        numbered[one.subject, seen[one.subject]] = one
        seen[one.subject] += 1
    return numbered


def _settled(since: datetime | None, now: datetime) -> bool:
    return since is None or now - since >= SETTLING


def _suspected(attending: Sequence[Stay]) -> Sequence[Suspect]:
    """Who may be a ghost: first of two connections of one person the older ones, then who has been there longest."""
    left = Counter(one.subject for one in attending)
    doubled: list[Stay] = []
    others: list[Stay] = []
    for one in sorted(attending, key=attrgetter("start")):
        (doubled if left[one.subject] > 1 else others).append(one)
        left[one.subject] -= 1
    return [
        Suspect(subject=one.subject, known_to=KnownTo.US, since=one.start, certain=False)
        for one in [*doubled, *others][:MOST_SUSPECTS]
    ]
