"""What rooms told events that have them no more: it is taken back there, and told to the event that has the room now.

A platform's word is not doubted by it: it was told about the wrong event. So it is voided there, and waits again for
the claim of its room, as it did when it came.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.identifiers import is_guest_id, is_participant_id
from services.chassis import outbox
from services.streaming_bridge.adapters.claims import claims_of
from services.streaming_bridge.adapters.deliveries import to_publish
from services.streaming_bridge.adapters.given_up import RoomOfSource
from services.streaming_bridge.adapters.guests import forget_guests_of_event
from services.streaming_bridge.adapters.inbox import SqlInbox
from services.streaming_bridge.adapters.retelling import TOLD_ID, next_id
from services.streaming_bridge.adapters.storage import reading, storing
from services.streaming_bridge.adapters.tables import DELIVERIES, EVENTS, GIVEN_UP_ROOMS, OUTBOX
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.application.report_facts import voiding
from services.streaming_bridge.domain.claims import Claim, choose
from services.streaming_bridge.domain.former_rooms import FormerRoom, Heir
from services.streaming_bridge.domain.observations import PERSONAL_KINDS

_KEPT: Final = DELIVERIES.c
_CHUNK: Final = 500
_GIVEN_UP: Final = (
    sa.exists()
    .where(GIVEN_UP_ROOMS.c.source == _KEPT.source, GIVEN_UP_ROOMS.c.room_key == _KEPT.room_key)
    .correlate(DELIVERIES)
)
_STANDS: Final = sa.and_(_KEPT.state == Outcome.ACCEPTED, _GIVEN_UP)
_TOLD: Final = sa.and_(_STANDS, _KEPT.kind.in_(sorted(PERSONAL_KINDS)))


class SqlFormerRooms:
    """Reads what still counts, and takes it back."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine, *, inbox: SqlInbox) -> None:
        """`inbox` tells what was taken back to the events that have its rooms now."""
        self._engine = engine
        self._readers = readers
        self._inbox = inbox

    async def of_event(self, event_id: str) -> Sequence[FormerRoom]:
        """The rooms that an event had before, by source and room."""
        async with reading(self._readers) as connection:
            if (await connection.execute(sa.select(GIVEN_UP_ROOMS.c.source).limit(1))).first() is None:
                return []
        return await self._find(_KEPT.event_id == event_id)

    async def of_rooms(self, rooms: Sequence[RoomOfSource]) -> Sequence[FormerRoom]:
        """Those of some rooms, whatever event they were counted for."""
        if not rooms:
            return []
        given_up = GIVEN_UP_ROOMS.c
        query = sa.select(given_up.source, given_up.room_key)
        async with reading(self._readers) as connection:
            found = await connection.execute(query.where(sa.tuple_(given_up.source, given_up.room_key).in_(rooms)))
            places = [(row.source, row.room_key) for row in found]
        if not places:
            return []
        return await self._find(sa.tuple_(_KEPT.source, _KEPT.room_key).in_(places), _KEPT.event_id.is_not(None))

    async def take_back(self, event_id: str, room: RoomOfSource, *, now: datetime) -> int:
        """Take back what a room told an event that has it no more; how many arrivals and departures.

        It is told to the event that has the room now, or waits for one: each in the transaction that takes it back, and
        not too many in one, since deliveries wait for it. Whoever is interrupted goes on where it ended by doing it
        again; after that it changes nothing. And nothing is taken from an event that has the room.
        """
        # Arrivals and departures last: while any is left, the room is still listed.
        personal = _KEPT.kind.in_(sorted(PERSONAL_KINDS))
        standing = sa.select(_KEPT.position).where(_STANDS, *_of(event_id, room)).order_by(personal, _KEPT.position)
        async with reading(self._readers) as connection:
            positions = list(await connection.scalars(standing))
        whole = 0
        for start in range(0, len(positions), _CHUNK):
            chunk = positions[start : start + _CHUNK]
            async with storing(self._engine) as connection:
                taken = await connection.run_sync(_take_back, event_id, room, chunk, now)
                await self._inbox.publish_claimed(connection, now=now, rooms=[room])
            self._inbox.committed()
            whole += taken
        return whole

    async def _find(self, *which: sa.ColumnElement[bool]) -> Sequence[FormerRoom]:
        query = (
            sa.select(
                _KEPT.event_id,
                EVENTS.c.title,
                _KEPT.source,
                _KEPT.room_key,
                sa.func.max(_KEPT.room_name).label("room"),
                sa.func.count().label("movements"),
                sa.func.count(_KEPT.connection.distinct()).label("connections"),
                sa.func.count(_KEPT.subject.distinct()).label("people"),
                sa.func.count(
                    sa.case((_KEPT.subject.startswith("par_", autoescape=True), _KEPT.subject)).distinct()
                ).label("participants"),
                sa.func.min(_KEPT.happened_at).label("first"),
                sa.func.max(_KEPT.happened_at).label("last"),
            )
            .outerjoin(EVENTS, EVENTS.c.event_id == _KEPT.event_id)
            .where(_TOLD, *which)
            .group_by(_KEPT.event_id, EVENTS.c.title, _KEPT.source, _KEPT.room_key)
            .order_by(_KEPT.source, _KEPT.room_key, _KEPT.event_id)
        )
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
            claims = await connection.run_sync(claims_of, {(row.source, row.room_key) for row in rows})
            former = [row for row in rows if not _has(row.event_id, claims.get((row.source, row.room_key), ()))]
            return [await _former_room(connection, row, claims.get((row.source, row.room_key), ())) for row in former]


