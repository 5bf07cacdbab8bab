"""Events and the rooms they claim, in SQL; and the rooms that nobody claims."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.registration import EventData, EventStatus
from services.streaming_bridge.adapters.inbox import RoomOfSource
from services.streaming_bridge.adapters.storage import reading
from services.streaming_bridge.adapters.tables import CLAIMS, DELIVERIES, EVENTS, OFFSETS
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.application.joining import MeetingRoom
from services.streaming_bridge.application.room_names import room_key


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclaimedRoom:
    """A room for which deliveries are kept, and no event yet."""

    source: str
    room: str
    room_key: str
    deliveries: int
    participants: int
    first_seen: datetime
    last_seen: datetime


class SqlClaims:
    """The claims of all events, as the registration topic tells them."""

    def __init__(self, readers: AsyncEngine) -> None:
        """Writes happen in the transactions of the callers; `readers` is for the rest."""
        self._readers = readers

    async def apply(
        self, connection: AsyncConnection, event: EventData, *, time: datetime, fact_id: str
    ) -> list[RoomOfSource]:
        """Take a snapshot of an event, unless a later one is known; the rooms it claims.

        The latest by (time, fact id) counts, in whatever order they are read.
        """
        query = sa.select(EVENTS.c.changed_at, EVENTS.c.changed_by).where(EVENTS.c.event_id == event.event_id)
        known = (await connection.execute(query)).one_or_none()
        if known is not None and (known.changed_at, known.changed_by) >= (time, fact_id):
            return []
        # The claims go with the event.
        await connection.execute(sa.delete(CLAIMS).where(CLAIMS.c.event_id == event.event_id))
        await connection.execute(sa.delete(EVENTS).where(EVENTS.c.event_id == event.event_id))
        row = {
            "event_id": event.event_id,
            "changed_at": time,
            "changed_by": fact_id,
            "starts_at": event.starts_at,
            "ends_at": event.ends_at,
            "cancelled": event.status is EventStatus.CANCELLED,
        }
        await connection.execute(sa.insert(EVENTS), row)
        claims = [
            {
                "event_id": event.event_id,
                "ordinal": ordinal,
                "room_id": room.room_id,
                "label": room.name,
                "source": room.conference.source,
                "room": room.conference.room,
                "room_key": room_key(room.conference.room),
            }
            for ordinal, room in enumerate(event.rooms)
            if room.conference is not None
        ]
        if claims:
            await connection.execute(sa.insert(CLAIMS), claims)
        return [(str(claim["source"]), str(claim["room_key"])) for claim in claims]

    async def rooms_of(self, event_id: str) -> Sequence[MeetingRoom]:
        """The meetings of an event, in its own order; none if it is unknown or cancelled."""
        query = (
            sa.select(CLAIMS)
            .join(EVENTS, EVENTS.c.event_id == CLAIMS.c.event_id)
            .where(CLAIMS.c.event_id == event_id, sa.not_(EVENTS.c.cancelled))
            .order_by(CLAIMS.c.ordinal)
        )
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        return [MeetingRoom(room_id=row.room_id, label=row.label, source=row.source, room=row.room) for row in rows]

    async def unclaimed(self, *, after: RoomOfSource | None, limit: int) -> Sequence[UnclaimedRoom]:
        """The rooms that nobody claims, by source and name; those after a (source, room) that was seen already."""
        kept = DELIVERIES.c
        query = (
            sa.select(
                kept.source,
                kept.room_key,
                sa.func.max(kept.room_name).label("room"),
                sa.func.count().label("deliveries"),
                sa.func.count(kept.subject.distinct()).label("participants"),
                sa.func.min(kept.happened_at).label("first_seen"),
                sa.func.max(kept.happened_at).label("last_seen"),
            )
            .where(kept.state == Outcome.UNCLAIMED)
            .group_by(kept.source, kept.room_key)
            .order_by(kept.source, kept.room_key)
            .limit(limit)
        )
        if after is not None:
            source, key = after
            query = query.where(sa.or_(kept.source > source, sa.and_(kept.source == source, kept.room_key > key)))
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        return [_unclaimed_room(row) for row in rows]


async def read_offsets(engine: AsyncEngine, topic: str) -> dict[int, int]:
    """Where reading a topic goes on, by partition; partitions never read are absent."""
    async with reading(engine) as connection:
        rows = await connection.execute(sa.select(OFFSETS).where(OFFSETS.c.topic == topic))
        return {row.partition: row.next_offset for row in rows}


async def keep_offset(connection: AsyncConnection, topic: str, partition: int, next_offset: int) -> None:
    """Keep where reading goes on, in the transaction of what was read."""
    place = sa.and_(OFFSETS.c.topic == topic, OFFSETS.c.partition == partition)
    result = await connection.execute(sa.update(OFFSETS).where(place).values(next_offset=next_offset))
    if result.rowcount == 0:
        row = {"topic": topic, "partition": partition, "next_offset": next_offset}
        await connection.execute(sa.insert(OFFSETS), row)


def _unclaimed_room(row: sa.Row[Any]) -> UnclaimedRoom:
    return UnclaimedRoom(
        source=row.source,
        room=row.room,
        room_key=row.room_key,
        deliveries=row.deliveries,
        participants=row.participants,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )
