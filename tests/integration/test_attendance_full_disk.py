"""The disk of the read model is full: the projector waits, says why, and goes on with nothing lost or half-written.

SQLite itself refuses here, as it does on a full disk: its file may not grow beyond a number of pages.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import topics
from schemas.identifiers import new_event_id
from services.attendance.adapters.projection import SqlProjection, Stored
from services.attendance.adapters.tables import MIGRATIONS
from services.attendance.adapters.timeline import Filter, SqlTimeline
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.projector import BehindError, InterruptedProjectionError, Projector
from services.chassis.clock import system_clock
from services.chassis.database import create_engine, create_reading_engine, upgrade
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.settings import load_settings
from services.chassis.topics import ensure_topics
from tests.fakes.attendance_facts import colloquium
from tests.fakes.attendance_log import told

PARTITION = 5
SPACIOUS = 1_000_000


@dataclass(slots=True)
class Disk:
    """The room that the database has, in pages; it holds for each transaction that begins."""

    pages: int = SPACIOUS

    def limits(self, engine: AsyncEngine) -> None:
        @sa.event.listens_for(engine.sync_engine, "checkout")
        def _limit(connection: Any, *_: object) -> None:  # noqa: ANN401  (the driver is untyped)
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA max_page_count={self.pages}")
            cursor.close()


@pytest.fixture
async def settings(kafka: str, tmp_path: Path) -> AttendanceSettings:
    loaded = load_settings(AttendanceSettings, kafka=kafka, data_dir=tmp_path)
    await ensure_topics(kafka, topics.ALL, partitions=loaded.partitions)
    await upgrade(loaded.attendance_database, MIGRATIONS)
    return loaded


@asynccontextmanager
async def projecting(settings: AttendanceSettings, disk: Disk) -> AsyncIterator[Projector]:
    async def nobody(_: frozenset[str], __: Stored | None) -> None:
        """No watcher is there to be told."""

    engine = create_engine(settings.attendance_database)
    disk.limits(engine)
    projector = Projector(
        new_consumer=lambda: new_consumer(settings, client_id="full-disk"),
        projection=SqlProjection(engine, clock=system_clock, committed=lambda: None),
        partitions=settings.partitions,
        notify=nobody,
        clock=system_clock,
    )
    running = asyncio.create_task(projector.run())
    try:
        yield projector
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await engine.dispose()


async def readiness(projector: Projector) -> str:
    try:
        await projector.check()
    except (BehindError, InterruptedProjectionError) as error:
        return str(error)
    return "ready"


async def test_the_projector_waits_for_room_and_goes_on_where_it_stood(settings: AttendanceSettings) -> None:
    facts = colloquium(new_event_id(), people=150)
    log = told(facts.written)
    disk = Disk()
    reading = create_reading_engine(settings.attendance_database)
    async with projecting(settings, disk) as projector:
        async with asyncio.timeout(60):
            while await readiness(projector) != "ready":
                await asyncio.sleep(0.05)
        disk.pages = 1  # As many as there are: SQLite never shrinks to less.
        async with new_producer(settings, client_id="full-disk") as producer:
            for entry in log.entries:
                await producer.send(topics.TIMELINE.name, entry.to_bytes(), key=b"e", partition=PARTITION)
            await producer.flush()
        async with asyncio.timeout(60):
            while "full" not in await readiness(projector):
                await asyncio.sleep(0.05)
        stored = await _ids(reading, facts.event_id)
        assert len(stored) < len(log.entries)
        disk.pages = SPACIOUS
        async with asyncio.timeout(60):
            while await _ids(reading, facts.event_id) != {entry.id for entry in log.entries}:
                await asyncio.sleep(0.05)
            while await readiness(projector) != "ready":
                await asyncio.sleep(0.05)
    await reading.dispose()


async def _ids(reading: AsyncEngine, event_id: str) -> set[str]:
    told_of = await SqlTimeline(reading).forward(event_id, after=None, limit=10_000, wanted=Filter())
    return {entry.id for entry in told_of}
