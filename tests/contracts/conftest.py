from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from services.streaming_bridge.bootstrap import MIGRATIONS
from tests.databases import NewDatabase
from tests.fakes.bridge import BridgeUnderTest, running_bridge


@pytest_asyncio.fixture
async def bridge(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[BridgeUnderTest]:
    async with running_bridge(tmp_path, database=await new_database(MIGRATIONS)) as running:
        yield running
