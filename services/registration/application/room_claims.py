"""A platform's room that no event has: given to one, and taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.registration.application.event_drafts import RoomDraft
from services.registration.application.events import Events
from services.registration.application.ports import EventQuery
from services.registration.domain.agenda import Conference, Room
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.event_versions import version_of

_MOST: Final = 10
_AHEAD: Final = timedelta(days=2)
"""A room is tried before its event: so much later an event may begin than somebody was in the room."""
_LONGEST_NAME: Final = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomClaims:
    """Gives rooms to events by editing them: what another one changes meanwhile is not overwritten."""

    events: Events

    async def candidates(self, *, seen_at: datetime) -> Sequence[Event]:
        """The events to choose from: those nearest in time to when somebody was in the room, the nearest first."""
        query = EventQuery(
            limit=_MOST,
            after=(seen_at + _AHEAD, ""),
            statuses=(EventStatus.DRAFT, EventStatus.PUBLISHED, EventStatus.CLOSED),
        )
        found = await self.events.page(query)
        return sorted(found, key=lambda event: max(event.starts_at - seen_at, seen_at - event.ends_at, timedelta()))

    async def claim(self, event_id: str, conference: Conference, *, room_id: str | None) -> Event:
        """Give it to an event: as the conference of a room that has none, or as a room of its own. Twice is once.

        Raises:
            EventNotFoundError: if there is no such event.
            EventStateError: if it is closed or cancelled.
            EventChangedMeanwhileError: if somebody changed it at this moment.
            InvalidValueError: if the room has another conference.
        """
        event = await self.events.find(event_id)
        if holds(event, conference):
            return event
        drafts = [_draft(room, conference if room.room_id == room_id else room.conference) for room in event.rooms]
        if room_id is None:
            drafts.append(RoomDraft(name=_free_name(event, conference.room), conference=conference))
        return await self.events.edit(event_id, {"rooms": tuple(drafts)}, seen=[version_of(event)])

    async def release(self, event_id: str, conference: Conference) -> Event:
        """Take it back: what it counted so far stays; a room that is nothing else goes. Raises as `claim`."""
        event = await self.events.find(event_id)
        drafts = [
            _draft(room, None if room.conference == conference else room.conference)
            for room in event.rooms
            if room.conference != conference or _is_more(event, room)
        ]
        return await self.events.edit(event_id, {"rooms": tuple(drafts)}, seen=[version_of(event)])


def holds(event: Event, conference: Conference) -> bool:
    """Whether it has this room."""
    return any(room.conference == conference for room in event.rooms)


def _draft(room: Room, conference: Conference | None) -> RoomDraft:
    return RoomDraft(
        name=room.name, conference=conference, address=room.address, stream=room.stream, room_id=room.room_id
    )


def _is_more(event: Event, room: Room) -> bool:
    """Whether a room is something beside its conference: a place, a stream, or where a session is."""
    in_agenda = any(session.room == room.name for session in event.sessions)
    return room.address is not None or room.stream is not None or in_agenda


def _free_name(event: Event, name: str) -> str:
    """The platform's name of the room, or with a number behind it if another room of the event is called so."""
    taken = {room.name.casefold() for room in event.rooms}
    wished = name.strip()[:_LONGEST_NAME] or "?"
    names = [wished, *(f"{wished} {number}" for number in range(2, len(taken) + 3))]
    return next(free for free in names if free.casefold() not in taken)
