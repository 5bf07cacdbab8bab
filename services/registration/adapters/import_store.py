"""Imports in the SQL store."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.import_tables import IMPORTED_LINES, IMPORTS
from services.registration.adapters.tables import PEOPLE, REGISTRATIONS
from services.registration.domain.errors import ImportNotFoundError
from services.registration.domain.imports import (
    Import,
    ImportContent,
    ImportLine,
    ImportState,
    Judgement,
    KnownParticipant,
    Refusal,
    without,
)
from services.registration.domain.registrations import Person
from services.registration.domain.seats import SeatStatus

_HELD: Final = (IMPORTS.c.content.is_not(None), IMPORTS.c.state != ImportState.RUNNING.value)
_CONTENT: Final = TypeAdapter(ImportContent)


class SqlImportReading:
    """A view of imports through one connection; implements the port `ImportReading`."""

    _connection: AsyncConnection

    async def imported(self, event_id: str, import_id: str) -> Import:
        """See the port."""
        query = select(IMPORTS).where(IMPORTS.c.event_id == event_id, IMPORTS.c.import_id == import_id)
        row = (await self._connection.execute(query)).first()
        if row is None:
            raise ImportNotFoundError(import_id)
        return Import(
            import_id=row.import_id,
            event_id=row.event_id,
            actor=row.actor,
            state=ImportState(row.state),
            brought_at=row.brought_at,
            total=row.total,
            done=row.done,
            counts={Judgement(name): number for name, number in row.counts.items()},
            refused={int(number): Refusal(why) for number, why in row.refused.items()},
        )

    async def import_content(self, import_id: str) -> ImportContent:
        """See the port."""
        kept = await self._connection.scalar(select(IMPORTS.c.content).where(IMPORTS.c.import_id == import_id))
        if kept is None:
            raise ImportNotFoundError(import_id)
        return _CONTENT.validate_json(kept)

    async def import_size(self, import_id: str) -> int | None:
        """See the port."""
        query = select(func.length(IMPORTS.c.content)).where(IMPORTS.c.import_id == import_id)
        size: int | None = await self._connection.scalar(query)
        return size

    async def running_imports(self) -> Sequence[tuple[str, str]]:
        """See the port."""
        running = IMPORTS.c.state == ImportState.RUNNING.value
        query = select(IMPORTS.c.event_id, IMPORTS.c.import_id).where(running).order_by(IMPORTS.c.brought_at)
        return [(row.event_id, row.import_id) for row in await self._connection.execute(query)]

    async def keeps_imports(self, *, before: datetime) -> bool:
        """See the port."""
        return bool(await self._connection.scalar(select(exists().where(*_HELD, IMPORTS.c.brought_at < before))))

    async def known_lines(self, event_id: str, lines: Sequence[ImportLine]) -> Sequence[KnownParticipant]:
        """See the port."""
        seats, told = REGISTRATIONS.c, IMPORTED_LINES.c
        keys = {key for line in lines for key in (line.key, line.name_key) if key is not None}
        addresses = [line.person.email.lower() for line in lines if line.person.email]
        query: Select[Any] = (
            select(
                seats.participant_id,
                seats.status,
                PEOPLE.c.name,
                PEOPLE.c.email,
                PEOPLE.c.language,
                told.key,
                told.by_id,
                told.said,
            )
            .outerjoin(PEOPLE, PEOPLE.c.participant_id == seats.participant_id)
            .outerjoin(IMPORTED_LINES, told.participant_id == seats.participant_id)
            .where(seats.event_id == event_id, or_(told.key.in_(keys), func.lower(PEOPLE.c.email).in_(addresses)))
            .order_by(seats.created_at, seats.participant_id)
        )
        return [_known(row) for row in await self._connection.execute(query)]

    async def confirmed_by_line(self, event_id: str, key: str) -> str | None:
        """See the port."""
        told, seats = IMPORTED_LINES.c, REGISTRATIONS.c
        query = (
            select(told.participant_id)
            .join(REGISTRATIONS, seats.participant_id == told.participant_id)
            .join(PEOPLE, PEOPLE.c.participant_id == told.participant_id)
            .where(told.event_id == event_id, told.key == key, told.by_id, seats.status == SeatStatus.CONFIRMED.value)
        )
        found: str | None = await self._connection.scalar(query)
        return found


class SqlImportWriting(SqlImportReading):
    """A transaction on them; implements the port `ImportWriting`."""

    async def save_import(self, changed: Import, content: ImportContent | None = None) -> None:
        """See the port."""
        values: dict[str, Any] = {
            "state": changed.state.value,
            "total": changed.total,
            "done": changed.done,
            "counts": dict(changed.counts),
            "refused": {str(number): why.value for number, why in changed.refused.items()},
        }
        if content is not None:
            values["content"] = _CONTENT.dump_json(content).decode()
        mine = IMPORTS.c.import_id == changed.import_id
        if (await self._connection.execute(update(IMPORTS).where(mine).values(values))).rowcount:
            return
        keys = {"import_id": changed.import_id, "event_id": changed.event_id, "actor": changed.actor}
        await self._connection.execute(insert(IMPORTS).values(brought_at=changed.brought_at, **keys, **values))

    async def remember_line(self, event_id: str, line: ImportLine, participant_id: str) -> None:
        """See the port."""
        told = IMPORTED_LINES.c
        values = {"participant_id": participant_id, "by_id": line.by_id, "said": dict(line.said)}
        mine = (told.event_id == event_id, told.key == line.key)
        if not (await self._connection.execute(update(IMPORTED_LINES).where(*mine).values(values))).rowcount:
            await self._connection.execute(insert(IMPORTED_LINES).values(event_id=event_id, key=line.key, **values))

    async def leave_out_of_imports(self, event_id: str, *, email: str, keys: Collection[str]) -> None:
        """See the port."""
        for of_event, import_id in await self.running_imports():
            if of_event == event_id:
                stands, content = await self.imported(event_id, import_id), await self.import_content(import_id)
                await self.save_import(*without(stands, content, email=email, keys=keys))

    async def forget_imports(self, event_id: str | None = None, *, before: datetime | None = None) -> None:
        """See the port."""
        old = update(IMPORTS).where(*_HELD).values(content=None)
        if event_id is not None:
            old = old.where(IMPORTS.c.event_id == event_id)
        if before is not None:
            old = old.where(IMPORTS.c.brought_at < before)
        await self._connection.execute(old)


def _known(row: Row[Any]) -> KnownParticipant:
    return KnownParticipant(
        participant_id=row.participant_id,
        status=SeatStatus(row.status),
        person=None if row.name is None else Person(name=row.name, email=row.email, language=row.language),
        key=row.key,
        by_id=bool(row.by_id),
        said=row.said or {},
    )
