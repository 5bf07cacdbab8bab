"""What every use of the database has in common: its failures are one error of ours."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.scrubbing import SETTLED, Scrubbing
from services.chassis.transactions import in_transaction
from services.streaming_bridge.domain.errors import StorageUnavailableError

Result = TypeVar("Result")


async def stored(engine: AsyncEngine, work: Callable[[Connection], Result]) -> Result:
    """Run a transaction as one piece of work (`in_transaction`): on disk when it returns, or not at all.

    Raises:
        StorageUnavailableError: if the database is away, full or busy.
        IntegrityError: for a row that cannot be, as `DataError` for a value.
    """
    with _one_error_of_ours():
        return await in_transaction(engine, work)


@asynccontextmanager
async def storing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction: on disk when the block ends, or not at all.

    Raises:
        StorageUnavailableError, IntegrityError, DataError: as `stored` does.
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


async def scrubbed(scrubbing: Scrubbing) -> int:
    """Scrub what is owed (`Scrubbing.scrub_owed`).

    Raises:
        StorageUnavailableError: if the database is away or busy.
    """
    with _one_error_of_ours():
        return await scrubbing.scrub_owed(settled=SETTLED)


@contextmanager
def _one_error_of_ours() -> Iterator[None]:
    try:
        yield
    except (IntegrityError, DataError):
        raise
    except (DBAPIError, PoolTimeoutError, OSError) as error:
        raise StorageUnavailableError from error
