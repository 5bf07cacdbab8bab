"""By what guests may be recognised, sealed, and at which events that is still to be asked."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.scrubbing import owe
from services.chassis.secrets import BrokenSealError, SecretBox
from services.streaming_bridge.adapters.storage import insert_if_new, reading, storing
from services.streaming_bridge.adapters.tables import FORGOTTEN_GUESTS, GUEST_IDENTITIES, GUEST_QUESTIONS, SCRUBS
from services.streaming_bridge.application.recognition import OpenQuestion
from services.streaming_bridge.domain.recognition import GuestIdentity

Told = tuple[GuestIdentity, datetime, str | None]
"""By what a guest may be recognised, when it came, and at which event they are, if that is known."""


class SealedIdentities:
    """What is written of them in the transactions of the inbox."""

    def __init__(self, box: SecretBox) -> None:
        """`box` is the one that seals names too."""
        self._box = box

    def keep(self, connection: Connection, told: Sequence[Told]) -> None:
        """Keep what was told first of each guest, unless they are to be forgotten, and ask at their events."""
        if not told:
            return
        ids = [identity.guest_id for identity, _, _ in told]
        known = set(connection.scalars(_KNOWN, {"ids": ids}))
        forgotten = set(connection.scalars(_FORGOTTEN, {"ids": ids}))
        first = {identity.guest_id: (identity, seen_at) for identity, seen_at, _ in reversed(told)}
        rows = [
            {"guest_id": guest_id, "sealed_identity": self._sealed(identity), "first_seen_at": seen_at}
            for guest_id, (identity, seen_at) in first.items()
            if guest_id not in known | forgotten
        ]
        if rows:
            connection.execute(insert_if_new(connection, GUEST_IDENTITIES), rows)
        asked = {
            (event_id, identity.guest_id): seen_at
            for identity, seen_at, event_id in reversed(told)
            if event_id is not None and identity.guest_id not in forgotten
        }
        _ask(connection, [(*place, seen_at) for place, seen_at in asked.items()])

    def open(self, sealed: bytes, guest_id: str) -> GuestIdentity | None:
        """What was sealed; None if the installation's key was changed since."""
        try:
            told = json.loads(self._box.open(sealed))
        except BrokenSealError:
            return None
        return GuestIdentity(guest_id=guest_id, registrant_id=told["registrant_id"], email=told["email"])

    def _sealed(self, identity: GuestIdentity) -> bytes:
        told = {"registrant_id": identity.registrant_id, "email": identity.email}
        return self._box.seal(json.dumps(told).encode())


async def ask_of_claimed(
    connection: AsyncConnection, guests: Iterable[tuple[str, str | None]], *, now: datetime
) -> None:
    """Ask of guests, given as (event, guest), whose deliveries belong to an event by now, if there is something to ask.

    In the caller's transaction.
    """
    wanted = {guest_id for _, guest_id in guests if guest_id is not None}
    if wanted:
        known = set(await connection.scalars(_KNOWN, {"ids": sorted(wanted)}))
        asked = dict.fromkeys((event_id, guest_id) for event_id, guest_id in guests if guest_id in known)
        await connection.run_sync(_ask, [(event_id, str(guest_id), now) for event_id, guest_id in asked])


async def forget_identities(connection: AsyncConnection, *, seen_before: datetime) -> int:
    """Delete what is kept for too long, settled at every event, or of who is to be forgotten; how many there were.

    In the caller's transaction.
    """
    known, questions = GUEST_IDENTITIES.c, GUEST_QUESTIONS.c
    settled = sa.select(questions.guest_id).group_by(questions.guest_id).having(sa.func.count(questions.due_at) == 0)
    # With PostgreSQL something can be stored while its guest is forgotten, unseen by each other.
    late = sa.select(FORGOTTEN_GUESTS.c.guest_id)
    over = sa.or_(known.first_seen_at < seen_before, known.guest_id.in_(settled), known.guest_id.in_(late))
    gone = await connection.execute(sa.delete(GUEST_IDENTITIES).where(over))
    await connection.execute(sa.delete(GUEST_QUESTIONS).where(questions.made_at < seen_before))
    return int(gone.rowcount)


