"""Rooms that name a conferencing source which is not there: nobody could join, so who manages the event is warned."""

from collections.abc import Iterable, Mapping, Sequence

from services.registration.adapters.neighbours import HttpNeighbours
from services.registration.domain.event import Event, EventStatus

_STILL_TO_COME = frozenset({EventStatus.DRAFT, EventStatus.PUBLISHED})


async def unknown_sources(neighbours: HttpNeighbours, events: Iterable[Event]) -> Mapping[str, Sequence[str]]:
    """The names that the bridge does not know, by event id; nothing while it is away, or once an event is over."""
    named = {event.event_id: _named_by(event) for event in events if event.status in _STILL_TO_COME}
    if not any(named.values()):
        return {}
    known = await neighbours.source_names()
    if known is None:
        return {}
    return {event_id: missing for event_id, names in named.items() if (missing := sorted(names - known))}


def _named_by(event: Event) -> frozenset[str]:
    return frozenset(room.conference.source for room in event.rooms if room.conference)
