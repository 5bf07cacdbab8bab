"""What every use of the database has in common: its failures are one error of ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.streaming_bridge.domain.errors import StorageUnavailableError


@asynccontextmanager
async def storing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction: on disk when the block ends, or not at all.

    Raises:
        StorageUnavailableError: if the database is away, full or busy.
        IntegrityError: for a row that cannot be, as `DataError` for a value.
    """
    try:
        async with engine.begin() as connection:
            yield connection
    except (IntegrityError, DataError):
        raise
    except (DBAPIError, PoolTimeoutError, OSError) as error:
        raise StorageUnavailableError from error


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
