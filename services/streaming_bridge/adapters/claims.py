"""Events and the rooms they claim, in SQL; and the rooms that nobody claims."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.registration import EventData, EventStatus
from services.streaming_bridge.adapters.given_up import RoomOfSource, give_up, given_up_rooms
from services.streaming_bridge.adapters.storage import reading
from services.streaming_bridge.adapters.tables import CLAIMS, DELIVERIES, EVENTS, OFFSETS
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.application.joining import MeetingRoom
from services.streaming_bridge.application.room_names import is_room_digest, room_digest, room_key
from services.streaming_bridge.domain.claims import Claim

_MOST_NAMED: Final = 100

# Made once, as all statements of the way of a delivery: SQLAlchemy takes longer to make one than SQLite to run it.
_ALL_CLAIMS: Final = (
    sa.select(
        CLAIMS.c.source, CLAIMS.c.room, CLAIMS.c.room_key, EVENTS.c.event_id, EVENTS.c.starts_at, EVENTS.c.ends_at
    )
    .join(EVENTS, EVENTS.c.event_id == CLAIMS.c.event_id)
    .where(sa.not_(EVENTS.c.cancelled))
)
_CLAIMS_OF: Final = _ALL_CLAIMS.where(CLAIMS.c.room_key.in_(sa.bindparam("keys", expanding=True)))
_CLAIMS_ON: Final = _ALL_CLAIMS.where(CLAIMS.c.source.in_(sa.bindparam("sources", expanding=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnclaimedRoom:
    """A room in which somebody was, and that no event has.

    `deliveries` wait for an event; `told` were told to one that had the room before, and stay there.
    """

    source: str
    room: str
    room_key: str
    deliveries: int
    told: int
    participants: int
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimingEvent:
    """An event that names a source; its title is not known of those that did not change for long."""

    event_id: str
    title: str | None
    starts_at: datetime
    ends_at: datetime


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
        had = (await connection.execute(sa.select(CLAIMS).where(CLAIMS.c.event_id == event.event_id))).all()
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
            "title": event.title,
            "timezone": event.timezone,
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
        has = set() if row["cancelled"] else {(claim["source"], claim["room_key"]) for claim in claims}
        lost = [(row.source, row.room, row.room_key) for row in had if (row.source, row.room_key) not in has]
        await give_up(connection, lost, at=time)
        return [
            (str(claim["source"]), key)
            for claim in claims
            for key in (str(claim["room_key"]), room_digest(str(claim["room"])))
        ]

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

    async def times_of(self, event_id: str) -> tuple[datetime, datetime] | None:
        """From when to when an event is held; None if it is unknown."""
        query = sa.select(EVENTS.c.starts_at, EVENTS.c.ends_at).where(EVENTS.c.event_id == event_id)
        async with reading(self._readers) as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else (row.starts_at, row.ends_at)

    async def claiming(self, source: str) -> Sequence[ClaimingEvent]:
        """The events that name a source and are not cancelled, the latest first."""
        query = (
            sa.select(EVENTS)
            .where(
                EVENTS.c.event_id.in_(sa.select(CLAIMS.c.event_id).where(CLAIMS.c.source == source)),
                sa.not_(EVENTS.c.cancelled),
            )
            .order_by(EVENTS.c.starts_at.desc(), EVENTS.c.event_id)
            .limit(_MOST_NAMED)
        )
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        return [
            ClaimingEvent(event_id=row.event_id, title=row.title, starts_at=row.starts_at, ends_at=row.ends_at)
            for row in rows
        ]

    async def unclaimed(self, *, after: RoomOfSource | None, limit: int) -> Sequence[UnclaimedRoom]:
        """The rooms that nobody claims, by source and name; those after a (source, room) that was seen already."""
        kept = DELIVERIES.c
        waiting = (
            sa.select(
                kept.source,
                kept.room_key,
                sa.func.max(kept.room_name).label("room"),
                sa.func.count().label("deliveries"),
                sa.literal(0).label("told"),
                sa.func.count(kept.subject.distinct()).label("participants"),
                sa.func.min(kept.happened_at).label("first_seen"),
                sa.func.max(kept.happened_at).label("last_seen"),
            )
            .where(kept.state == Outcome.UNCLAIMED)
            .group_by(kept.source, kept.room_key)
            .order_by(kept.source, kept.room_key)
        )
        rooms: dict[RoomOfSource, UnclaimedRoom] = {}
        async with reading(self._readers) as connection:
            # What is known of a room that an event gave up has in it what waits.
            for whole in (waiting, given_up_rooms()):
                query = whole.limit(limit)
                if after is not None:
                    source, key = after
                    later = sa.or_(kept.source > source, sa.and_(kept.source == source, kept.room_key > key))
                    query = query.where(later)
                for row in await connection.execute(query):
                    rooms[row.source, row.room_key] = _unclaimed_room(row)
        return [rooms[place] for place in sorted(rooms)][:limit]


def claims_of(connection: Connection, rooms: set[RoomOfSource]) -> dict[RoomOfSource, list[Claim]]:
    """The claims on some rooms; rooms without any are absent."""
    found: dict[RoomOfSource, list[Claim]] = {}
    if not rooms:
        return found
    for row in connection.execute(_CLAIMS_OF, {"keys": sorted({room for _, room in rooms})}):
        if (row.source, row.room_key) in rooms:
            found.setdefault((row.source, row.room_key), []).append(_claim(row))
    # A platform that does not name the room means it by the digest of its name.
    digests = {room for room in rooms if is_room_digest(room[1])}
    if digests:
        for row in connection.execute(_CLAIMS_ON, {"sources": sorted({source for source, _ in digests})}):
            if (meant := (row.source, room_digest(row.room))) in digests:
                found.setdefault(meant, []).append(_claim(row))
    return found


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
        told=row.told,
        participants=row.participants,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
    )


def _claim(row: Any) -> Claim:  # noqa: ANN401  (a row of these statements: six types, of which none is known)
    return Claim(
        event_id=row.event_id, source=row.source, room=row.room_key, starts_at=row.starts_at, ends_at=row.ends_at
    )
