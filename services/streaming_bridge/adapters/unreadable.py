"""Deliveries that could not be read, in SQL: whole and sealed, until they can be, or their time is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis import outbox
from services.chassis.dead_letters import LETTER, mark_redriven
from services.chassis.outbox import OutboxRecord
from services.chassis.scrubbing import owe
from services.streaming_bridge.adapters.storage import insert_if_new, reading, storing
from services.streaming_bridge.adapters.tables import OUTBOX, SCRUBS, UNREADABLE
from services.streaming_bridge.application.arrivals import Arrival

Place = tuple[datetime, str]
"""Where a delivery stands among those of its source: when it came, and its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A delivery that was proved and could not be read; `tried_at` is when that was tried again, the last time."""

    letter_id: str
    source: str
    path: str
    reason: str
    sealed_body: bytes
    received_at: datetime
    tried_at: datetime | None


class SqlUnreadable:
    """Those that are kept."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine) -> None:
        """`readers` is for what is only read."""
        self._engine = engine
        self._readers = readers

    async def of_source(self, source: str, *, after: Place | None, limit: int) -> Sequence[Unreadable]:
        """Those of a source, as they came; those after one that was seen already."""
        row = UNREADABLE.c
        query = sa.select(UNREADABLE).where(row.source == source).order_by(row.received_at, row.letter_id).limit(limit)
        if after is not None:
            at, letter_id = after
            later = sa.and_(row.received_at == at, row.letter_id > letter_id)
            query = query.where(sa.or_(row.received_at > at, later))
        async with reading(self._readers) as connection:
            return [_unreadable(row) for row in await connection.execute(query)]

    async def find(self, letter_id: str) -> Unreadable | None:
        """The one of an id, if it is still kept."""
        query = sa.select(UNREADABLE).where(UNREADABLE.c.letter_id == letter_id)
        async with reading(self._readers) as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _unreadable(row)

    async def counts(self) -> Mapping[str, int]:
        """How many there are, by source."""
        query = sa.select(UNREADABLE.c.source, sa.func.count().label("kept")).group_by(UNREADABLE.c.source)
        async with reading(self._readers) as connection:
            return {row.source: row.kept for row in await connection.execute(query)}

    async def settle(self, letter_id: str, *, now: datetime) -> None:
        """It was read: it is kept no longer, and its dead letter gets the mark of it. Twice is once."""
        async with storing(self._engine) as connection:
            gone = await connection.execute(sa.delete(UNREADABLE).where(UNREADABLE.c.letter_id == letter_id))
            if gone.rowcount:
                await owe(connection, SCRUBS, now=now)
            await outbox.add(connection, OUTBOX, [mark_redriven(letter_id, now=now)], now=now)

    async def note(self, letter_id: str, *, reason: str, now: datetime) -> None:
        """It still cannot be read, for this reason."""
        change = sa.update(UNREADABLE).where(UNREADABLE.c.letter_id == letter_id)
        async with storing(self._engine) as connection:
            await connection.execute(change.values(reason=reason, tried_at=now))


def keep_unreadable(connection: Connection, arrivals: Sequence[Arrival]) -> None:
    """Keep what could not be read of some deliveries, in the caller's transaction, as their dead letters have it."""
    rows = [_row(arrival, letter) for arrival in arrivals if (letter := arrival.dead_letter) is not None]
    if rows:
        connection.execute(insert_if_new(connection, UNREADABLE), rows)


def _row(arrival: Arrival, letter: OutboxRecord) -> dict[str, object]:
    return {
        "letter_id": letter.headers[LETTER],
        "source": arrival.source,
        "path": letter.headers["origin"],
        "reason": letter.headers["reason"],
        "sealed_body": letter.value,
        "received_at": arrival.received_at,
    }


def _unreadable(row: sa.Row[Any]) -> Unreadable:
    return Unreadable(
        letter_id=row.letter_id,
        source=row.source,
        path=row.path,
        reason=row.reason,
        sealed_body=row.sealed_body,
        received_at=row.received_at,
        tried_at=row.tried_at,
    )
