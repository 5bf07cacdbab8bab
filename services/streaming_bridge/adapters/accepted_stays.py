"""What was accepted of reports: it stands among the deliveries, and is voided there and on the topic at once."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis import outbox
from services.streaming_bridge.adapters.deliveries import to_publish
from services.streaming_bridge.adapters.given_up import BY_A_PLATFORM
from services.streaming_bridge.adapters.storage import reading, stored
from services.streaming_bridge.adapters.tables import DELIVERIES, OUTBOX
from services.streaming_bridge.application.arrivals import TAKEN_BACK, Outcome
from services.streaming_bridge.application.report_facts import voiding
from services.streaming_bridge.application.report_ports import AcceptedStay
from services.streaming_bridge.domain.observations import Kind

_CHUNK: Final = 500
_JOINED: Final = DELIVERIES
_LEFT: Final = DELIVERIES.alias("leaving")
_STAY: Final = sa.and_(
    _LEFT.c.event_id == _JOINED.c.event_id,
    _LEFT.c.source_uri == _JOINED.c.source_uri,
    _LEFT.c.room_key == _JOINED.c.room_key,
    _LEFT.c.connection == _JOINED.c.connection,
    _LEFT.c.kind == Kind.LEFT,
    _LEFT.c.state == Outcome.ACCEPTED,
)


class SqlAcceptedStays:
    """Reads and voids them; implements the port `AcceptedStays`."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine, *, committed: Callable[[], None]) -> None:
        """`committed`: there is something to publish."""
        self._engine = engine
        self._readers = readers
        self._committed = committed

    async def latest(
        self, event_id: str, *, limit: int, before: int | None = None, only: Collection[str] | None = None
    ) -> Sequence[AcceptedStay]:
        """See the port."""
        query = _stays(event_id).order_by(_JOINED.c.position.desc()).limit(limit)
        if before is not None:
            query = query.where(_JOINED.c.position < before)
        if only is not None:
            query = query.where(_JOINED.c.fact_id.in_(sorted(only)))
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        return [
            AcceptedStay(
                stay_id=row.fact_id,
                position=row.position,
                source=row.source,
                room=row.room_name,
                subject=row.subject,
                start=row.happened_at,
                end=row.ended_at,
                accepted_at=row.received_at,
            )
            for row in rows
        ]

    async def take_back(self, event_id: str, stay_ids: Collection[str], *, now: datetime) -> int:
        """See the port: one transaction."""
        ids = sorted(set(stay_ids))

        def work(connection: Connection) -> int:
            chunks = (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
            return sum(_void(connection, event_id, chunk, now) for chunk in chunks)

        count = await stored(self._engine, work)
        self._committed()
        return count

    async def taken_back(self, event_id: str) -> Collection[str]:
        """See the port."""
        kept = DELIVERIES.c
        there = sa.and_(kept.event_id == event_id, kept.state == TAKEN_BACK)
        query = sa.select(kept.fact_id).where(sa.or_(there, kept.first_told_to == event_id))
        async with reading(self._readers) as connection:
            return set((await connection.execute(query)).scalars())


def _stays(event_id: str) -> sa.Select[Any]:
    return (
        sa.select(
            _JOINED,
            _LEFT.c.fact_id.label("left_id"),
            _LEFT.c.told_as.label("left_told_as"),
            _LEFT.c.happened_at.label("ended_at"),
        )
        .join(_LEFT, _STAY)
        .where(
            _JOINED.c.event_id == event_id,
            _JOINED.c.kind == Kind.JOINED,
            _JOINED.c.state == Outcome.ACCEPTED,
            sa.not_(BY_A_PLATFORM),
        )
    )


def _void(connection: Connection, event_id: str, stay_ids: Sequence[str], now: datetime) -> int:
    rows = connection.execute(_stays(event_id).where(_JOINED.c.fact_id.in_(stay_ids))).all()
    facts = [
        voiding(told_id, source_uri=row.source_uri, subject=row.subject, event_id=event_id, now=now)
        for row in rows
        for told_id in (row.told_as or row.fact_id, row.left_told_as or row.left_id)
    ]
    if facts:
        which = _JOINED.c.fact_id.in_([fact_id for row in rows for fact_id in (row.fact_id, row.left_id)])
        connection.execute(sa.update(_JOINED).where(which).values(state=TAKEN_BACK))
    outbox.store(connection, OUTBOX, [to_publish(fact, event_id) for fact in facts], now=now)
    return len(rows)
