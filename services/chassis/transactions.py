"""A whole transaction as one piece of work.

SQLAlchemy awaits every statement of SQLite, and several steps of each: that is a dozen turns between the event loop and
the connection's thread for what SQLite does in a tenth of the time. Here the thread gets the transaction whole. So what
happens at every delivery costs a third of the processor time, and holds the one writing connection for as little.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast
from weakref import WeakSet

import aiosqlite
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import StaticPool

from services.chassis.json_text import to_json

Result = TypeVar("Result")
Work = Callable[[Connection], Result]

_BEGIN: Final = {False: "BEGIN IMMEDIATE", True: "BEGIN"}


async def in_transaction(engine: AsyncEngine, work: Work[Result]) -> Result:
    """Run `work` in a transaction of its own: committed when it returns, rolled back when it raises.

    `work` runs outside the event loop (SQLite) or inside it (PostgreSQL): it executes statements and touches nothing
    else that could change meanwhile. Whoever is cancelled here does not know whether it was committed; what others
    ask of the connection comes after it.
    """
    if engine.dialect.name != "sqlite":
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    async with engine.connect() as connection:
        pooled = await connection.get_raw_connection()
        driver = cast("ThreadConnection", pooled.driver_connection)
        return await driver.run(work)


class EndingConnection(sqlite3.Connection):
    """A connection whose close ends its transaction.

    SQLite keeps a closed connection as long as one of its statements is not at its end, with the transaction and so
    the lock on the database. Whoever is cancelled between a SELECT and its rows leaves such a statement in a cursor
    that lives until the garbage is collected.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  (sqlite3's)
        """Open it, as `sqlite3.connect` does."""
        super().__init__(*arguments, **options)
        self._cursors: WeakSet[sqlite3.Cursor] | None = WeakSet()

    def cursor(self, *factory: Any) -> Any:  # noqa: ANN401  (sqlite3's)
        """Make a cursor, and keep it in mind."""
        cursor = super().cursor(*factory)
        if self._cursors is not None:
            self._cursors.add(cursor)
        return cursor

    def close(self) -> None:
        """End every statement, roll back, close."""
        cursors, self._cursors = self._cursors, None
        if cursors is None:
            return
        try:
            for cursor in list(cursors):
                cursor.close()
            if self.in_transaction:
                self.rollback()
        finally:
            super().close()


class ThreadConnection(aiosqlite.Connection):
    """A connection whose thread takes whole transactions too."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], *, reads_only: bool) -> None:
        """Connect in the thread of this connection, which does not hold up the end of the process."""
        super().__init__(connect, iter_chunk_size=64)
        self._thread.daemon = True
        self._reads_only = reads_only
        self._engine: sa.Engine | None = None

    async def run(self, work: Work[Result]) -> Result:
        """Run a transaction in the thread."""
        execute: Callable[..., Awaitable[Result]] = self._execute
        return await execute(self._transact, work)

    def _transact(self, work: Work[Result]) -> Result:
        if self._engine is None:
            self._engine = self._bound()
        with self._engine.begin() as connection:
            return work(connection)

    def _bound(self) -> sa.Engine:
        """An engine that knows this connection alone, and never closes it."""
        engine = sa.create_engine(
            "sqlite://",
            creator=lambda: self._conn,
            poolclass=StaticPool,
            pool_reset_on_return=None,
            hide_parameters=True,
            json_serializer=to_json,
        )

        @sa.event.listens_for(engine, "begin")
        def _begun(connection: Connection) -> None:
            connection.exec_driver_sql(_BEGIN[self._reads_only])

        return engine


def connector(url: str, *, reads_only: bool) -> Callable[[], Any]:
    """What `create_async_engine` makes connections of SQLite with."""
    arguments: Any
    options: Any
    arguments, options = sa.make_url(url).get_dialect()().create_connect_args(sa.make_url(url))

    def opened() -> sqlite3.Connection:
        return sqlite3.connect(*arguments, **options, factory=EndingConnection)

    async def connect() -> aiosqlite.Connection:
        return await ThreadConnection(opened, reads_only=reads_only)

    return connect
