"""What was deleted is gone from the files of SQLite too: from the write-ahead log, and from between the rows.

`secure_delete` overwrites a deleted row. But the log of writes still holds its pages until it is emptied, and where
SQLite moved rows from page to page, copies stay in the gaps until the file is written anew (VACUUM). Whoever deletes
what is known of somebody owes that, in the transaction of the deletion, so that a crash in between forgets nothing:

    await owe(connection, SCRUBS, now=clock())

PostgreSQL does it by itself, by and by (autovacuum); a dump holds nothing that was deleted.
"""

import sqlite3
from datetime import datetime, timedelta
from typing import Final, cast

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.clock import Clock
from services.chassis.database import BUSY_TIMEOUT_MS, RowNumber, UtcInstant
from services.chassis.transactions import ThreadConnection, in_transaction

AT_MOST: Final = 16 * 1024 * 1024
"""Larger files, in bytes, are written anew at night only: writers wait for seconds then."""
NIGHT: Final = range(1, 4)
"""The hours (UTC) in which few events take place where most of ours do."""
SETTLED: Final = timedelta(seconds=10)
"""Many deletions, one after the other, are scrubbed together: when none has come for this long."""
AT_LATEST: Final = timedelta(minutes=10)
"""Though deletions go on and on."""
_PATIENCE_MS: Final = 200

log = structlog.stdlib.get_logger(__name__)


def scrubs_table(metadata: sa.MetaData) -> sa.Table:
    """Declare the table; its migration is the service's."""
    return sa.Table(
        "scrubs",
        metadata,
        sa.Column("number", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("owed_at", UtcInstant, nullable=False),
    )


async def owe(connection: AsyncConnection, table: sa.Table, *, now: datetime) -> None:
    """Have what this transaction deletes scrubbed out of the files after its commit."""
    await connection.execute(sa.insert(table).values(owed_at=now))


class Scrubbing:
    """Does what is owed. One writer at a time, as everything that writes to SQLite."""

    def __init__(self, engine: AsyncEngine, table: sa.Table, clock: Clock, *, at_most: int = AT_MOST) -> None:
        """`engine` is the one that writes; files of more than `at_most` bytes wait for the night."""
        self._engine = engine
        self._table = table
        self._clock = clock
        self._at_most = at_most
        # The last debt that each half was done for: neither is done again because the other has to wait.
        self._written_anew = self._emptied = 0
        self._trouble: str | None = None

    async def scrub_owed(self, *, settled: timedelta = timedelta(0)) -> int:
        """Scrub if it is owed, for so long at least; gives how many deletions are done with now.

        A file that is too large by day, or that somebody reads from all the time, stays owed; its log of writes is
        emptied if nobody reads.
        """
        numbers, instants = self._table.c.number, self._table.c.owed_at
        query = sa.select(sa.func.max(numbers), sa.func.min(instants), sa.func.max(instants))
        owed, first, last = await in_transaction(self._engine, lambda ours: ours.execute(query).one())
        if owed is None:
            # It may have been done by a command; SQLite numbers debts from 1 again.
            self._written_anew = self._emptied = 0
            return 0
        now = self._clock()
        if now < last + settled and now < first + AT_LATEST:
            return 0
        if self._engine.dialect.name == "sqlite" and not await self._scrub(owed):
            return 0
        done = sa.delete(self._table).where(numbers <= owed)
        return int(await in_transaction(self._engine, lambda ours: ours.execute(done).rowcount))

    async def _scrub(self, owed: int) -> bool:
        """Write the file anew, if it is not too large now, and empty its log; whether both are done for this debt."""
        async with self._engine.connect() as connection:
            pooled = await connection.get_raw_connection()
            driver = cast("ThreadConnection", pooled.driver_connection)
            # Whoever reads or writes now is waited for, but not for long: others want to write.
            await _number(driver, f"PRAGMA busy_timeout={_PATIENCE_MS}")
            try:
                size = await _number(driver, "PRAGMA page_count") * await _number(driver, "PRAGMA page_size")
                may_be_long = size <= self._at_most or self._clock().hour in NIGHT
                if self._written_anew < owed and may_be_long:
                    await driver.execute("VACUUM")
                    self._written_anew, self._emptied = owed, 0
                # The first column tells whether somebody who reads was in the way.
                if self._emptied < owed and await _number(driver, "PRAGMA wal_checkpoint(TRUNCATE)") == 0:
                    self._emptied = owed
            except sqlite3.OperationalError as error:
                self._note_trouble(error.sqlite_errorname)
                return False
            finally:
                await _number(driver, f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        self._trouble = None
        done = owed <= self._written_anew and owed <= self._emptied
        if done:
            # Once no row is left, SQLite numbers them from 1 again.
            self._written_anew = self._emptied = 0
            log.info("scrubbing.done", bytes=size)
        return done

    def _note_trouble(self, kind: str) -> None:
        """Log it once, and not at each try: a full disk stays full for a while."""
        if kind != self._trouble:
            log.warning("scrubbing.failed", error=kind)
        self._trouble = kind


async def _number(driver: ThreadConnection, pragma: str) -> int:
    """The first column of the only row that a pragma answers."""
    async with driver.execute(pragma) as cursor:
        row = await cursor.fetchone()
    return 0 if row is None else int(row[0])
