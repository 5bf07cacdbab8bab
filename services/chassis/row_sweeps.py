"""Sweeps of retention that delete rows of a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVarTuple

from sqlalchemy import ColumnElement, Select, Table, delete, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.clock import Clock
from services.chassis.retention import Due, Rule
from services.chassis.scrubbing import owe

_ROWS_AT_ONCE: Final = 500
"""So few that a door, which writes to the same file, waits for no longer than for another scan."""

Columns = TypeVarTuple("Columns")
Over = Callable[[datetime], Sequence[ColumnElement[bool]]]
"""The conditions on a row that is counted from before an instant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSweep:
    """Deletes rows of `table`, those that `over` is true of; implements the port `Sweep`.

    `since` is the instant from which a row's time is counted. `others` are tables that only the conditions are about,
    joined by them. With `scrubs`, what is deleted is taken out of the files of SQLite too.
    """

    rule: Rule
    engine: AsyncEngine
    clock: Clock
    table: Table
    over: Over
    since: ColumnElement[datetime]
    others: Sequence[Table] = ()
    scrubs: Table | None = None

    @property
    def kind(self) -> str:
        """See the port."""
        return self.table.name

    async def due(self, before: datetime) -> Due:
        """See the port."""
        query = self._from(select(func.count(), func.min(self.since)), before)
        async with self.engine.connect() as connection:
            rows, oldest = (await connection.execute(query)).one()
        return Due(rows=rows, oldest=oldest)

    async def forget_some(self, before: datetime) -> int:
        """See the port."""
        keys = list(self.table.primary_key.columns)
        some = self._from(select(*keys), before).limit(_ROWS_AT_ONCE)
        key = keys[0] if len(keys) == 1 else tuple_(*keys)
        async with self.engine.begin() as connection:
            found = (await connection.execute(some)).all()
            if not found:
                return 0
            values = [row[0] if len(keys) == 1 else tuple(row) for row in found]
            gone = await connection.execute(delete(self.table).where(key.in_(values)))
            if self.scrubs is not None:
                await owe(connection, self.scrubs, now=self.clock())
        return int(gone.rowcount)

    def _from(self, query: Select[*Columns], before: datetime) -> Select[*Columns]:
        return query.select_from(self.table, *self.others).where(*self.over(before))
