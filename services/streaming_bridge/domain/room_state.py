"""What a room is like now by what its platform delivered: open or not, who is in it, how many the platform counted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from services.streaming_bridge.domain.observations import Finding, Kind
from services.streaming_bridge.domain.stays import Stay, stays_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a platform counted in one room at its newest instant, without machines, and whom we had there then.

    Several numbers where it told several of one instant: such deliveries come in any order, and one of them is right.
    """

    at: datetime
    people: frozenset[int]
    attending: Sequence[Stay]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomState:
    """A room now, with its breakout rooms.

    `opened_at` is since when it is open, or never empty if that is longer; `closed_at` when it was closed last if it is
    not open; neither: it was never open.
    `counts` has the rooms of which the platform told a number that still stands.
    """

    opened_at: datetime | None
    closed_at: datetime | None
    attending: Sequence[Stay]
    counts: Sequence[Counted]


def room_state(
    findings: Iterable[Finding], machines: Iterable[Finding] = (), *, counted_until: datetime | None = None
) -> RoomState:
    """Put together what was delivered about one room, of people and of machines, in any order.

    What the platform counted after `counted_until` is left out.
    """
    by_room, machines_by_room = _by_room(findings), _by_room(machines)
    stays = {key: stays_of(told) for key, told in by_room.items()}
    attending = [stay for of_room in stays.values() for stay in of_room if stay.end is None]
    turns = {key: _turns(told) for key, told in by_room.items()}
    open_since = [since for of_room in turns.values() if (since := _open_since(of_room)) is not None]
    if attending:
        open_since.append(_somebody_since(stay for of_room in stays.values() for stay in of_room))
    closings = [turn.time for of_room in turns.values() for turn in of_room if turn.kind is Kind.ROOM_CLOSED]
    counts = [
        _counted(
            [*by_room.get(key, ()), *machines_by_room.get(key, ())],
            stays.get(key, ()),
            stays_of([*machines_by_room.get(key, ()), *turns.get(key, ())]),
            counted_until,
        )
        for key in {*by_room, *machines_by_room}
    ]
    return RoomState(
        opened_at=min(open_since, default=None),
        closed_at=None if open_since else max(closings, default=None),
        attending=sorted(attending, key=attrgetter("start", "connection")),
        counts=[counted for counted in counts if counted is not None],
    )


def _by_room(findings: Iterable[Finding]) -> Mapping[str, Sequence[Finding]]:
    rooms: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        rooms[finding.room.key].append(finding)
    return rooms


def _turns(told: Iterable[Finding]) -> Sequence[Finding]:
    """When a room was closed and opened; of one instant it was closed first."""
    turns = [finding for finding in told if finding.kind in {Kind.ROOM_OPENED, Kind.ROOM_CLOSED}]
    return sorted(turns, key=lambda turn: (turn.time, turn.kind is Kind.ROOM_OPENED))


def _open_since(turns: Iterable[Finding]) -> datetime | None:
    """Since when a room is open by its turns alone; a session that was replaced closes nothing any more."""
    current: Finding | None = None
    for turn in turns:
        if turn.kind is Kind.ROOM_OPENED:
            current = turn
        elif current is not None and (
            None in {turn.room.session, current.room.session} or turn.room.session == current.room.session
        ):
            current = None
    return None if current is None else current.time


def _somebody_since(stays: Iterable[Stay]) -> datetime:
    """Since when somebody was in it all the time, of the stays of a room in which somebody is."""
    by_end = sorted(stays, key=lambda stay: (stay.end is None, stay.end or stay.start), reverse=True)
    since = min(stay.start for stay in by_end if stay.end is None)
    for stay in by_end:
        # The latest end first: once nobody stayed until then, nobody who left earlier did.
        if stay.end is not None and stay.end <= since:
            break
        since = min(since, stay.start)
    return since


def _counted(
    told: Sequence[Finding], people: Iterable[Stay], machines: Iterable[Stay], until: datetime | None
) -> Counted | None:
    counts = [one for one in told if one.heads is not None and (until is None or one.time <= until)]
    at = max((one.time for one in counts), default=None)
    # What was counted before the room closed, or opened again, is of another meeting.
    if at is None or any(turn.time > at for turn in _turns(told)):
        return None
    running = sum(_was_there(machine, at) for machine in machines)
    return Counted(
        at=at,
        people=frozenset(max(0, (one.heads or 0) - running) for one in counts if one.time == at),
        attending=[stay for stay in people if _was_there(stay, at)],
    )


def _was_there(stay: Stay, at: datetime) -> bool:
    return stay.start <= at and (stay.end is None or stay.end > at)
