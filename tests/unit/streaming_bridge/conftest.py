from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from services.streaming_bridge.bootstrap import MIGRATIONS
from tests.databases import NewDatabase
from tests.fakes.bigbluebutton_server import BigBlueButtonServer, bigbluebutton_server
from tests.fakes.bridge import BridgeUnderTest, running_bridge
from tests.fakes.platforms import BigBlueButtonShapes


@pytest_asyncio.fixture
async def bridge(tmp_path: Path, new_database: NewDatabase) -> AsyncIterator[BridgeUnderTest]:
    async with running_bridge(tmp_path, database=await new_database(MIGRATIONS)) as running:
        yield running


@pytest_asyncio.fixture
async def bigbluebutton(bridge: BridgeUnderTest) -> AsyncIterator[BigBlueButtonServer]:
    """A BigBlueButton server of the bridge, whose meeting is the only room of the event."""
    shapes = BigBlueButtonShapes()
    async with bigbluebutton_server() as server:
        await bridge.add_source(
            platform=shapes.platform, name=shapes.source, shared_secret=shapes.secret, server_url=server.url
        )
        await bridge.claim((shapes.source, shapes.room))
        yield server
