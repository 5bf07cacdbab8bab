"""What an event's own facts say to the fold of its people: when rooms closed, when it ended, who a guest is."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from services.attendance.domain.copies import distinct
from services.attendance.domain.facts import EventFact, EventTimeAcceptance, LinkChange, Place, RoomChange, Snapshot
from services.attendance.domain.intervals import EndInferred
from services.attendance.domain.suspicion import Acceptance, is_left_out, latest_acceptances

_REASONS: Final = tuple(EndInferred)


class Ending(NamedTuple):
    """When a presence ended for all we know, why, and the fact that tells it."""

    time: int
    reason: EndInferred
    fact_id: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext:
    """The event as its facts leave it. An event of which nothing is known is the empty context.

    `closing` is the fact that closed it for the time that stands; a later edit that moves nothing leaves it. `rooms`
    holds the changes of each (source, room) in order; `links` the participant of each linked guest, and `guests` the
    same the other way round; `acceptances` what was said of suspect facts without naming anybody; `suspect` the ids of
    the changes of rooms that are left out.
    """

    closing: Snapshot | None = None
    day_starts_at: int | None = None
    rooms: Mapping[tuple[str, str], tuple[RoomChange, ...]] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    guests: Mapping[str, frozenset[str]] = field(default_factory=dict)
    acceptances: Mapping[str, Acceptance] = field(default_factory=dict)
    suspect: tuple[str, ...] = ()

    @property
    def closes_at(self) -> int | None:
        """When the event ended; None while it is not closed."""
        return None if self.closing is None else self.closing.closes_at

    def owner(self, subject: str) -> str:
        """Whose presence the facts of `subject` count for: itself, unless it is linked.

        Links may form a chain. A chain that bites its own tail says nothing, and is not followed.
        """
        seen = {subject}
        owner = subject
        while (following := self.links.get(owner)) is not None:
            if following in seen:
                return subject
            seen.add(following)
            owner = following
        return owner

    def members(self, owner: str) -> tuple[str, ...]:
        """The subjects whose facts count for `owner`, itself first; none if it is linked to somebody else."""
        if self.owner(owner) != owner:
            return ()
        return (owner, *sorted(guest for guest in self.following(owner) if self.owner(guest) == owner))

    def following(self, subject: str) -> set[str]:
        """All whose chain of links leads to or through `subject`, without it."""
        found: set[str] = set()
        waiting = [subject]
        while waiting:
            guests = self.guests.get(waiting.pop(), frozenset()) - found - {subject}
            found |= guests
            waiting += guests
        return found

    def after_link(self, change: LinkChange) -> "EventContext":
        """The context with one more change of a link, which is later than all the others by (time, id)."""
        links, guests = dict(self.links), dict(self.guests)
        _change_link(links, guests, change)
        return replace(self, links=links, guests=guests)

    def inferred_end(self, *, start: int, place: Place | None) -> Ending | None:
        """When a presence open since `start`, in the room `place` or in person, ended for all we know.

        It is the earliest instant after `start` at which the room closed, opened again (the server died and came
        back), or the closed event ended; None while it goes on.
        """
        of_room = None if place is None else min(self._first_endings(start, place), key=_rank, default=None)
        if self.closing is None or self.closing.closes_at is None or self.closing.closes_at <= start:
            return of_room
        of_event = Ending(self.closing.closes_at, EndInferred.EVENT_CLOSED, self.closing.id, self.closing.source)
        return of_event if of_room is None else min(of_room, of_event, key=_rank)

    def _first_endings(self, start: int, place: Place) -> Iterator[Ending]:
        """All that ended a presence in a room at the first instant after `start` at which anything did."""
        changes = self.rooms.get((place.source, place.room), ())
        first: int | None = None
        for number in range(bisect_right(changes, start, key=_time), len(changes)):
            change = changes[number]
            if first is not None and change.time > first:
                return
            if not change.opened:
                reason = EndInferred.ROOM_CLOSED if _same_session(change.place, place) else None
            # A join may carry an earlier instant than the opening of its own session: that is no reopening.
            elif place.session is None or change.place != place or _was_opened(place, changes[:number]):
                reason = EndInferred.ROOM_REOPENED
            else:
                reason = None
            if reason is not None:
                first = change.time
                yield Ending(change.time, reason, change.id, change.source)


def fold_context(facts: Iterable[EventFact]) -> EventContext:
    """The context that a set of event facts leads to, in whatever order and however often they come."""
    known = distinct(facts)
    closing: Snapshot | None = None
    day_starts_at: int | None = None
    links: dict[str, str] = {}
    guests: dict[str, frozenset[str]] = {}
    for fact in known:
        if isinstance(fact, Snapshot):
            closing = _closing(closing, fact)
            day_starts_at = fact.day_starts_at
        elif isinstance(fact, LinkChange):
            _change_link(links, guests, fact)
    acceptances = latest_acceptances(fact for fact in known if isinstance(fact, EventTimeAcceptance))
    rooms: dict[tuple[str, str], list[RoomChange]] = {}
    suspect: list[str] = []
    for fact in known:
        if isinstance(fact, RoomChange):
            if is_left_out(fact, day_starts_at=day_starts_at, acceptances=acceptances):
                suspect.append(fact.id)
            else:
                rooms.setdefault((fact.place.source, fact.place.room), []).append(fact)
    return EventContext(
        closing=closing,
        day_starts_at=day_starts_at,
        rooms={room: tuple(changes) for room, changes in rooms.items()},
        links=links,
        guests=guests,
        acceptances=acceptances,
        suspect=tuple(suspect),
    )


def _closing(before: Snapshot | None, fact: Snapshot) -> Snapshot | None:
    """What closes the event after a snapshot: what closed it before, unless it is open again or ended otherwise."""
    if fact.closes_at is None:
        return None
    return before if before is not None and before.closes_at == fact.closes_at else fact


def _change_link(links: dict[str, str], guests: dict[str, frozenset[str]], change: LinkChange) -> None:
    """A later link replaces an earlier one; unlinking undoes only the link that stands."""
    before = links.get(change.guest)
    if not change.linked and before != change.participant:
        return
    if before is not None:
        del links[change.guest]
        guests[before] -= {change.guest}
        if not guests[before]:
            del guests[before]
    if change.linked:
        links[change.guest] = change.participant
        guests[change.participant] = guests.get(change.participant, frozenset()) | {change.guest}


def _was_opened(place: Place, changes: Iterable[RoomChange]) -> bool:
    return any(change.opened and change.place == place for change in changes)


def _same_session(one: Place, other: Place) -> bool:
    """Whether two facts of one room may concern the same session: a fact that names none concerns them all."""
    return one.session is None or other.session is None or one.session == other.session


def _time(change: RoomChange) -> int:
    return change.time


def _rank(ending: Ending) -> tuple[int, int, str]:
    """By time; of one instant a closed room counts before a reopened one, and that before the event's end."""
    return ending.time, _REASONS.index(ending.reason), ending.fact_id
