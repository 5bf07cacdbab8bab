"""What several integration tests of one service ask for; with a database of the test's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from services.attendance.adapters.tables import MIGRATIONS as OF_ATTENDANCE
from services.registration.bootstrap import MIGRATIONS as OF_REGISTRATION
from tests.databases import NewDatabase
from tests.fakes.attendance_web import Attendance, attending
from tests.integration.running_registration import RunningRegistration, running_registration


@pytest_asyncio.fixture
async def service(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[RunningRegistration]:
    """The registration service."""
    async with running_registration(tmp_path, database=await new_database(OF_REGISTRATION)) as running:
        yield running


@pytest_asyncio.fixture
async def attendance(new_database: NewDatabase) -> AsyncIterator[Attendance]:
    """The web side of attendance, with an empty read model."""
    async with attending(await new_database(OF_ATTENDANCE)) as running:
        yield running
