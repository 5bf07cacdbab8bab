"""The watch over rooms in SQL: which to check, what was delivered about them, what the checks found.

Several processes share it: a room is checked by whoever takes it first, and by nobody else in that minute.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.streaming_bridge.adapters.deliveries import finding_from
from services.streaming_bridge.adapters.given_up import BY_A_PLATFORM
from services.streaming_bridge.adapters.storage import insert_if_new, reading, storing
from services.streaming_bridge.adapters.tables import CLAIMS, DELIVERIES, EVENTS, ROOM_CHECKS, ROOM_DRIFTS
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.application.room_names import room_digest
from services.streaming_bridge.domain.claims import Claim, choose
from services.streaming_bridge.domain.drift import Comparison, Suspect
from services.streaming_bridge.domain.observations import ABOUT_PRESENCE
from services.streaming_bridge.domain.room_checks import Check, ClaimedRoom
from services.streaming_bridge.domain.room_state import RoomState, room_state

_TAKEN_FOR: Final = timedelta(seconds=50)
"""Checks are a minute apart, less what the clocks of two processes may differ by."""
_OPENED_EARLY: Final = timedelta(hours=3)
_LEFT_OPEN: Final = timedelta(hours=6)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT: Final = DELIVERIES.c


class SqlRoomWatch:
    """Reads what checks need, and keeps what they find."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine) -> None:
        """`readers` is for what may take long."""
        self._engine = engine
        self._readers = readers

    async def watched(self, now: datetime) -> Sequence[ClaimedRoom]:
        """The rooms of events that may be going on, each for the event nearest in time of those that claim it."""
        query = (
            sa.select(CLAIMS, EVENTS.c.starts_at, EVENTS.c.ends_at)
            .join(EVENTS, EVENTS.c.event_id == CLAIMS.c.event_id)
            .where(
                sa.not_(EVENTS.c.cancelled),
                EVENTS.c.starts_at <= now + _OPENED_EARLY,
                EVENTS.c.ends_at >= now - _LEFT_OPEN,
            )
        )
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        rooms: dict[tuple[str, str], dict[Claim, ClaimedRoom]] = {}
        for row in rows:
            room = claimed_room(row)
            rooms.setdefault((room.source, room.room_key), {})[_claim(room)] = room
        nearest = [(choose(claims, now), claims) for claims in rooms.values()]
        return [claims[claim] for claim, claims in nearest if claim is not None]

    async def take(self, rooms: Sequence[ClaimedRoom], now: datetime) -> Sequence[ClaimedRoom]:
        """Those of the rooms that nobody else checks at this time: they are the caller's for this minute."""
        taken = []
        async with storing(self._engine) as connection:
            for room in rooms:
                row = {**_place(room), "event_id": room.event_id, "checked_at": _NEVER, "ours": 0}
                await connection.execute(insert_if_new(connection, ROOM_CHECKS), row)
                free = ROOM_CHECKS.c.checked_at <= now - _TAKEN_FOR
                claim = sa.update(ROOM_CHECKS).where(_at(ROOM_CHECKS, room), free)
                if (await connection.execute(claim.values(checked_at=now))).rowcount:
                    taken.append(room)
        return taken

    async def state(self, room: ClaimedRoom, *, counted_until: datetime | None = None) -> RoomState:
        """How the room is now, by its deliveries: a report is none.

        What the platform counted after `counted_until` is left out.
        """
        query = sa.select(DELIVERIES).where(told_of(room), BY_A_PLATFORM, _KEPT.kind.in_(ABOUT_PRESENCE))
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        # Those of machines are kept as ignored.
        people = [finding_from(row) for row in rows if row.state != Outcome.IGNORED]
        machines = [finding_from(row) for row in rows if row.state == Outcome.IGNORED]
        return room_state(people, machines, counted_until=counted_until)

    async def last_check(self, room: ClaimedRoom) -> Check | None:
        """What the last check of this room for this event found."""
        query = sa.select(ROOM_CHECKS).where(_at(ROOM_CHECKS, room), ROOM_CHECKS.c.event_id == room.event_id)
        async with reading(self._readers) as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None or row.checked_at == _NEVER:
            return None
        return Check(
            checked_at=row.checked_at,
            ours=row.ours,
            theirs=row.theirs,
            failure=row.failure,
            drifting_since=row.drifting_since,
        )

    async def keep(self, room: ClaimedRoom, check: Check, *, alert: Comparison | None) -> bool:
        """Keep what a check found; whether an alert began with it.

        With an `alert` the drift is told, from now on or still; without one it is over, once the numbers agree again.
        """
        values = {
            "event_id": room.event_id,
            "ours": check.ours,
            "theirs": check.theirs,
            "failure": check.failure,
            "drifting_since": check.drifting_since,
        }
        began = False
        async with storing(self._engine) as connection:
            await connection.execute(sa.update(ROOM_CHECKS).where(_at(ROOM_CHECKS, room)).values(values))
            if alert is not None and check.drifting_since is not None:
                began = await _tell(connection, room, alert, since=check.drifting_since)
            elif check.drifting_since is None:
                open_drift = _open_drift(room)
                await connection.execute(sa.update(ROOM_DRIFTS).where(open_drift).values(ended_at=check.checked_at))
        return began

    async def end_others(self, rooms: Sequence[ClaimedRoom], now: datetime) -> None:
        """End the alerts of all other rooms: their events are over, or claim them no more."""
        watched = {(room.event_id, room.source, room.room_key) for room in rooms}
        drifts = ROOM_DRIFTS.c
        query = sa.select(drifts.number, drifts.event_id, drifts.source, drifts.room_key).where(
            drifts.ended_at.is_(None)
        )
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        over = [row.number for row in rows if (row.event_id, row.source, row.room_key) not in watched]
        if over:
            async with storing(self._engine) as connection:
                await connection.execute(sa.update(ROOM_DRIFTS).where(drifts.number.in_(over)).values(ended_at=now))

    async def drifting(self) -> int:
        """How many rooms have an alert now."""
        query = sa.select(sa.func.count()).where(ROOM_DRIFTS.c.ended_at.is_(None))
        async with reading(self._readers) as connection:
            return (await connection.scalar(query)) or 0


