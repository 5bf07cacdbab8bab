"""The names of guests, sealed, and forgotten after their time."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.scrubbing import owe
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.storage import reading, storing
from services.streaming_bridge.adapters.tables import FORGOTTEN_GUESTS, GUESTS, SCRUBS


class SqlGuests:
    """What guests called themselves."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine, *, names: SecretBox) -> None:
        """`names` opens what the inbox sealed."""
        self._engine = engine
        self._readers = readers
        self._names = names

    async def names(self, guest_ids: Sequence[str]) -> dict[str, str]:
        """The names of those who gave one."""
        query = sa.select(GUESTS.c.guest_id, GUESTS.c.sealed_name).where(GUESTS.c.guest_id.in_(guest_ids))
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        return {row.guest_id: self._names.open(row.sealed_name).decode() for row in rows}

    async def forget(self, *, seen_before: datetime, now: datetime) -> int:
        """Delete the names kept for too long; how many there were.

        Who was forgotten so long ago may be kept again: what came from that time is told by now.
        """
        known, forgotten = GUESTS.c, FORGOTTEN_GUESTS.c
        # With PostgreSQL a name can be stored while its guest is forgotten, unseen by each other.
        late = known.guest_id.in_(sa.select(forgotten.guest_id))
        async with storing(self._engine) as connection:
            gone = await connection.execute(sa.delete(GUESTS).where(sa.or_(known.first_seen_at < seen_before, late)))
            await connection.execute(sa.delete(FORGOTTEN_GUESTS).where(forgotten.forgotten_at < seen_before))
            if gone.rowcount:
                await owe(connection, SCRUBS, now=now)
        return int(gone.rowcount)

    async def forget_these(self, connection: AsyncConnection, guest_ids: Sequence[str], *, now: datetime) -> None:
        """Delete the names of some guests, in the caller's transaction, and keep none of them again. Twice is once."""
        if not guest_ids:
            return
        for table in (GUESTS, FORGOTTEN_GUESTS):
            await connection.execute(sa.delete(table).where(table.c.guest_id.in_(guest_ids)))
        rows = [{"guest_id": guest_id, "forgotten_at": now} for guest_id in dict.fromkeys(guest_ids)]
        await connection.execute(sa.insert(FORGOTTEN_GUESTS), rows)
        await owe(connection, SCRUBS, now=now)
