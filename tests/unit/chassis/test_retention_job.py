"""The job of retention goes on whatever happens, and tells what it did."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest_asyncio
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.database import create_engine
from services.chassis.periods import Period
from services.chassis.retention import Due, Retention, RetentionMetrics, Rule
from services.chassis.retention_job import FIRST_AFTER, RetentionJob
from services.chassis.retention_ledger import RunState, SqlRetentionLedger, retention_runs_table
from tests.databases import NewDatabase

METADATA: Final = sa.MetaData()
RUNS: Final = retention_runs_table(METADATA)
DEADLINE_SECONDS: Final = 60


class StubbornSweep:
    """Five rows to delete, two at a time; the first attempt at it fails."""

    rule = Rule(purpose="notes", period=Period.parse("1 day"), counted_from="made")
    kind = "notes"

    def __init__(self) -> None:
        self.left = 5
        self.fails = True

    async def due(self, before: datetime) -> Due:
        return Due(rows=self.left, oldest=before)

    async def forget_some(self, before: datetime) -> int:  # noqa: ARG002  (the port's)
        if self.fails:
            self.fails = False
            msg = "a mistake of ours"
            raise RuntimeError(msg)
        gone = min(2, self.left)
        self.left -= gone
        return gone


class RunningClock:
    """A minute later each time that somebody looks."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest_asyncio.fixture
async def engine(new_database: NewDatabase) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(await new_database())
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield engine
    await engine.dispose()


async def test_a_run_that_fails_is_begun_again_and_counted(engine: AsyncEngine) -> None:
    sweep, clock, registry = StubbornSweep(), RunningClock(), CollectorRegistry()
    noted: list[object] = []

    async def note(_: object, counts: object) -> None:
        noted.append(counts)

    ledger = SqlRetentionLedger(engine, RUNS, note=note)
    retention = Retention(sweeps=[sweep], ledger=ledger, metrics=RetentionMetrics(registry), clock=clock)
    job = RetentionJob(retention=retention, ledger=ledger, clock=clock, at_hour=2)
    await ledger.first_began(clock.now - FIRST_AFTER)
    running = asyncio.create_task(job.run(poll_seconds=0.01, after_trouble_seconds=0.01))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not (runs := await ledger.last(9)) or runs[0].state is not RunState.DONE:
            await asyncio.sleep(0.01)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert [run.state for run in runs] == [RunState.DONE, RunState.INTERRUPTED]
    assert noted == [{}, {"notes": 5}]
    assert registry.get_sample_value("passerelle_retention_failures_total") == 1
    assert registry.get_sample_value("passerelle_retention_forgotten_total", {"purpose": "notes"}) == 5