def _has(event_id: str, claims: Sequence[Claim]) -> bool:
    return any(claim.event_id == event_id for claim in claims)


async def _former_room(connection: AsyncConnection, row: sa.Row[Any], claims: Sequence[Claim]) -> FormerRoom:
    counted = await _counted(connection, row, claims)
    titles_of = sa.select(EVENTS.c.event_id, EVENTS.c.title).where(EVENTS.c.event_id.in_(sorted(counted)))
    titles = {each.event_id: each.title for each in await connection.execute(titles_of)}
    return FormerRoom(
        event_id=row.event_id,
        title=row.title,
        source=row.source,
        room=row.room,
        room_key=row.room_key,
        movements=row.movements,
        connections=row.connections,
        people=row.people,
        participants=row.participants,
        first=row.first,
        last=row.last,
        heirs=[
            Heir(event_id=event_id, title=titles.get(event_id), movements=number)
            for event_id, number in counted.most_common()
        ],
    )


async def _counted(connection: AsyncConnection, row: sa.Row[Any], claims: Sequence[Claim]) -> Counter[str]:
    """How much would count at which event."""
    events = {claim.event_id for claim in claims}
    if len(events) <= 1:
        return Counter(dict.fromkeys(events, row.movements))
    instants = sa.select(_KEPT.happened_at).where(_TOLD, *_of(row.event_id, (row.source, row.room_key)))
    chosen = [choose(claims, instant) for instant in await connection.scalars(instants)]
    return Counter(claim.event_id for claim in chosen if claim is not None)


def _of(event_id: str, room: RoomOfSource) -> tuple[sa.ColumnElement[bool], ...]:
    source, key = room
    return _KEPT.event_id == event_id, _KEPT.source == source, _KEPT.room_key == key


def _take_back(
    connection: Connection, event_id: str, room: RoomOfSource, positions: Sequence[int], now: datetime
) -> int:
    """Take some of it back: how many arrivals and departures."""
    if _has(event_id, claims_of(connection, {room}).get(room, ())):
        return 0
    # Whoever does the same at this moment waits here, and then finds nothing.
    query = (
        sa.select(DELIVERIES, TOLD_ID.label("told_id"))
        .where(_KEPT.position.in_(positions), _STANDS, *_of(event_id, room))
        .order_by(_KEPT.position)
        .with_for_update(of=DELIVERIES)
    )
    rows = connection.execute(query).all()
    if not rows:
        return 0
    movements = [row for row in rows if row.kind in PERSONAL_KINDS]
    facts = [
        voiding(row.told_id, source_uri=row.source_uri, subject=row.subject, event_id=event_id, now=now)
        for row in movements
    ]
    outbox.store(connection, OUTBOX, [to_publish(fact, event_id) for fact in facts], now=now)
    connection.execute(
        _WAIT_AGAIN,
        [
            {
                "at": row.position,
                "as": next_id(row) if row.kind in PERSONAL_KINDS else row.told_as,
                "first": row.first_told_to or event_id,
                "whom": row.first_subject or (row.subject if is_participant_id(row.subject or "") else None),
            }
            for row in rows
        ],
    )
    forget_guests_of_event(connection, event_id, sorted({row.subject for row in movements if is_guest_id(row.subject)}))
    return len(movements)


_WAIT_AGAIN: Final = (
    sa.update(DELIVERIES)
    .where(_KEPT.position == sa.bindparam("at"))
    .values(
        state=Outcome.UNCLAIMED,
        event_id=None,
        told_as=sa.bindparam("as"),
        first_told_to=sa.bindparam("first"),
        first_subject=sa.bindparam("whom"),
    )
)
