"""The names of guests, sealed, and forgotten after their time."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.scrubbing import owe
from services.chassis.secrets import BrokenSealError, SecretBox
from services.streaming_bridge.adapters.recognition import forget_identities, forget_identities_of
from services.streaming_bridge.adapters.report_store import KEPT_FOR, forget_reports
from services.streaming_bridge.adapters.storage import insert_if_new, reading, storing
from services.streaming_bridge.adapters.tables import FORGOTTEN_GUESTS, GUESTS, GUESTS_OF_EVENTS, REPORTS, SCRUBS

TIME_TO_UNDO: Final = timedelta(days=1)
"""How long a name is kept once it is settled whose it is, at all events that its guest was at."""

GuestAtEvent = tuple[str, str]
"""A guest, and an event."""


class SqlGuests:
    """What guests called themselves."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine, *, names: SecretBox) -> None:
        """`names` opens what the inbox sealed."""
        self._engine = engine
        self._readers = readers
        self._names = names

    async def names(self, guest_ids: Sequence[str]) -> dict[str, str]:
        """The names of those who gave one; without those that were sealed with another key, and cannot be read."""
        query = sa.select(GUESTS.c.guest_id, GUESTS.c.sealed_name).where(GUESTS.c.guest_id.in_(guest_ids))
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        names = {}
        for row in rows:
            with suppress(BrokenSealError):
                names[row.guest_id] = self._names.open(row.sealed_name).decode()
        return names

    async def forget(self, *, seen_before: datetime, now: datetime) -> int:
        """Delete the names kept for too long, or settled everywhere a day ago; how many there were. And old reports.

        Who was forgotten so long ago may be kept again: what came from that time is told by now.
        """
        known, forgotten = GUESTS.c, FORGOTTEN_GUESTS.c
        # With PostgreSQL a name can be stored while its guest is forgotten, unseen by each other.
        late = known.guest_id.in_(sa.select(forgotten.guest_id))
        async with storing(self._engine) as connection:
            over = sa.or_(known.first_seen_at < seen_before, known.guest_id.in_(_settled(now - TIME_TO_UNDO)), late)
            gone = await connection.execute(sa.delete(GUESTS).where(over))
            await connection.execute(sa.delete(FORGOTTEN_GUESTS).where(forgotten.forgotten_at < seen_before))
            identities = await forget_identities(connection, seen_before=seen_before)
            if gone.rowcount or identities:
                await owe(connection, SCRUBS, now=now)
            await forget_reports(connection, REPORTS.c.brought_at < now - KEPT_FOR, now=now)
        return int(gone.rowcount)

    async def settle(
        self, connection: AsyncConnection, guest_id: str, event_id: str, *, now: datetime, settled: bool
    ) -> None:
        """Keep that a guest is taken for a participant at an event from now on, or that they no longer are."""
        row = {"guest_id": guest_id, "event_id": event_id, "made_at": now, "settled_at": now if settled else None}
        await connection.execute(_SETTLE[connection.dialect.name], row)

    async def forget_these(self, connection: AsyncConnection, guest_ids: Sequence[str], *, now: datetime) -> None:
        """Delete what is known of some guests, in the caller's transaction, and keep nothing again. Twice is once."""
        if not guest_ids:
            return
        await forget_identities_of(connection, guest_ids)
        for table in (GUESTS, GUESTS_OF_EVENTS, FORGOTTEN_GUESTS):
            await connection.execute(sa.delete(table).where(table.c.guest_id.in_(guest_ids)))
        rows = [{"guest_id": guest_id, "forgotten_at": now} for guest_id in dict.fromkeys(guest_ids)]
        await connection.execute(sa.insert(FORGOTTEN_GUESTS), rows)
        await owe(connection, SCRUBS, now=now)


def keep_guests_of_events(connection: Connection, guests: Iterable[GuestAtEvent], *, now: datetime) -> None:
    """Keep that guests were at events, those of them who gave a name; again is harmless."""
    wanted = list(dict.fromkeys(guests))
    if not wanted:
        return
    named = set(connection.scalars(_NAMED, {"ids": sorted({guest_id for guest_id, _ in wanted})}))
    rows = [
        {"guest_id": guest_id, "event_id": event_id, "made_at": now}
        for guest_id, event_id in wanted
        if guest_id in named
    ]
    if rows:
        connection.execute(insert_if_new(connection, GUESTS_OF_EVENTS), rows)


def forget_guests_of_event(connection: Connection, event_id: str, guest_ids: Sequence[str]) -> None:
    """Keep no more that some guests were at an event: what was counted of them there was taken back."""
    kept = GUESTS_OF_EVENTS.c
    mine = sa.and_(kept.event_id == event_id, kept.guest_id.in_(guest_ids))
    connection.execute(sa.delete(GUESTS_OF_EVENTS).where(mine))


def _settled(before: datetime) -> sa.Select[tuple[str]]:
    """Who was settled at every event before an instant."""
    kept = GUESTS_OF_EVENTS.c
    still_open = sa.or_(kept.settled_at.is_(None), kept.settled_at >= before)
    return sa.select(kept.guest_id).group_by(kept.guest_id).having(sa.func.count(sa.case((still_open, 1))) == 0)


def _settling(insert: sqlite.Insert | postgresql.Insert) -> sa.Insert:
    return insert.on_conflict_do_update(
        index_elements=["guest_id", "event_id"], set_={"settled_at": insert.excluded.settled_at}
    )


_NAMED: Final = sa.select(GUESTS.c.guest_id).where(GUESTS.c.guest_id.in_(sa.bindparam("ids", expanding=True)))
_SETTLE: Final = {
    "postgresql": _settling(postgresql.insert(GUESTS_OF_EVENTS)),
    "sqlite": _settling(sqlite.insert(GUESTS_OF_EVENTS)),
}