def claimed_room(row: sa.Row[Any]) -> ClaimedRoom:
    """A claim with the times of its event."""
    return ClaimedRoom(
        event_id=row.event_id,
        source=row.source,
        room=row.room,
        room_key=row.room_key,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
    )


def told_of(room: ClaimedRoom) -> sa.ColumnElement[bool]:
    """The deliveries that may be told of a room at its event, whatever event they were kept for."""
    since, until = room.span()
    keys = [room.room_key, room_digest(room.room)]
    return sa.and_(_KEPT.source == room.source, _KEPT.room_key.in_(keys), _KEPT.happened_at.between(since, until))


async def _tell(connection: AsyncConnection, room: ClaimedRoom, alert: Comparison, *, since: datetime) -> bool:
    suspects = [_written(suspect) for suspect in alert.suspects]
    seen = {"ours": alert.ours, "theirs": alert.theirs, "suspects": suspects}
    known = await connection.execute(sa.update(ROOM_DRIFTS).where(_open_drift(room)).values(seen))
    if known.rowcount:
        return False
    row = {**_place(room), "event_id": room.event_id, "began_at": since, **seen}
    await connection.execute(sa.insert(ROOM_DRIFTS), row)
    return True


def _written(suspect: Suspect) -> dict[str, object]:
    return {
        "subject": suspect.subject,
        "known_to": suspect.known_to,
        "since": None if suspect.since is None else suspect.since.isoformat(),
        "certain": suspect.certain,
    }


def _place(room: ClaimedRoom) -> dict[str, str]:
    return {"source": room.source, "room_key": room.room_key}


def _at(table: sa.Table, room: ClaimedRoom) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.source == room.source, table.c.room_key == room.room_key)


def _open_drift(room: ClaimedRoom) -> sa.ColumnElement[bool]:
    return sa.and_(_at(ROOM_DRIFTS, room), ROOM_DRIFTS.c.event_id == room.event_id, ROOM_DRIFTS.c.ended_at.is_(None))


def _claim(room: ClaimedRoom) -> Claim:
    return Claim(
        event_id=room.event_id,
        source=room.source,
        room=room.room_key,
        starts_at=room.starts_at,
        ends_at=room.ends_at,
    )
