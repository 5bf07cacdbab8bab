"""Viewings in SQL: open ones are rows, and change in the transaction of the facts that follow."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.streaming_bridge.adapters.deliveries import Settled, keep
from services.streaming_bridge.adapters.storage import insert_if_new, stored, storing
from services.streaming_bridge.adapters.tables import CANCELLED_SEATS, VIEWINGS
from services.streaming_bridge.application.watching import Heard, arrival_of
from services.streaming_bridge.domain.viewings import SILENCE, Movement, Viewing, end_in_silence, follow

_CHUNK: Final = 500
_CHANGING: Final = ("last_number", "heard_at", "ended_at", "ended_in_silence")


class SqlViewings:
    """Takes beats in, group by group, and ends what is silent."""

    def __init__(self, engine: AsyncEngine, *, committed: Callable[[], None]) -> None:
        """`committed` is called when there is something new to publish."""
        self._engine = engine
        self._committed = committed

    async def hear(self, group: Sequence[Heard]) -> Sequence[bool]:
        """Store what pages told, in one transaction with what follows from it; whose seat is theirs still.

        Of who gave it back counts what was before that.

        Raises:
            StorageUnavailableError: if the database is away, full or busy; nothing is written then.
        """

        def work(connection: Connection) -> tuple[int, Mapping[str, datetime]]:
            gone = _cancelled(connection, sorted({heard.watcher.participant_id for heard in group}))
            known = _known(connection, sorted({heard.viewing_id for heard in group}))
            changed: dict[str, dict[str, Any]] = {}
            settled: list[Settled] = []
            for heard in group:
                until = gone.get(heard.watcher.participant_id)
                beats = [beat for beat in heard.beats if until is None or beat.at < until]
                viewing, movements = follow(known.get(heard.viewing_id), beats)
                if viewing is None or viewing == known.get(heard.viewing_id):
                    continue
                known[heard.viewing_id] = viewing
                row = {
                    "viewing_id": heard.viewing_id,
                    "event_id": heard.watcher.event_id,
                    "participant_id": heard.watcher.participant_id,
                    "room": heard.watcher.room,
                    "page": heard.page,
                }
                changed[heard.viewing_id] = row | _values(viewing)
                settled += _settled(row, movements, heard.received_at)
            if changed:
                connection.execute(_UPSERTS[connection.dialect.name], list(changed.values()))
            keep(connection, settled)
            return len(settled), gone

        count, gone = await stored(self._engine, work)
        if count:
            self._committed()
        return [heard.watcher.participant_id not in gone for heard in group]

    async def end_silent(self, *, now: datetime) -> int:
        """See the port."""

        def work(connection: Connection) -> int:
            rows = connection.execute(_SILENT, {"until": now - SILENCE}).all()
            changes: list[dict[str, Any]] = []
            settled: list[Settled] = []
            for row in rows:
                viewing, movements = end_in_silence(_viewing(row), now=now)
                changes.append({"whose": row.viewing_id, **_values(viewing)})
                settled += _settled(row._asdict(), movements, now)
            if changes:
                connection.execute(_UPDATE, changes)
            keep(connection, settled)
            return len(rows)

        ended = 0
        while True:
            count = await stored(self._engine, work)
            ended += count
            if count < _CHUNK:
                break
        if ended:
            self._committed()
        return ended

    async def forget(self, *, ended_before: datetime) -> None:
        """See the port."""
        async with storing(self._engine) as connection:
            await connection.execute(sa.delete(VIEWINGS).where(VIEWINGS.c.ended_at < ended_before))


# With PostgreSQL several processes hear the same page: who reads a viewing holds it until the facts are written.
_BY_ID: Final = (
    sa.select(VIEWINGS)
    .where(VIEWINGS.c.viewing_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(VIEWINGS.c.viewing_id)
    .with_for_update()
)
_SILENT: Final = (
    sa.select(VIEWINGS)
    .where(VIEWINGS.c.ended_at.is_(None), VIEWINGS.c.heard_at <= sa.bindparam("until", type_=VIEWINGS.c.heard_at.type))
    .order_by(VIEWINGS.c.heard_at)
    .limit(_CHUNK)
    .with_for_update(skip_locked=True)
)
_CANCELLED: Final = sa.select(CANCELLED_SEATS).where(
    CANCELLED_SEATS.c.participant_id.in_(sa.bindparam("ids", expanding=True))
)
_UPDATE: Final = sa.update(VIEWINGS).where(VIEWINGS.c.viewing_id == sa.bindparam("whose"))


def _upsert(insert: Any) -> sa.Insert:  # noqa: ANN401  (each dialect's own)
    statement = insert(VIEWINGS)
    changes = {name: statement.excluded[name] for name in _CHANGING}
    upsert: sa.Insert = statement.on_conflict_do_update(index_elements=["viewing_id"], set_=changes)
    return upsert


_UPSERTS: Final = {"postgresql": _upsert(postgresql.insert), "sqlite": _upsert(sqlite.insert)}


async def cancel_seat(connection: AsyncConnection, participant_id: str, *, at: datetime) -> None:
    """From then on what their pages tell counts no more; in the caller's transaction. Again is harmless."""
    row = {"participant_id": participant_id, "cancelled_at": at}
    await connection.execute(insert_if_new(connection, CANCELLED_SEATS), row)


def _cancelled(connection: Connection, participants: Sequence[str]) -> Mapping[str, datetime]:
    found = connection.execute(_CANCELLED, {"ids": participants})
    return {row.participant_id: row.cancelled_at for row in found}


def _known(connection: Connection, ids: Sequence[str]) -> dict[str, Viewing]:
    return {row.viewing_id: _viewing(row) for row in connection.execute(_BY_ID, {"ids": ids})}


def _viewing(row: sa.Row[Any]) -> Viewing:
    return Viewing(**{name: getattr(row, name) for name in _CHANGING})


def _values(viewing: Viewing | None) -> dict[str, Any]:
    return {name: getattr(viewing, name) for name in _CHANGING}


def _settled(row: dict[str, Any], movements: Sequence[Movement], received_at: datetime) -> list[Settled]:
    whose = {name: row[name] for name in ("room", "participant_id", "page")}
    return [(arrival_of(movement, **whose, received_at=received_at), row["event_id"]) for movement in movements]
