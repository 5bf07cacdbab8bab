"""The ledger of retention in SQL: one run at a time, over all processes, and what each did."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import JSON, Column, MetaData, String, Table, desc, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.database import RowNumber, UtcInstant

LEASE: Final = timedelta(minutes=1)
"""A run that is not heard of for so long is taken for dead."""

Note = Callable[[AsyncConnection, Mapping[str, int]], Awaitable[None]]
"""Writes down, in the transaction that ends a run, how many rows went for each purpose."""


class RetentionUnderWayError(Exception):
    """Another run is under way; `until` is when it is taken for dead if nothing is heard of it."""

    def __init__(self, until: datetime) -> None:
        """Keep when it may be tried again."""
        super().__init__(f"retention is being applied already, by another process (at the latest until {until})")
        self.until = until


class RetentionTakenOverError(Exception):
    """A run stood still for so long that another one was begun."""


class RunState(StrEnum):
    """Where a run is; one that is `running` and is not heard of is `interrupted`, and the next one says so.

    The first row may be `waiting`: no run, but since when the first one waits.
    """

    RUNNING = "running"
    DONE = "done"
    INTERRUPTED = "interrupted"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run: `heard_at` is its last sign of life, `counts` are rows by purpose.

    Of one that was interrupted, the counts may lack its last few rows.
    """

    state: RunState
    started_at: datetime
    heard_at: datetime
    counts: Mapping[str, int]


def retention_runs_table(metadata: MetaData) -> Table:
    """Declare the table; its migration is the service's."""
    return Table(
        "retention_runs",
        metadata,
        Column("number", RowNumber, primary_key=True, autoincrement=True),
        Column("state", String(20), nullable=False),
        Column("started_at", UtcInstant, nullable=False),
        Column("heard_at", UtcInstant, nullable=False),
        Column("counts", JSON, nullable=False),
    )


async def _note_nowhere(_connection: AsyncConnection, _counts: Mapping[str, int]) -> None:
    """Write it down nowhere else."""


class SqlRetentionLedger:
    """The table of runs; implements the port `Ledger`."""

    def __init__(self, engine: AsyncEngine, table: Table, *, note: Note = _note_nowhere) -> None:
        """`note` is called once for each run, also for one that was killed: then by the next."""
        self._engine = engine
        self._table = table
        self._note = note

    async def begin(self, now: datetime) -> int:
        """See the port."""
        columns = self._table.c
        async with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text(f'LOCK TABLE "{self._table.name}" IN SHARE ROW EXCLUSIVE MODE'))
            running = select(self._table).where(columns.state == RunState.RUNNING.value)
            for row in (await connection.execute(running)).all():
                if row.heard_at + LEASE > now:
                    raise RetentionUnderWayError(row.heard_at + LEASE)
                await self._change(connection, row.number, state=RunState.INTERRUPTED.value)
                await self._note(connection, row.counts)
            values = {"state": RunState.RUNNING.value, "started_at": now, "heard_at": now, "counts": {}}
            made = await connection.execute(insert(self._table).values(values).returning(columns.number))
            return int(made.scalar_one())

    async def go_on(self, number: int, counts: Mapping[str, int], now: datetime) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await self._change(connection, number, heard_at=now, counts=dict(counts))

    async def finish(self, number: int, counts: Mapping[str, int], now: datetime) -> None:
        """See the port."""
        async with self._engine.begin() as connection:
            await self._change(connection, number, heard_at=now, counts=dict(counts), state=RunState.DONE.value)
            await self._note(connection, counts)

    async def is_owed(self, since: datetime, *, now: datetime) -> bool:
        """Whether no run that began since an instant is at its end, or may be under way."""
        for run in await self.last(2):
            alive = run.state is RunState.RUNNING and run.heard_at + LEASE > now
            if alive or (run.state is RunState.DONE and run.started_at >= since):
                return False
        return True

    async def first_began(self, now: datetime) -> datetime:
        """Since when there are runs, or the first one waits; if neither, it waits from now on."""
        began = select(func.min(self._table.c.started_at))
        async with self._engine.begin() as connection:
            first: datetime | None = await connection.scalar(began)
            if first is None:
                values = {"state": RunState.WAITING.value, "started_at": now, "heard_at": now, "counts": {}}
                await connection.execute(insert(self._table).values(values))
        return first or now

    async def last(self, limit: int) -> Sequence[Run]:
        """The last runs, the latest first."""
        ran = self._table.c.state != RunState.WAITING.value
        query = select(self._table).where(ran).order_by(desc(self._table.c.number)).limit(limit)
        async with self._engine.connect() as connection:
            return [
                Run(
                    state=RunState(row.state), started_at=row.started_at, heard_at=row.heard_at, counts=dict(row.counts)
                )
                for row in await connection.execute(query)
            ]

    async def _change(self, connection: AsyncConnection, number: int, **values: object) -> None:
        mine = (self._table.c.number == number, self._table.c.state == RunState.RUNNING.value)
        if not (await connection.execute(update(self._table).where(*mine).values(values))).rowcount:
            raise RetentionTakenOverError
