"""Forget one event, so that the projector stores all of it again from the topics."""

import secrets
from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attendance.adapters.projection import Partition
from services.attendance.adapters.tables import (
    entries,
    events,
    offsets,
    presence,
    presence_earlier,
    projection,
    sightings,
)
from services.chassis.transactions import in_transaction

_KEPT: Final = (entries, events, presence, presence_earlier, sightings)
_FROM_THE_START: Final = (
    update(offsets)
    .where(offsets.c.topic == bindparam("of"), offsets.c.partition == bindparam("number"))
    .values(next_offset=0)
)


async def forget_event(engine: AsyncEngine, event_id: str, *, partitions: Iterable[Partition]) -> None:
    """Delete what is stored of an event, and have `partitions`, which hold all of it, read again from their start.

    A projector that runs notices it at the next record of one of them. Whoever kept figures or a cursor begins again.
    """
    places = [{"of": topic, "number": number} for topic, number in partitions]

    def work(connection: Connection) -> None:
        connection.execute(select(projection).with_for_update())  # the lock of those who write
        for table in _KEPT:
            connection.execute(delete(table).where(table.c.event_id == event_id))
        connection.execute(_FROM_THE_START, places)
        connection.execute(update(projection).values(epoch=secrets.token_hex(8)))

    await in_transaction(engine, work)
