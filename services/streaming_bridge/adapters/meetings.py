"""The meetings of an event as the bridge knows them: its claims, the alerts about them, and what came last."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.streaming_bridge.adapters.given_up import BY_A_PLATFORM
from services.streaming_bridge.adapters.room_watch import claimed_room, told_of
from services.streaming_bridge.adapters.storage import reading
from services.streaming_bridge.adapters.tables import CLAIMS, DELIVERIES, EVENTS, ROOM_DRIFTS
from services.streaming_bridge.application.arrivals import TAKEN_BACK
from services.streaming_bridge.domain.drift import KnownTo, Suspect
from services.streaming_bridge.domain.meetings import HeldEvent, RoomOfEvent
from services.streaming_bridge.domain.room_checks import ClaimedRoom, Drift

MOST_DRIFTS: Final = 5
"""How many alerts of a room are shown: the latest."""


class SqlMeetings:
    """Reads what an organizer sees of the meetings of an event."""

    def __init__(self, readers: AsyncEngine) -> None:
        """`readers` is for reading alone."""
        self._readers = readers

    async def event(self, event_id: str) -> HeldEvent | None:
        """An event, None if it is unknown here."""
        query = sa.select(EVENTS).where(EVENTS.c.event_id == event_id)
        async with reading(self._readers) as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return HeldEvent(
            event_id=row.event_id,
            title=row.title,
            timezone=row.timezone or "UTC",
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            cancelled=row.cancelled,
        )

    async def rooms(self, event_id: str) -> Sequence[RoomOfEvent]:
        """The rooms of an event that are on a platform, in its own order; of a cancelled event too."""
        query = (
            sa.select(CLAIMS, EVENTS.c.starts_at, EVENTS.c.ends_at)
            .join(EVENTS, EVENTS.c.event_id == CLAIMS.c.event_id)
            .where(CLAIMS.c.event_id == event_id)
            .order_by(CLAIMS.c.ordinal)
        )
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        return [RoomOfEvent(room_id=row.room_id, label=row.label, claimed=claimed_room(row)) for row in rows]

    async def drifts(self, event_id: str) -> Mapping[tuple[str, str], Sequence[Drift]]:
        """The latest alerts of each room of an event, by source and room key; the latest first."""
        query = sa.select(ROOM_DRIFTS).where(ROOM_DRIFTS.c.event_id == event_id).order_by(ROOM_DRIFTS.c.number.desc())
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        found: dict[tuple[str, str], list[Drift]] = defaultdict(list)
        for row in rows:
            drifts = found[row.source, row.room_key]
            if len(drifts) < MOST_DRIFTS:
                drifts.append(_drift(row))
        return found

    async def drifting(self, event_id: str) -> int:
        """How many rooms of an event have an alert now."""
        query = sa.select(sa.func.count()).where(ROOM_DRIFTS.c.event_id == event_id, ROOM_DRIFTS.c.ended_at.is_(None))
        async with reading(self._readers) as connection:
            return (await connection.scalar(query)) or 0

    async def last_delivery(self, room: ClaimedRoom) -> datetime | None:
        """When something was last delivered about a room; a report is no delivery."""
        return await self._last(room, BY_A_PLATFORM)

    async def last_report(self, room: ClaimedRoom) -> datetime | None:
        """When something of a report about a room was last accepted for its event."""
        kept = DELIVERIES.c
        return await self._last(room, sa.not_(BY_A_PLATFORM), kept.event_id == room.event_id, kept.state != TAKEN_BACK)

    async def _last(self, room: ClaimedRoom, *which: sa.ColumnElement[bool]) -> datetime | None:
        query = sa.select(sa.func.max(DELIVERIES.c.received_at)).where(told_of(room), *which)
        async with reading(self._readers) as connection:
            last: datetime | None = await connection.scalar(query)
        return last


def _drift(row: sa.Row[Any]) -> Drift:
    return Drift(
        began_at=row.began_at,
        ended_at=row.ended_at,
        ours=row.ours,
        theirs=row.theirs,
        suspects=[
            Suspect(
                subject=suspect["subject"],
                known_to=KnownTo(suspect["known_to"]),
                since=None if suspect["since"] is None else datetime.fromisoformat(suspect["since"]),
                certain=suspect["certain"],
            )
            for suspect in row.suspects
        ],
    )
