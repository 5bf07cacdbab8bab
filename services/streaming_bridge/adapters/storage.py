"""What every use of the database has in common: its failures are one error of ours."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.scrubbing import SETTLED, Scrubbing
from services.chassis.transactions import in_transaction
from services.streaming_bridge.domain.errors import StorageUnavailableError, UnstorableError

Result = TypeVar("Result")
_REFUSED_VALUE: Final = "22"
"""The class of SQLSTATE of what no column takes: text with a zero in it, or one that is too long."""


async def stored(engine: AsyncEngine, work: Callable[[Connection], Result]) -> Result:
    """Run a transaction as one piece of work (`in_transaction`): on disk when it returns, or not at all.

    Raises:
        StorageUnavailableError: if the database is away, full or busy.
        IntegrityError: for a row that cannot be.
        UnstorableError: for a value that cannot be.
    """
    with _one_error_of_ours():
        return await in_transaction(engine, work)


@asynccontextmanager
async def storing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction: on disk when the block ends, or not at all.

    Raises:
        StorageUnavailableError, IntegrityError, UnstorableError: as `stored` does.
    """
    with _one_error_of_ours():
        async with engine.begin() as connection:
            yield connection


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection to read from.

    Raises:
        StorageUnavailableError: if the database is away or busy.
    """
    try:
        async with engine.connect() as connection:
            yield connection
    except (DBAPIError, PoolTimeoutError, OSError) as error:
        raise StorageUnavailableError from error


def insert_if_new(connection: Connection | AsyncConnection, table: sa.Table) -> sa.Insert:
    """Insert what is not there yet: another process may have stored the same in the meantime, and the first counts."""
    return _insert_if_new(connection.dialect.name, table)


async def scrubbed(scrubbing: Scrubbing) -> int:
    """Scrub what is owed (`Scrubbing.scrub_owed`).

    Raises:
        StorageUnavailableError: if the database is away or busy.
    """
    with _one_error_of_ours():
        return await scrubbing.scrub_owed(settled=SETTLED)


def refuses_value(error: DBAPIError) -> bool:
    """Whether it says that a value cannot be stored, now or ever."""
    # SQLAlchemy knows asyncpg's errors of values for errors of the database as a whole.
    state = getattr(error.orig, "sqlstate", None) or ""
    return isinstance(error, DataError) or state.startswith(_REFUSED_VALUE)


@cache
def _insert_if_new(dialect: str, table: sa.Table) -> sa.Insert:
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


@contextmanager
def _one_error_of_ours() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        raise (UnstorableError if refuses_value(error) else StorageUnavailableError) from error
    except (PoolTimeoutError, OSError) as error:
        raise StorageUnavailableError from error
