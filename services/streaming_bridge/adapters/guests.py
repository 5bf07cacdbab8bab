"""The names of guests, sealed, and forgotten after their time."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.storage import reading, storing
from services.streaming_bridge.adapters.tables import GUESTS


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

    async def forget(self, *, seen_before: datetime) -> int:
        """Delete the names kept for too long; how many there were."""
        async with storing(self._engine) as connection:
            result = await connection.execute(sa.delete(GUESTS).where(GUESTS.c.first_seen_at < seen_before))
        return int(result.rowcount)
