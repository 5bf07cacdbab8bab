"""Who was in the meetings of an event without being known: what an organizer needs to say who they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from schemas.identifiers import is_guest_id
from services.chassis.clock import Clock
from services.streaming_bridge.application.joining import MeetingRooms
from services.streaming_bridge.application.room_names import room_key
from services.streaming_bridge.domain.observations import PERSONAL_KINDS, Finding
from services.streaming_bridge.domain.stays import Stay, stays_of


class Sightings(Protocol):
    """What was delivered about events."""

    async def of_event(self, event_id: str) -> Sequence[Finding]:
        """All that was told of who was there."""
        ...


class Names(Protocol):
    """What guests called themselves."""

    async def names(self, guest_ids: Sequence[str]) -> Mapping[str, str]:
        """The names of those who gave one, and whose names are still kept."""
        ...


class Events(MeetingRooms, Protocol):
    """When events are held, and in which meetings."""

    async def times_of(self, event_id: str) -> tuple[datetime, datetime] | None:
        """From when to when an event is held; None if it is unknown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenGuest:
    """A guest: `seconds` are those of every connection, what overlaps once. `here`: nothing told of their end."""

    guest_id: str
    name: str | None
    source: str
    room: str
    first_seen: datetime
    last_seen: datetime
    seconds: int
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EventGuests:
    """The guests of events."""

    sightings: Sightings
    names: Names
    events: Events
    clock: Clock

    async def of(self, event_id: str) -> Sequence[SeenGuest]:
        """Those of an event, the first seen first."""
        findings = await self.sightings.of_event(event_id)
        told: dict[str, list[Finding]] = defaultdict(list)
        for finding in findings:
            if finding.kind in PERSONAL_KINDS and finding.subject is not None and is_guest_id(finding.subject):
                told[finding.subject].append(finding)
        stays: dict[str, list[Stay]] = defaultdict(list)
        for stay in stays_of(findings):
            stays[stay.subject].append(stay)
        names = await self.names.names(list(told))
        rooms = {(room.source, room_key(room.room)): room.label for room in await self.events.rooms_of(event_id)}
        now, times = self.clock(), await self.events.times_of(event_id)
        # Where nothing tells of their end, they were there until the end of the event.
        over = times[1] if times is not None and times[1] < now else None
        guests = [_seen(told[one], stays[one], rooms, name=names.get(one), now=now, over=over) for one in told]
        return sorted(guests, key=lambda guest: (guest.first_seen, guest.guest_id))


def _seen(
    told: Sequence[Finding],
    stays: Sequence[Stay],
    rooms: Mapping[tuple[str, str], str],
    *,
    name: str | None,
    now: datetime,
    over: datetime | None,
) -> SeenGuest:
    first = min(told, key=lambda finding: finding.time)
    until = over or now
    seconds, last = _together(stays, until)
    return SeenGuest(
        guest_id=first.subject or "",
        name=name,
        source=first.source,
        room=rooms.get((first.source, first.room_key), first.room.name),
        first_seen=min([first.time, *(stay.start for stay in stays)]),
        last_seen=max([finding.time for finding in told] + ([last] if last is not None else [])),
        seconds=round(seconds.total_seconds()),
        here=over is None and any(stay.end is None for stay in stays),
    )


def _together(stays: Sequence[Stay], until: datetime) -> tuple[timedelta, datetime | None]:
    """How long they are, what overlaps once, and the end of the last."""
    whole, reached = timedelta(), None
    for stay in sorted(stays, key=lambda stay: stay.start):
        end = max(stay.end or until, stay.start)
        start = stay.start if reached is None else max(stay.start, reached)
        whole += max(end - start, timedelta())
        reached = end if reached is None else max(reached, end)
    return whole, reached