async def forget_identities_of(connection: AsyncConnection, guest_ids: Sequence[str]) -> None:
    """Delete what is known of some guests, in the caller's transaction."""
    for table in (GUEST_IDENTITIES, GUEST_QUESTIONS):
        await connection.execute(sa.delete(table).where(table.c.guest_id.in_(guest_ids)))


async def forget_open_identities_of(connection: AsyncConnection, event_id: str, *, now: datetime) -> None:
    """Delete what is known of the guests of an event of whom it is open who they are, in the caller's transaction.

    One of them may be somebody who was erased. Who joins again is asked about again.
    """
    questions = GUEST_QUESTIONS.c
    still_open = sa.select(questions.guest_id).where(questions.event_id == event_id, questions.due_at.is_not(None))
    guest_ids = list(await connection.scalars(still_open))
    if guest_ids:
        await forget_identities_of(connection, guest_ids)
        await owe(connection, SCRUBS, now=now)


class SqlQuestions:
    """The questions; implements the port `Questions`."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine, *, names: SecretBox) -> None:
        """`names` opens what the inbox sealed."""
        self._engine = engine
        self._readers = readers
        self._identities = SealedIdentities(names)

    async def due(self, now: datetime, *, limit: int) -> Sequence[OpenQuestion]:
        """See the port."""
        query = (
            sa.select(GUEST_QUESTIONS, GUEST_IDENTITIES.c.sealed_identity)
            .join(GUEST_IDENTITIES, GUEST_IDENTITIES.c.guest_id == GUEST_QUESTIONS.c.guest_id)
            .where(GUEST_QUESTIONS.c.due_at <= now)
            .order_by(GUEST_QUESTIONS.c.due_at, GUEST_QUESTIONS.c.guest_id)
            .limit(limit)
        )
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        opened = [(row, self._identities.open(row.sealed_identity, row.guest_id)) for row in rows]
        lost = [row for row, identity in opened if identity is None]
        for row in lost:
            await self.settle(row.event_id, [row.guest_id])
        return [
            OpenQuestion(event_id=row.event_id, identity=identity, asked=row.asked)
            for row, identity in opened
            if identity is not None
        ]

    async def settle(self, event_id: str, guest_ids: Sequence[str]) -> None:
        """See the port."""
        if guest_ids:
            await self._change(event_id, guest_ids, due_at=None)

    async def postpone(self, event_id: str, guest_id: str, *, until: datetime, asked: int) -> None:
        """See the port."""
        await self._change(event_id, [guest_id], due_at=until, asked=asked)

    async def _change(self, event_id: str, guest_ids: Sequence[str], **values: Any) -> None:  # noqa: ANN401  (columns)
        questions = GUEST_QUESTIONS.c
        mine = sa.and_(questions.event_id == event_id, questions.guest_id.in_(guest_ids))
        async with storing(self._engine) as connection:
            await connection.execute(sa.update(GUEST_QUESTIONS).where(mine).values(**values))


def _ask(connection: Connection, questions: Collection[tuple[str, str, datetime]]) -> None:
    rows = [
        {"event_id": event_id, "guest_id": guest_id, "made_at": now, "due_at": now, "asked": 0}
        for event_id, guest_id, now in questions
    ]
    if rows:
        connection.execute(insert_if_new(connection, GUEST_QUESTIONS), rows)


_KNOWN: Final = sa.select(GUEST_IDENTITIES.c.guest_id).where(
    GUEST_IDENTITIES.c.guest_id.in_(sa.bindparam("ids", expanding=True))
)
_FORGOTTEN: Final = sa.select(FORGOTTEN_GUESTS.c.guest_id).where(
    FORGOTTEN_GUESTS.c.guest_id.in_(sa.bindparam("ids", expanding=True))
)
