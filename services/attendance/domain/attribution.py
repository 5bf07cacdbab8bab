"""Which of the sessions that run side by side somebody was in, as far as anything tells it. Pure.

A connection tells it by its room, somebody in the building by the last scan at a room or session, else the one session
they have a seat in. What nobody knows the session of counts for none.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import zip_longest
from typing import TypeAlias

from services.attendance.domain.agenda import Agenda, Parallel, Slot
from services.attendance.domain.facts import Mode
from services.attendance.domain.intervals import Span, intersection, union, without

Spent: TypeAlias = tuple[list[Span], list[Span]]
"""When somebody was somewhere, on site and remote: disjoint spans in order."""


class Attribution(StrEnum):
    """How it is known which of several sessions somebody was in; the best of what was known."""

    SCAN = "scan"
    ROOM = "room"
    CHOICE = "choice"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A check-in that counts; `place_id` is the room or session that was entered, None for a door of the event."""

    time: int
    place_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """What is known of where somebody was, beside their intervals; `chosen` are the sessions they have a seat in."""

    scans: Sequence[Scan] = ()
    chosen: Collection[str] = ()


@dataclass(slots=True)
class Share:
    """What belongs to one session of the time in which it ran beside others, and how that is known."""

    spans: dict[Mode, list[Span]] = field(default_factory=lambda: {Mode.IN_PERSON: [], Mode.REMOTE: []})
    known_by: set[Attribution] = field(default_factory=set)

    def add(self, mode: Mode, spans: Iterable[Span], known_by: Attribution) -> None:
        """Somebody was there."""
        self.spans[mode] += spans
        self.known_by.add(known_by)

    @property
    def attributed(self) -> Attribution | None:
        """The best of what tells it; None if nobody was there who may have been in the session."""
        return next((one for one in Attribution if one in self.known_by), None)

    def with_alone(self, spent: Spent, alone: Sequence[Span]) -> Spent:
        """The same with what of `spent` the session has because it ran `alone` then."""
        here, there = (intersection(spans, alone) for spans in spent)
        return union((*here, *self.spans[Mode.IN_PERSON])), union((*there, *self.spans[Mode.REMOTE]))


class Attributing:
    """Tells it for one person after the other; `rooms` are the names of the event's rooms by their ids."""

    def __init__(self, agenda: Agenda, *, rooms: Mapping[str, str]) -> None:
        """Given what is the same for all of an event."""
        self._agenda = agenda
        self._rooms = rooms
        self._ends = {slot.id: slot.end for slot in agenda.slots}

    def shares(self, spent: Spent, in_rooms: Mapping[str, Sequence[Span]], known: Whereabouts) -> dict[str, Share]:
        """What belongs to each session, by its id, of those beside which others ran while somebody was there.

        `spent` is when they were there at all, `in_rooms` when over the network in the event's room of a name.
        """
        shares: dict[str, Share] = {}
        stays = _stays(known.scans)
        for parallel in self._agenda.parallels:
            in_person, remote = (intersection(spans, [(parallel.start, parallel.end)]) for spans in spent)
            if remote:
                located = _in_their_rooms(shares, parallel, remote, in_rooms)
                _share_rest(shares, parallel, Mode.REMOTE, without(remote, located), known.chosen)
            if in_person:
                located = self._where_scanned(shares, parallel, in_person, stays)
                _share_rest(shares, parallel, Mode.IN_PERSON, without(in_person, located), known.chosen)
        return shares

    def _where_scanned(
        self,
        shares: dict[str, Share],
        parallel: Parallel,
        in_person: Sequence[Span],
        stays: Iterable[tuple[int, int | None, str]],
    ) -> list[Span]:
        """Give what scans tell of; gives the time of which they tell, be it that it was spent in no session."""
        located: list[Span] = []
        for start, end, place_id in stays:
            until = parallel.end if end is None else min(end, parallel.end)
            spent = intersection(in_person, [(start, until)]) if start < until else []
            if not spent or not self._tells_of(place_id, parallel):
                continue
            located += spent
            for slot in parallel.slots:
                if place_id == slot.id or (slot.room is not None and self._rooms.get(place_id) == slot.room):
                    _share_of(shares, slot).add(Mode.IN_PERSON, spent, Attribution.SCAN)
        return union(located)

    def _tells_of(self, place_id: str, parallel: Parallel) -> bool:
        """Whether a scan there says where somebody is then: at a session that is over, it does no longer."""
        return place_id in self._rooms or self._ends.get(place_id, parallel.start) > parallel.start


def _in_their_rooms(
    shares: dict[str, Share], parallel: Parallel, remote: Sequence[Span], in_rooms: Mapping[str, Sequence[Span]]
) -> list[Span]:
    """Give what connections tell of; gives the time of which they tell."""
    located: list[Span] = []
    for slot in parallel.slots:
        spent = intersection(remote, in_rooms.get(slot.room, ())) if slot.room is not None else []
        if spent:
            located += spent
            _share_of(shares, slot).add(Mode.REMOTE, spent, Attribution.ROOM)
    return union(located)


def _share_rest(
    shares: dict[str, Share], parallel: Parallel, mode: Mode, rest: Sequence[Span], chosen: Collection[str]
) -> None:
    """Give what no scan and no room tells of to the one session they have a seat in, if it is one."""
    if not rest:
        return
    seats = [slot for slot in parallel.slots if slot.id in chosen]
    if seats and not any(seats[0].is_elsewhere(other) for other in seats[1:]):
        for slot in seats:
            _share_of(shares, slot).add(mode, rest, Attribution.CHOICE)
        return
    for slot in seats or parallel.slots:
        _share_of(shares, slot).known_by.add(Attribution.UNKNOWN)


def _stays(scans: Iterable[Scan]) -> list[tuple[int, int | None, str]]:
    """Where the scans place somebody: from each at a room or session on, up to the next one anywhere."""
    ordered = sorted(scans, key=lambda scan: (scan.time, scan.place_id or ""))
    return [
        (scan.time, None if following is None else following.time, scan.place_id)
        for scan, following in zip_longest(ordered, ordered[1:])
        if scan.place_id is not None
    ]


def _share_of(shares: dict[str, Share], slot: Slot) -> Share:
    return shares.setdefault(slot.id, Share())
