"""What several integration tests of one service ask for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from services.registration.bootstrap import MIGRATIONS
from tests.databases import NewDatabase
from tests.integration.running_registration import RunningRegistration, running_registration


@pytest_asyncio.fixture
async def service(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[RunningRegistration]:
    """The registration service on a database of the test's own."""
    async with running_registration(tmp_path, database=await new_database(MIGRATIONS)) as running:
        yield running
