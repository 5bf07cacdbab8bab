"""What was delivered about an event, read again."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.streaming_bridge.adapters.deliveries import finding_from
from services.streaming_bridge.adapters.storage import reading
from services.streaming_bridge.adapters.tables import DELIVERIES
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.application.room_names import room_digest
from services.streaming_bridge.domain.observations import ABOUT_PRESENCE, Finding
from services.streaming_bridge.domain.room_checks import ClaimedRoom


class SqlSightings:
    """Reads findings from the inbox."""

    def __init__(self, readers: AsyncEngine) -> None:
        """`readers` is for reading alone."""
        self._readers = readers

    async def of_event(self, event_id: str, *, room: ClaimedRoom | None = None) -> Sequence[Finding]:
        """All that was told of who was there, in the event's rooms or in one of them; in the order it came."""
        kept = DELIVERIES.c
        query = (
            sa.select(DELIVERIES)
            .where(kept.event_id == event_id, kept.state == Outcome.ACCEPTED, kept.kind.in_(ABOUT_PRESENCE))
            .order_by(kept.position)
        )
        if room is not None:
            keys = [room.room_key, room_digest(room.room)]
            query = query.where(kept.source == room.source, kept.room_key.in_(keys))
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        return [finding_from(row) for row in rows]
