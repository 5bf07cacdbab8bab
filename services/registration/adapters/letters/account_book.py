"""The SQL book of letters to accounts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, desc, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.registration.adapters.account_reading import emailed_link_from
from services.registration.adapters.account_tables import ACCOUNT_LETTERS
from services.registration.application.account_letters import StoredAccountLetter
from services.registration.domain.letters import LetterState

_COLUMNS = ACCOUNT_LETTERS.c


class SqlAccountLetterBook:
    """The table of letters to accounts; implements the port `AccountLetterBook`."""

    def __init__(self, *, writer: AsyncEngine, reader: AsyncEngine) -> None:
        """Looking for due letters only reads."""
        self._writer = writer
        self._reader = reader

    async def take_due(self, now: datetime, *, until: datetime, limit: int) -> Sequence[StoredAccountLetter]:
        """See the port."""
        due = select(ACCOUNT_LETTERS).where(_COLUMNS.due_at <= now).order_by(_COLUMNS.number).limit(limit)
        found = await self._read(due)
        if not found:
            return []
        taken = []
        async with self._writer.begin() as connection:
            for stored in found:
                # Another process may have been here since: whoever moves the instant has the letter.
                mine = (_COLUMNS.number == stored.number, _COLUMNS.due_at == stored.due_at)
                changed = await connection.execute(update(ACCOUNT_LETTERS).where(*mine).values(due_at=until))
                if changed.rowcount:
                    taken.append(stored)
        return taken

    async def settle(self, letters: Sequence[StoredAccountLetter]) -> None:
        """See the port."""
        if not letters:
            return
        async with self._writer.begin() as connection:
            for stored in letters:
                values = {
                    "state": stored.state.value,
                    "attempts": stored.attempts,
                    "due_at": stored.due_at,
                    "reason": stored.reason,
                }
                await connection.execute(update(ACCOUNT_LETTERS).where(_COLUMNS.number == stored.number).values(values))

    async def page(self, *, before: int | None, limit: int) -> Sequence[StoredAccountLetter]:
        """See the port."""
        query = select(ACCOUNT_LETTERS).order_by(desc(_COLUMNS.number)).limit(limit)
        return await self._read(query if before is None else query.where(_COLUMNS.number < before))

    async def find(self, number: int) -> StoredAccountLetter | None:
        """See the port."""
        found = await self._read(select(ACCOUNT_LETTERS).where(_COLUMNS.number == number))
        return found[0] if found else None

    async def _read(self, query: Select[Any]) -> list[StoredAccountLetter]:
        async with self._reader.connect() as connection:
            return [_letter_from(row) for row in await connection.execute(query)]


def _letter_from(row: Row[Any]) -> StoredAccountLetter:
    return StoredAccountLetter(
        number=row.number,
        link=emailed_link_from(row),
        state=LetterState(row.state),
        written_at=row.written_at,
        attempts=row.attempts,
        due_at=row.due_at,
        reason=row.reason,
    )
