"""Erasing a person from the SQL store, and the record of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.identifiers import fact_id
from services.chassis.clock import Clock
from services.chassis.scrubbing import owe
from services.chassis.secrets import SecretBox
from services.chassis.stored_replies import forget
from services.registration.adapters.eligibility_tables import CONTESTS
from services.registration.adapters.erasure_tables import ERASURES, SCRUBS
from services.registration.adapters.import_store import SqlImportWriting
from services.registration.adapters.import_tables import IMPORTED_LINES
from services.registration.adapters.sheet_tables import SIGNATURES
from services.registration.adapters.shop_tables import SHOP_TICKETS
from services.registration.adapters.tables import (
    ANSWERS_TO_QUESTIONS,
    CONSENTS,
    GUEST_LINKS,
    IDEMPOTENCY,
    NEEDS,
    PEOPLE,
    REGISTRATIONS,
    SCANS,
)
from services.registration.domain.erasures import Erased, Erasure
from services.registration.domain.facts import PersonErased
from services.registration.domain.ticket_shops import Fate

_ABOUT_PEOPLE: Final = (
    (Erased.IDENTITY, PEOPLE),
    (Erased.NEEDS, NEEDS),
    (Erased.CONSENTS, CONSENTS),
    (Erased.ANSWERS_TO_QUESTIONS, ANSWERS_TO_QUESTIONS),
    (Erased.SIGNATURES, SIGNATURES),
    (Erased.CONTESTS, CONTESTS),
)


class SqlErasureReading:
    """A view of erasures through one connection; implements the port `ErasureReading`."""

    _connection: AsyncConnection

    async def erasure(self, participant_id: str) -> Erasure | None:
        """See the port."""
        row = (
            await self._connection.execute(select(ERASURES).where(ERASURES.c.participant_id == participant_id))
        ).one_or_none()
        if row is None:
            return None
        deleted = {Erased(kind): number for kind, number in row.deleted.items()}
        return Erasure(event_id=row.event_id, participant_id=row.participant_id, at=row.at, deleted=deleted)


class SqlErasing(SqlErasureReading, SqlImportWriting):
    """The deletion, in a transaction."""

    _clock: Clock
    _answers: SecretBox

    async def _delete_person(self, participant_id: str) -> PersonErased | None:
        """Delete, and record it; gives what is to be told of it, None if it was done before."""
        mine = REGISTRATIONS.c.participant_id == participant_id
        event_id: str | None = await self._connection.scalar(select(REGISTRATIONS.c.event_id).where(mine))
        if event_id is None or await self.erasure(participant_id) is not None:
            return None
        now = self._clock()
        email = await self._connection.scalar(select(PEOPLE.c.email).where(PEOPLE.c.participant_id == participant_id))
        deleted = {kind: await self._delete_rows(table, participant_id) for kind, table in _ABOUT_PEOPLE}
        deleted |= await self._leave_out(event_id, participant_id, email or "")
        await self._unname_scans(participant_id)
        answers = await forget(self._connection, IDEMPOTENCY, self._answers, mentions=participant_id, now=now)
        guests = await self._guests_of(event_id, participant_id)
        deleted |= {Erased.ANSWERS: answers, Erased.GUEST_NAMES: len(guests)}
        record: dict[str, Any] = {"participant_id": participant_id, "event_id": event_id, "at": now}
        record["deleted"] = {kind.value: number for kind, number in deleted.items() if number}
        await self._connection.execute(insert(ERASURES).values(record))
        await owe(self._connection, SCRUBS, now=now)
        return erased(event_id, participant_id, guests, now)

    async def _delete_rows(self, table: Table, participant_id: str) -> int:
        gone = await self._connection.execute(delete(table).where(table.c.participant_id == participant_id))
        return gone.rowcount

    async def _leave_out(self, event_id: str, participant_id: str, email: str) -> dict[Erased, int]:
        """Delete what files and shops said of them; of both stays a keyed digest, so that neither brings them back."""
        mine = IMPORTED_LINES.c.participant_id == participant_id
        keys = (await self._connection.scalars(select(IMPORTED_LINES.c.key).where(mine))).all()
        await self._connection.execute(update(IMPORTED_LINES).where(mine).values(said={}))
        bought = (SHOP_TICKETS.c.event_id == event_id, SHOP_TICKETS.c.key.in_(keys))
        nameless = {"order_id": "", "position_id": "", "fate": Fate.ERASED.value}
        orders = (await self._connection.execute(update(SHOP_TICKETS).where(*bought).values(nameless))).rowcount
        await self.forget_imports(event_id)
        await self.leave_out_of_imports(event_id, email=email, keys=keys)
        return {Erased.IMPORTED_LINES: len(keys), Erased.ORDERS: orders}

    async def _unname_scans(self, participant_id: str) -> None:
        """Their scans stay, without what desks typed in by hand, but for the names of doors."""
        mine = SCANS.c.participant_id == participant_id
        await self._connection.execute(update(SCANS).where(mine, SCANS.c.device.is_not(None)).values(device=None))
        await self._connection.execute(update(SCANS).where(mine, SCANS.c.gate.contains("@")).values(gate=None))

    async def _guests_of(self, event_id: str, participant_id: str) -> Sequence[str]:
        links = GUEST_LINKS.c
        mine = (links.event_id == event_id, links.participant_id == participant_id)
        return (await self._connection.scalars(select(links.guest_id).where(*mine).order_by(links.guest_id))).all()


def erased(event_id: str, participant_id: str, guests: Sequence[str], now: datetime) -> PersonErased:
    """What is told of an erasure."""
    return PersonErased(
        fact_id=fact_id("person erased", participant_id, now.isoformat(), *guests),
        event_id=event_id,
        participant_id=participant_id,
        guests=tuple(guests),
        at=now,
    )
