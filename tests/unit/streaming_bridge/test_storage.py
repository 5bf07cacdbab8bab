"""What the database says, and what the bridge makes of it."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from services.streaming_bridge.adapters.storage import storing
from services.streaming_bridge.bootstrap import MIGRATIONS
from services.streaming_bridge.domain.errors import UnstorableError
from tests.fakes.bridge import running_bridge
from tests.postgresql import PostgreSql


async def test_a_value_that_postgresql_refuses_is_no_outage(tmp_path: Path, postgresql: PostgreSql) -> None:
    async with postgresql.database(MIGRATIONS) as database, running_bridge(tmp_path, database=database) as bridge:
        with pytest.raises(UnstorableError):
            async with storing(bridge.bridge.engine) as connection:
                await connection.execute(sa.select(sa.literal("a\x00b")))
