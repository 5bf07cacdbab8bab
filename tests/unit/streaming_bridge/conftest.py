from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.fakes.bridge import BridgeUnderTest, running_bridge


@pytest_asyncio.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[BridgeUnderTest]:
    async with running_bridge(tmp_path) as running:
        yield running
