"""Rooms that events had and have no more: what they delivered stays told until somebody takes it back.

A leave follows its join.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from services.streaming_bridge.adapters.tables import CLAIMS, DELIVERIES, EVENTS, GIVEN_UP_ROOMS
from services.streaming_bridge.application.arrivals import Outcome
from services.streaming_bridge.application.room_names import room_digest
from services.streaming_bridge.domain.observations import PERSONAL_KINDS, Finding, Kind

RoomOfSource = tuple[str, str]
"""The name of a source, and a room's key: what a claim is found by."""

_KEPT: Final = DELIVERIES.c
BY_A_PLATFORM: Final = _KEPT.source_uri.not_like("/bridge/%/%/report")
"""Deliveries that came to the door: what somebody accepted of a report is kept among them."""

_GIVEN_UP_OF: Final = sa.select(GIVEN_UP_ROOMS.c.source, GIVEN_UP_ROOMS.c.room_key).where(
    GIVEN_UP_ROOMS.c.source.in_(sa.bindparam("sources", expanding=True)),
    GIVEN_UP_ROOMS.c.room_key.in_(sa.bindparam("keys", expanding=True)),
)
_LAST_OF_CONNECTION: Final = (
    sa.select(_KEPT.kind, _KEPT.event_id, _KEPT.happened_at)
    .where(
        _KEPT.source == sa.bindparam("in_source"),
        _KEPT.room_key == sa.bindparam("in_room_key"),
        _KEPT.happened_at <= sa.bindparam("until", type_=_KEPT.happened_at.type),
        _KEPT.kind.in_(sorted(PERSONAL_KINDS)),
        _KEPT.state != Outcome.IGNORED,
        _KEPT.source_uri == sa.bindparam("told_by"),
        _KEPT.room == sa.bindparam("in_room"),
        _KEPT.room_session.is_not_distinct_from(sa.bindparam("in_session", type_=sa.String)),
        _KEPT.connection == sa.bindparam("of_connection"),
    )
    .order_by(_KEPT.happened_at.desc(), _KEPT.position.desc())
    .limit(1)
)


def told_events(connection: Connection, findings: Iterable[Finding]) -> Mapping[str, str]:
    """To which event those leaves go, by fact id, whose joins were told to one that gave the room up since.

    It is the last join of the same connection that counts, unless a leave was told since. All other findings are
    absent: the claims of their rooms decide.
    """
    told = list(findings)
    leaves = [finding for finding in told if finding.kind is Kind.LEFT]
    if not leaves:
        return {}
    places = {"sources": sorted({one.source for one in leaves}), "keys": sorted({one.room_key for one in leaves})}
    given_up = {(row.source, row.room_key) for row in connection.execute(_GIVEN_UP_OF, places)}
    found: dict[str, str] = {}
    for leave in leaves:
        if (leave.source, leave.room_key) not in given_up:
            continue
        last = connection.execute(
            _LAST_OF_CONNECTION,
            {
                "in_source": leave.source,
                "in_room_key": leave.room_key,
                "until": leave.time,
                "told_by": leave.source_uri,
                "in_room": leave.room.key,
                "in_session": leave.room.session,
                "of_connection": leave.connection,
            },
        ).one_or_none()
        if last is None or last.kind != Kind.JOINED or last.event_id is None:
            continue
        # With a later join that comes together with them they go where that goes.
        joins = [one.time for one in told if one.kind is Kind.JOINED and _channel(one) == _channel(leave)]
        if not any(last.happened_at < time <= leave.time for time in joins):
            found[leave.fact_id] = last.event_id
    return found


async def give_up(connection: AsyncConnection, rooms: Sequence[tuple[str, str, str]], *, at: datetime) -> None:
    """Keep that an event has some rooms no more, each by its source, its name and its key. Again is harmless."""
    rows = [
        {"source": source, "room_key": key, "claim_key": claim_key, "given_up_at": at}
        for source, name, claim_key in rooms
        for key in (claim_key, room_digest(name))
    ]
    for row in rows:
        await connection.execute(_GIVE_UP[connection.dialect.name], row)


def given_up_rooms() -> sa.Select[tuple[str, str, str, int, int, int, datetime, datetime]]:
    """The rooms that an event gave up after they had delivered, and that none has since; by source and key."""
    claimed = (
        sa.exists()
        .where(
            CLAIMS.c.source == GIVEN_UP_ROOMS.c.source,
            CLAIMS.c.room_key == GIVEN_UP_ROOMS.c.claim_key,
            CLAIMS.c.event_id == EVENTS.c.event_id,
            sa.not_(EVENTS.c.cancelled),
        )
        .correlate(GIVEN_UP_ROOMS)
    )
    told = sa.func.sum(sa.case((_KEPT.state == Outcome.ACCEPTED, 1), else_=0))
    return (
        sa.select(
            _KEPT.source,
            _KEPT.room_key,
            sa.func.max(_KEPT.room_name).label("room"),
            (sa.func.count() - told).label("deliveries"),
            told.label("told"),
            sa.func.count(_KEPT.subject.distinct()).label("participants"),
            sa.func.min(_KEPT.happened_at).label("first_seen"),
            sa.func.max(_KEPT.happened_at).label("last_seen"),
        )
        .join(
            GIVEN_UP_ROOMS,
            sa.and_(GIVEN_UP_ROOMS.c.source == _KEPT.source, GIVEN_UP_ROOMS.c.room_key == _KEPT.room_key),
        )
        .where(_KEPT.state.in_((Outcome.ACCEPTED, Outcome.UNCLAIMED)), BY_A_PLATFORM, sa.not_(claimed))
        .group_by(_KEPT.source, _KEPT.room_key)
        .order_by(_KEPT.source, _KEPT.room_key)
    )


def _channel(finding: Finding) -> tuple[str, str, str | None, str | None]:
    return finding.source_uri, finding.room.key, finding.room.session, finding.connection


def _giving_up(insert: sqlite.Insert | postgresql.Insert) -> sa.Insert:
    return insert.on_conflict_do_update(
        index_elements=["source", "room_key"],
        set_={"claim_key": insert.excluded.claim_key, "given_up_at": insert.excluded.given_up_at},
    )


_GIVE_UP: Final = {
    "postgresql": _giving_up(postgresql.insert(GIVEN_UP_ROOMS)),
    "sqlite": _giving_up(sqlite.insert(GIVEN_UP_ROOMS)),
}
