"""One id of a platform given to two connections at once that come by different names: two people, mostly, and one link.

Two devices of somebody come by one name. Nothing follows from it but that an organizer should look: presence is counted
for the one id, and counts once.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.streaming_bridge.domain.observations import Finding, Kind
from services.streaming_bridge.domain.stays import Stay, stays_of

_GHOSTS: Final = timedelta(minutes=1)
"""Who comes back by another name overlaps with what the platform has not yet taken for gone."""

_RoomOfSource = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedId:
    """A participant or a guest who was there under several names at once, on so many connections.

    `source` and `room_key` are the room it began in; `until` is None while it goes on.
    """

    subject: str
    source: str
    room_key: str
    connections: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _NamedStay:
    stay: Stay
    room: _RoomOfSource
    marks: frozenset[str]

    def meets(self, later: "_NamedStay") -> bool:
        """Whether a stay that began later was beside this one, and for longer than a ghost is."""
        end = _earlier(self.stay.end, later.stay.end)
        return end is None or end - later.stay.start > _GHOSTS


def shared_ids(findings: Iterable[Finding]) -> list[SharedId]:
    """Those in the rooms that some findings of one event tell of, the earliest first."""
    of_rooms: dict[_RoomOfSource, list[Finding]] = defaultdict(list)
    for finding in findings:
        of_rooms[finding.source, finding.room_key].append(finding)
    of_people: dict[str, list[_NamedStay]] = defaultdict(list)
    for room, told in of_rooms.items():
        marks = _marks(told)
        for stay in stays_of(told):
            if (known := marks.get((stay.subject, stay.connection))) is not None:
                of_people[stay.subject].append(_NamedStay(stay=stay, room=room, marks=frozenset(known)))
    found = [_shared(subject, stays) for subject, stays in of_people.items()]
    return sorted((one for one in found if one is not None), key=lambda one: (one.since, one.subject))


def _marks(told: Iterable[Finding]) -> dict[tuple[str, str], set[str]]:
    marks: dict[tuple[str, str], set[str]] = defaultdict(set)
    for finding in told:
        named = finding.kind is Kind.JOINED and finding.name_mark is not None
        if named and finding.subject is not None and finding.connection is not None:
            marks[finding.subject, finding.connection].add(finding.name_mark or "")
    return marks


def _shared(subject: str, stays: Sequence[_NamedStay]) -> SharedId | None:
    """What one person's stays come to."""
    beside: list[_NamedStay] = []
    pairs: list[tuple[_NamedStay, _NamedStay]] = []
    for stay in sorted(stays, key=lambda one: one.stay.start):
        beside = [one for one in beside if one.meets(stay)]
        pairs += [(one, stay) for one in beside if one.marks.isdisjoint(stay.marks)]
        beside.append(stay)
    if not pairs:
        return None
    ends = [_earlier(one.stay.end, other.stay.end) for one, other in pairs]
    known = [end for end in ends if end is not None]
    return SharedId(
        subject=subject,
        source=pairs[0][1].room[0],
        room_key=pairs[0][1].room[1],
        connections=len({(one.room, one.stay.connection) for pair in pairs for one in pair}),
        since=min(other.stay.start for _, other in pairs),
        until=max(known) if len(known) == len(ends) else None,
    )


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None else min(one, other)
