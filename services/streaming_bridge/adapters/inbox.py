"""The inbox in SQL: deliveries, each once, with the outbox rows of their facts in the same transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.claims import claims_of
from services.streaming_bridge.adapters.deliveries import Settled, finding_from, keep, tell
from services.streaming_bridge.adapters.given_up import RoomOfSource, told_events
from services.streaming_bridge.adapters.guests import keep_guests_of_events
from services.streaming_bridge.adapters.recognition import SealedIdentities, ask_of_claimed
from services.streaming_bridge.adapters.retelling import retold, with_own_events
from services.streaming_bridge.adapters.storage import insert_if_new, stored, storing
from services.streaming_bridge.adapters.tables import CLAIMS, DELIVERIES, FORGOTTEN_GUESTS, GUESTS
from services.streaming_bridge.adapters.unreadable import keep_unreadable
from services.streaming_bridge.application.arrivals import Arrival, Outcome
from services.streaming_bridge.application.room_names import DIGEST_LENGTH
from services.streaming_bridge.domain.claims import Claim, choose
from services.streaming_bridge.domain.observations import Finding, GuestName

_CHUNK: Final = 500


class SqlInbox:
    """Writes groups of deliveries, and publishes those that were kept once their room is claimed."""

    def __init__(self, engine: AsyncEngine, *, names: SecretBox, committed: Callable[[], None]) -> None:
        """`names` seals the names of guests and what they are known by; `committed`: there is something to publish."""
        self._engine = engine
        self._names = names
        self._identities = SealedIdentities(names)
        self.committed = committed

    async def write(self, arrivals: Sequence[Arrival]) -> Sequence[Outcome]:
        """Store the deliveries that are new, in one transaction, and say what became of each.

        Raises:
            StorageUnavailableError: if the database is away, full or busy; nothing is written then.
        """

        def work(connection: Connection) -> list[Settled]:
            known = _known(connection, arrivals)
            new = {arrival.fact_id: arrival for arrival in reversed(arrivals) if arrival.fact_id not in known}
            fresh = [arrival for arrival in arrivals if new.get(arrival.fact_id) is arrival]
            findings = [arrival.finding for arrival in fresh if arrival.finding is not None]
            claims = claims_of(connection, {place(finding) for finding in findings})
            followed = told_events(connection, findings)
            settled = [(arrival, followed.get(arrival.fact_id) or _claimed(arrival, claims)) for arrival in fresh]
            self._insert(connection, with_own_events(connection, settled))
            return settled

        settled = await stored(self._engine, work)
        self.committed()
        outcomes = {id(arrival): arrival.outcome if event is None else Outcome.ACCEPTED for arrival, event in settled}
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
                findings = [(row, finding_from(row)) for row in rows]
                followed = await connection.run_sync(told_events, [finding for _, finding in findings])
                chosen = [(row, finding, choose(claims[room], finding.time)) for row, finding in findings]
                settled = [
                    (row, finding, followed.get(finding.fact_id, claim.event_id))
                    for row, finding, claim in chosen
                    if claim is not None
                ]
                told = [(row, retold(finding, row, event_id), event_id) for row, finding, event_id in settled]
                await connection.run_sync(tell, told, now=now)
                guests = [(event_id, finding.subject) for _, finding, event_id in told]
                await ask_of_claimed(connection, guests, now=now)
                seen = [(subject, event_id) for event_id, subject in guests if subject is not None]
                await connection.run_sync(keep_guests_of_events, seen, now=now)
                published += len(told)
        return published

    async def sweep(self, *, now: datetime) -> int:
        """Publish what is kept for any room that is claimed by now; how many there were."""
        async with storing(self._engine) as connection:
            published = await self.publish_claimed(connection, now=now)
        if published:
            self.committed()
        return published

    async def unclaimed(self) -> tuple[int, datetime | None]:
        """How many deliveries are kept for unclaimed rooms, and when the oldest came."""
        query = sa.select(sa.func.count(), sa.func.min(DELIVERIES.c.received_at)).where(
            DELIVERIES.c.state == Outcome.UNCLAIMED
        )
        async with storing(self._engine) as connection:
            count, oldest = (await connection.execute(query)).one()
        return count, oldest

    def _insert(self, connection: Connection, settled: Sequence[Settled]) -> None:
        keep(connection, settled)
        guests = {a.guest.guest_id: (a.guest, a.received_at) for a, _ in reversed(settled) if a.guest is not None}
        self._keep_names(connection, list(guests.values()))
        seen = [(a.guest.guest_id, event_id) for a, event_id in settled if a.guest is not None and event_id is not None]
        if seen:
            keep_guests_of_events(connection, seen, now=settled[0][0].received_at)
        told = [(a.identity, a.received_at, event_id) for a, event_id in settled if a.identity is not None]
        self._identities.keep(connection, told)
        keep_unreadable(connection, [arrival for arrival, _ in settled])

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
            connection.execute(insert_if_new(connection, GUESTS), rows)


# Made once, as all statements of the way of a delivery: SQLAlchemy takes longer to make one than SQLite to run it.
_NAMED_OR_FORGOTTEN: Final = sa.union(
    *(
        sa.select(table.c.guest_id).where(table.c.guest_id.in_(sa.bindparam("ids", expanding=True)))
        for table in (GUESTS, FORGOTTEN_GUESTS)
    )
)
_KNOWN: Final = sa.select(DELIVERIES.c.fact_id).where(DELIVERIES.c.fact_id.in_(sa.bindparam("ids", expanding=True)))


def place(finding: Finding) -> RoomOfSource:
    """What a finding's room is claimed by."""
    return finding.source, finding.room_key


def _known(connection: Connection, arrivals: Sequence[Arrival]) -> set[str]:
    ids = [arrival.fact_id for arrival in arrivals]
    return set(connection.scalars(_KNOWN, {"ids": ids}))


async def _waiting_rooms(connection: AsyncConnection) -> list[RoomOfSource]:
    """The claimed rooms for which something is kept; and those that may be meant by a digest."""
    meant = sa.func.length(DELIVERIES.c.room_key) == DIGEST_LENGTH
    same_name = sa.or_(CLAIMS.c.room_key == DELIVERIES.c.room_key, meant)
    query = (
        sa.select(DELIVERIES.c.source, DELIVERIES.c.room_key)
        .where(DELIVERIES.c.state == Outcome.UNCLAIMED)
        .join(CLAIMS, sa.and_(CLAIMS.c.source == DELIVERIES.c.source, same_name))
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


def _claimed(arrival: Arrival, claims: dict[RoomOfSource, list[Claim]]) -> str | None:
    if arrival.finding is None or arrival.event_id is not None:
        return arrival.event_id
    claim = choose(claims.get(place(arrival.finding), ()), arrival.finding.time)
    return None if claim is None else claim.event_id
