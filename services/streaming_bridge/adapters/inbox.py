"""The inbox in SQL: deliveries, each once, with the outbox rows of their facts in the same transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.topics import PARTICIPATION
from services.chassis import outbox
from services.chassis.kafka import record_headers
from services.chassis.outbox import OutboxRecord
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.storage import stored, storing
from services.streaming_bridge.adapters.tables import CLAIMS, DELIVERIES, EVENTS, FORGOTTEN_GUESTS, GUESTS, OUTBOX
from services.streaming_bridge.application.arrivals import Arrival, Outcome
from services.streaming_bridge.application.findings import fact_of
from services.streaming_bridge.domain.claims import Claim, choose
from services.streaming_bridge.domain.observations import Finding, GuestName, Kind, Room

RoomOfSource = tuple[str, str]
"""The name of a source, and a room's key: what a claim is found by."""

_CHUNK: Final = 500


class SqlInbox:
    """Writes groups of deliveries, and publishes those that were kept once their room is claimed."""

    def __init__(self, engine: AsyncEngine, *, names: SecretBox, committed: Callable[[], None]) -> None:
        """`names` seals the names of guests; `committed` is called when there is something new to publish."""
        self._engine = engine
        self._names = names
        self._committed = committed

    async def write(self, arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        """Store the deliveries that are new, in one transaction, and say what became of each.

        Raises:
            StorageUnavailableError: if the database is away, full or busy; nothing is written then.
        """

        def work(connection: Connection) -> list[tuple[Arrival, Claim | None]]:
            known = _known(connection, arrivals)
            new = {arrival.fact_id: arrival for arrival in reversed(arrivals) if arrival.fact_id not in known}
            fresh = [arrival for arrival in arrivals if new.get(arrival.fact_id) is arrival]
            claims = claims_of(connection, {place(a.finding) for a in fresh if a.finding is not None})
            settled = [(arrival, _claimed(arrival, claims)) for arrival in fresh]
            self._insert(connection, settled)
            return settled

        settled = await stored(self._engine, work)
        self._committed()
        outcomes = {id(arrival): arrival.outcome if claim is None else Outcome.ACCEPTED for arrival, claim in settled}
        return [outcomes.get(id(arrival), Outcome.DUPLICATE) for arrival in arrivals]

    async def publish_claimed(
        self, connection: AsyncConnection, *, now: datetime, rooms: Sequence[RoomOfSource] | None = None
    ) -> int:
        """Publish, in the order they came, what was kept for rooms that are claimed by now; how many there were.

        Their `recordedtime` is now: only now did the system learn that they belong to this event, and a report of
        yesterday must not change because of it. Runs in the caller's transaction; looks at all rooms by default.
        """
        published = 0
        for room in await _waiting_rooms(connection) if rooms is None else rooms:
            claims = await connection.run_sync(claims_of, {room})
            if not claims:
                continue
            while rows := await _unclaimed(connection, room):
                findings = [(row.position, _finding(row)) for row in rows]
                chosen = [(position, finding, choose(claims[room], finding.time)) for position, finding in findings]
                settled = [(position, finding, claim) for position, finding, claim in chosen if claim is not None]
                records = [_record(finding, claim.event_id, now) for _, finding, claim in settled]
                await outbox.add(connection, OUTBOX, records, now=now)
                await connection.execute(
                    sa.update(DELIVERIES)
                    .where(DELIVERIES.c.position == sa.bindparam("at"))
                    .values(state=Outcome.ACCEPTED, event_id=sa.bindparam("event")),
                    [{"at": position, "event": claim.event_id} for position, _, claim in settled],
                )
                published += len(settled)
        return published

    async def sweep(self, *, now: datetime) -> int:
        """Publish what is kept for any room that is claimed by now; how many there were."""
        async with storing(self._engine) as connection:
            published = await self.publish_claimed(connection, now=now)
        if published:
            self._committed()
        return published

    async def unclaimed(self) -> tuple[int, datetime | None]:
        """How many deliveries are kept for unclaimed rooms, and when the oldest came."""
        query = sa.select(sa.func.count(), sa.func.min(DELIVERIES.c.received_at)).where(
            DELIVERIES.c.state == Outcome.UNCLAIMED
        )
        async with storing(self._engine) as connection:
            count, oldest = (await connection.execute(query)).one()
        return count, oldest

    def _insert(self, connection: Connection, settled: Sequence[tuple[Arrival, Claim | None]]) -> None:
        if not settled:
            return
        rows = [_row(arrival, claim) for arrival, claim in settled]
        connection.execute(_insert_if_new(connection, DELIVERIES), rows)
        records = [record for arrival, claim in settled if (record := _published(arrival, claim)) is not None]
        outbox.store(connection, OUTBOX, records, now=settled[0][0].received_at)
        guests = {a.guest.guest_id: (a.guest, a.received_at) for a, _ in reversed(settled) if a.guest is not None}
        self._keep_names(connection, list(guests.values()))

    def _keep_names(self, connection: Connection, guests: Sequence[tuple[GuestName, datetime]]) -> None:
        """Keep the name that a guest gave first, unless the guest is to be forgotten."""
        if not guests:
            return
        ids = [guest.guest_id for guest, _ in guests]
        known = set(connection.scalars(_NAMED_OR_FORGOTTEN, {"ids": ids}))
        rows = [
            {
                "guest_id": guest.guest_id,
                "source": guest.source,
                "sealed_name": self._names.seal(guest.display_name.encode()),
                "first_seen_at": seen_at,
            }
            for guest, seen_at in guests
            if guest.guest_id not in known
        ]
        if rows:
            connection.execute(_insert_if_new(connection, GUESTS), rows)


# Made once, as all statements of the way of a delivery: SQLAlchemy takes longer to make one than SQLite to run it.
_CLAIMS_OF: Final = (
    sa.select(CLAIMS.c.source, CLAIMS.c.room_key, EVENTS.c.event_id, EVENTS.c.starts_at, EVENTS.c.ends_at)
    .join(EVENTS, EVENTS.c.event_id == CLAIMS.c.event_id)
    .where(CLAIMS.c.room_key.in_(sa.bindparam("keys", expanding=True)), sa.not_(EVENTS.c.cancelled))
)
_NAMED_OR_FORGOTTEN: Final = sa.union(
    *(
        sa.select(table.c.guest_id).where(table.c.guest_id.in_(sa.bindparam("ids", expanding=True)))
        for table in (GUESTS, FORGOTTEN_GUESTS)
    )
)
_KNOWN: Final = sa.select(DELIVERIES.c.fact_id).where(DELIVERIES.c.fact_id.in_(sa.bindparam("ids", expanding=True)))


def claims_of(connection: Connection, rooms: set[RoomOfSource]) -> dict[RoomOfSource, list[Claim]]:
    """The claims on some rooms; rooms without any are absent."""
    found: dict[RoomOfSource, list[Claim]] = {}
    if not rooms:
        return found
    for row in connection.execute(_CLAIMS_OF, {"keys": sorted({room for _, room in rooms})}):
        if (row.source, row.room_key) in rooms:
            found.setdefault((row.source, row.room_key), []).append(
                Claim(
                    event_id=row.event_id,
                    source=row.source,
                    room=row.room_key,
                    starts_at=row.starts_at,
                    ends_at=row.ends_at,
                )
            )
    return found


def place(finding: Finding) -> RoomOfSource:
    """What a finding's room is claimed by."""
    return finding.source, finding.room_key


def _known(connection: Connection, arrivals: Sequence[Arrival]) -> set[str]:
    ids = [arrival.fact_id for arrival in arrivals]
    return set(connection.scalars(_KNOWN, {"ids": ids}))


async def _waiting_rooms(connection: AsyncConnection) -> list[RoomOfSource]:
    """The claimed rooms for which something is kept."""
    query = (
        sa.select(DELIVERIES.c.source, DELIVERIES.c.room_key)
        .where(DELIVERIES.c.state == Outcome.UNCLAIMED)
        .join(CLAIMS, sa.and_(CLAIMS.c.source == DELIVERIES.c.source, CLAIMS.c.room_key == DELIVERIES.c.room_key))
        .distinct()
    )
    return [(row.source, row.room_key) for row in await connection.execute(query)]


async def _unclaimed(connection: AsyncConnection, room: RoomOfSource) -> Sequence[sa.Row[Any]]:
    source, key = room
    query = (
        sa.select(DELIVERIES)
        .where(DELIVERIES.c.state == Outcome.UNCLAIMED, DELIVERIES.c.source == source, DELIVERIES.c.room_key == key)
        .order_by(DELIVERIES.c.position)
        .limit(_CHUNK)
    )
    return (await connection.execute(query)).all()


def _claimed(arrival: Arrival, claims: dict[RoomOfSource, list[Claim]]) -> Claim | None:
    if arrival.finding is None:
        return None
    return choose(claims.get(place(arrival.finding), ()), arrival.finding.time)


def _published(arrival: Arrival, claim: Claim | None) -> OutboxRecord | None:
    if arrival.finding is not None and claim is not None:
        return _record(arrival.finding, claim.event_id, arrival.received_at)
    return arrival.dead_letter


def _record(finding: Finding, event_id: str, recorded_at: datetime) -> OutboxRecord:
    fact = fact_of(finding, event_id=event_id, recorded_at=recorded_at)
    return OutboxRecord(topic=PARTICIPATION.name, key=event_id.encode(), value=fact.to_bytes(), headers=_HEADERS)


_HEADERS: Final = {name: value.decode() for name, value in record_headers()}


def _row(arrival: Arrival, claim: Claim | None) -> dict[str, object]:
    finding = arrival.finding
    return {
        "fact_id": arrival.fact_id,
        "source": arrival.source,
        "source_uri": arrival.source_uri,
        "state": arrival.outcome if claim is None else Outcome.ACCEPTED,
        "event_id": claim and claim.event_id,
        "received_at": arrival.received_at,
        "kind": finding.kind if finding else arrival.ignored_type,
        "room_key": finding and finding.room_key,
        "room_name": finding and finding.room.name,
        "room": finding and finding.room.key,
        "room_session": finding and finding.room.session,
        "happened_at": finding and finding.time,
        "subject": finding and finding.subject,
        "connection": finding and finding.connection,
        "joined_at": finding and finding.joined_at,
    }


def _finding(row: sa.Row[Any]) -> Finding:
    return Finding(
        fact_id=row.fact_id,
        source=row.source,
        source_uri=row.source_uri,
        kind=Kind(row.kind),
        room_key=row.room_key,
        room=Room(name=row.room_name, key=row.room, session=row.room_session),
        time=row.happened_at,
        subject=row.subject,
        connection=row.connection,
        joined_at=row.joined_at,
    )


def _insert_if_new(connection: Connection, table: sa.Table) -> sa.Insert:
    """Another process may have stored the same in the meantime: the first one counts."""
    return _INSERTS[connection.dialect.name, table.name]


_INSERTS: Final = {
    (dialect, table.name): insert(table).on_conflict_do_nothing(index_elements=[key])
    for dialect, insert in (("postgresql", postgresql.insert), ("sqlite", sqlite.insert))
    for table, key in ((DELIVERIES, "fact_id"), (GUESTS, "guest_id"))
}
