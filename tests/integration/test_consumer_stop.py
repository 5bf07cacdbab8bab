"""The consumer that all services share, stopped while it fetches."""

import asyncio
from pathlib import Path

import pytest

from services.chassis.kafka import Consumer, new_consumer
from services.chassis.settings import CommonSettings
from tests.builders import settings_for

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_stop_in_mid_fetch_cancels_nobody_else(kafka: str, tmp_path: Path) -> None:
    consumer = await _fetching(kafka, tmp_path)

    await consumer.stop()


async def test_whoever_is_cancelled_while_it_stops_is_cancelled(kafka: str, tmp_path: Path) -> None:
    consumer = await _fetching(kafka, tmp_path)

    async def stop() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await consumer.stop()

    stopping = asyncio.create_task(stop())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping


async def _fetching(kafka: str, folder: Path) -> Consumer:
    """A consumer with a fetch that has not begun to run, as when it is stopped in the turn that made it."""
    consumer = new_consumer(settings_for(CommonSettings, data_dir=folder, kafka=kafka), client_id="test-stop")
    await consumer.start()
    consumer._fetcher._pending_tasks.add(asyncio.create_task(asyncio.Event().wait()))  # noqa: SLF001  (chance made certain)
    return consumer
