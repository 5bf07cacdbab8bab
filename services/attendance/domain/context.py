"""What an event's own facts say to the fold of its people: when rooms closed, when it ended, who a guest is."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.attendance.domain.copies import distinct
from services.attendance.domain.facts import EventFact, LinkChange, Place, RoomChange, Snapshot
from services.attendance.domain.intervals import EndInferred


@dataclass(frozen=True, slots=True, kw_only=True)
class EventContext:
    """The event as its facts leave it. An event of which nothing is known is the empty context.

    `rooms` holds the changes of each (source, room) in order; `links` the participant of each linked guest.
    """

    closes_at: int | None = None
    rooms: Mapping[tuple[str, str], tuple[RoomChange, ...]] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

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
        return (owner, *sorted(guest for guest in self.links if guest != owner and self.owner(guest) == owner))

    def inferred_end(self, *, start: int, place: Place | None) -> tuple[int, EndInferred] | None:
        """When a presence open since `start`, in the room `place` or in person, ended for all we know.

        It is the earliest instant after `start` at which the room closed, opened again (the server died and came
        back), or the closed event ended; None while it goes on.
        """
        ends: list[tuple[int, int, EndInferred]] = []
        if place is not None:
            changes = self.rooms.get((place.source, place.room), ())
            later = bisect_right(changes, start, key=_time)
            opened = {change.place for change in changes[:later] if change.opened}
            for change in changes[later:]:
                if change.opened:
                    # A join may carry an earlier instant than the opening of its own session: that is no reopening.
                    if place.session is None or change.place != place or place in opened:
                        ends.append((change.time, 1, EndInferred.ROOM_REOPENED))
                    opened.add(change.place)
                elif _same_session(change.place, place):
                    ends.append((change.time, 0, EndInferred.ROOM_CLOSED))
        if self.closes_at is not None and self.closes_at > start:
            ends.append((self.closes_at, 2, EndInferred.EVENT_CLOSED))
        if not ends:
            return None
        time, _, reason = min(ends)
        return time, reason


def fold_context(facts: Iterable[EventFact]) -> EventContext:
    """The context that a set of event facts leads to, in whatever order and however often they come."""
    closes_at: int | None = None
    rooms: dict[tuple[str, str], list[RoomChange]] = {}
    links: dict[str, str] = {}
    for fact in distinct(facts):
        if isinstance(fact, Snapshot):
            closes_at = fact.closes_at
        elif isinstance(fact, RoomChange):
            rooms.setdefault((fact.place.source, fact.place.room), []).append(fact)
        elif isinstance(fact, LinkChange):
            _change_link(links, fact)
    return EventContext(
        closes_at=closes_at, rooms={room: tuple(changes) for room, changes in rooms.items()}, links=links
    )


def _change_link(links: dict[str, str], change: LinkChange) -> None:
    """A later link replaces an earlier one; unlinking undoes only the link that stands."""
    if change.linked:
        links[change.guest] = change.participant
    elif links.get(change.guest) == change.participant:
        del links[change.guest]


def _same_session(one: Place, other: Place) -> bool:
    """Whether two facts of one room may concern the same session: a fact that names none concerns them all."""
    return one.session is None or other.session is None or one.session == other.session


def _time(change: RoomChange) -> int:
    return change.time
