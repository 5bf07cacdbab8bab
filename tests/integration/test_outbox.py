"""The outbox on a real broker: everything arrives, once and in order, whatever happens to Kafka meanwhile."""

import asyncio
import contextlib
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiokafka import TopicPartition
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.kafka import EmbeddedKafka
from schemas.topics import Topic
from services.chassis.clock import system_clock
from services.chassis.database import create_engine
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.outbox import OutboxDrain, OutboxMetrics, OutboxRecord, add, outbox_table
from services.chassis.settings import CommonSettings
from services.chassis.topics import ensure_topics
from tests.builders import settings_for
from tests.databases import ON_BOTH, NewDatabase

PARTITIONS = 4
DEADLINE_SECONDS = 60.0
METADATA = sa.MetaData()
TABLE = outbox_table(METADATA)


@pytest.fixture
async def engine(new_database: NewDatabase) -> AsyncIterator[AsyncEngine]:
    """A database with an outbox."""
    engine = create_engine(await new_database())
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield engine
    await engine.dispose()


@pytest.fixture
def topic() -> Topic:
    """A topic of the test's own."""
    return Topic(name=f"test-{uuid.uuid4().hex}", summary="", producers=(), consumers=())


def records(topic: Topic, numbers: range, *, keys: int = 7) -> list[OutboxRecord]:
    """Numbered records, whose keys take turns."""
    return [
        OutboxRecord(
            topic=topic.name, key=b"evt_%d" % (number % keys), value=b"%d" % number, headers={"n": str(number)}
        )
        for number in numbers
    ]


async def store(engine: AsyncEngine, stored: list[OutboxRecord], *, now: datetime | None = None) -> None:
    """Put records into the outbox and commit."""
    async with engine.begin() as connection:
        await add(connection, TABLE, stored, now=now or system_clock())


async def backlog(engine: AsyncEngine) -> int:
    """How many rows wait."""
    async with engine.connect() as connection:
        return int((await connection.execute(sa.select(sa.func.count()).select_from(TABLE))).scalar_one())


async def until_drained(engine: AsyncEngine) -> None:
    """Return when no row waits any more."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await backlog(engine):
            await asyncio.sleep(0.02)


class Drains:
    """Makes drains of the test's outbox to one Kafka."""

    def __init__(self, engine: AsyncEngine, servers: str, data_dir: Path) -> None:
        self.settings = settings_for(CommonSettings, data_dir=data_dir, kafka=servers)
        self._engine = engine
        self.registry = CollectorRegistry()
        self._metrics = OutboxMetrics(self.registry)

    @contextlib.asynccontextmanager
    async def running(self, *, batch_size: int = 500, poll_seconds: float = 0.1) -> AsyncIterator[OutboxDrain]:
        """A drain at work, cancelled at the end."""
        drain = OutboxDrain(
            engine=self._engine,
            table=TABLE,
            new_producer=lambda: new_producer(self.settings, client_id="test-outbox"),
            metrics=self._metrics,
            clock=system_clock,
            batch_size=batch_size,
            poll_seconds=poll_seconds,
        )
        task = asyncio.create_task(drain.run())
        try:
            yield drain
            if task.done():
                task.result()
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric."""
        return self.registry.get_sample_value(name, labels) or 0.0

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when the condition holds."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not condition():
                await asyncio.sleep(0.02)


async def in_kafka(settings: CommonSettings, topic: Topic) -> dict[bytes, list[int]]:
    """The numbers in Kafka, by key, in the order they stand there."""
    consumer = new_consumer(settings, client_id="test-reader")
    await consumer.start()
    found: dict[bytes, list[int]] = {}
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        async with asyncio.timeout(DEADLINE_SECONDS):
            remaining = sum(ends.values())
            while remaining:
                for batch in (await consumer.getmany(timeout_ms=1000)).values():
                    remaining -= len(batch)
                    for record in batch:
                        assert record.headers == (("n", record.value),)
                        found.setdefault(record.key, []).append(int(record.value))
    finally:
        await consumer.stop()
    return found


def expected(numbers: range, *, keys: int = 7) -> dict[bytes, list[int]]:
    """What `records` must come to."""
    return {b"evt_%d" % key: [number for number in numbers if number % keys == key] for key in range(keys)}


@pytest.fixture
async def drains(engine: AsyncEngine, kafka: str, topic: Topic, tmp_path: Path) -> Drains:
    """Drains to the session's Kafka, where the topic exists."""
    await ensure_topics(kafka, [topic], partitions=PARTITIONS)
    return Drains(engine, kafka, tmp_path)


@ON_BOTH
async def test_records_arrive_once_in_the_order_of_their_key(drains: Drains, engine: AsyncEngine, topic: Topic) -> None:
    await store(engine, records(topic, range(2000)))
    async with drains.running(batch_size=100):
        for start in range(2000, 3000, 50):
            await store(engine, records(topic, range(start, start + 50)))
        await until_drained(engine)

    assert await in_kafka(drains.settings, topic) == expected(range(3000))
    assert drains.metric("passerelle_outbox_published_total", topic=topic.name) == 3000


@ON_BOTH
async def test_a_record_of_a_transaction_that_is_undone_never_leaves(
    drains: Drains, engine: AsyncEngine, topic: Topic
) -> None:
    async with drains.running():
        with contextlib.suppress(ZeroDivisionError):
            async with engine.begin() as connection:
                await add(connection, TABLE, records(topic, range(5)), now=system_clock())
                raise ZeroDivisionError
        await store(engine, records(topic, range(7)))
        await until_drained(engine)

    assert await in_kafka(drains.settings, topic) == expected(range(7))


async def test_a_woken_drain_does_not_wait_for_its_next_poll(drains: Drains, engine: AsyncEngine, topic: Topic) -> None:
    async with drains.running(poll_seconds=3600) as drain:
        await store(engine, records(topic, range(7)))
        drain.wake()
        await until_drained(engine)
        await store(engine, records(topic, range(7, 14)))
        drain.wake()
        await until_drained(engine)

    assert await in_kafka(drains.settings, topic) == expected(range(14))


async def test_the_gauges_tell_how_much_waits_and_since_when(engine: AsyncEngine, topic: Topic, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nowhere = f"127.0.0.1:{free.getsockname()[1]}"
    drains = Drains(engine, nowhere, tmp_path)
    await store(engine, records(topic, range(9)), now=datetime.now(UTC) - timedelta(minutes=10))

    async with drains.running():
        await drains.until(lambda: drains.metric("passerelle_outbox_backlog") == 9)

        assert 600 <= drains.metric("passerelle_outbox_oldest_seconds") < 700


@pytest.mark.faults
async def test_a_broker_killed_and_started_again_loses_doubles_and_disorders_nothing(
    own_kafka: EmbeddedKafka, engine: AsyncEngine, topic: Topic, tmp_path: Path
) -> None:
    servers = own_kafka.bootstrap_servers
    await ensure_topics(servers, [topic], partitions=PARTITIONS)
    drains = Drains(engine, servers, tmp_path)

    async with drains.running(batch_size=20):
        for start in range(0, 600, 20):
            await store(engine, records(topic, range(start, start + 20)))
            if start == 200:
                await own_kafka.kill()
        assert await backlog(engine) > 0
        await own_kafka.start()
        await until_drained(engine)

    assert await in_kafka(drains.settings, topic) == expected(range(600))


@pytest.mark.faults
async def test_a_drain_can_be_stopped_while_kafka_is_away_and_another_goes_on(
    own_kafka: EmbeddedKafka, engine: AsyncEngine, topic: Topic, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    servers = own_kafka.bootstrap_servers
    await ensure_topics(servers, [topic], partitions=PARTITIONS)
    drains = Drains(engine, servers, tmp_path)
    async with drains.running():
        await store(engine, records(topic, range(7)))
        await until_drained(engine)
        await own_kafka.kill()
        await store(engine, records(topic, range(7, 70)))
        # What the producer has accepted by now it would try to send for ever.
        await drains.until(lambda: "Got error produce response" in caplog.text)
        stopping_at = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - stopping_at < 30
    await own_kafka.start()

    async with drains.running():
        await until_drained(engine)

    assert await in_kafka(drains.settings, topic) == expected(range(70))


@pytest.mark.faults
async def test_a_drain_that_starts_before_kafka_drains_when_it_comes(
    engine: AsyncEngine, topic: Topic, tmp_path: Path
) -> None:
    broker = EmbeddedKafka(tmp_path, port=0)
    await store(engine, records(topic, range(70)))
    with broker.claimed():
        await asyncio.to_thread(broker.prepare)
        drains = Drains(engine, broker.bootstrap_servers, tmp_path)
        try:
            async with drains.running():
                await drains.until(lambda: drains.metric("passerelle_outbox_backlog") == 70)
                await broker.start()
                await ensure_topics(broker.bootstrap_servers, [topic], partitions=PARTITIONS)
                await until_drained(engine)
            assert await in_kafka(drains.settings, topic) == expected(range(70))
        finally:
            await broker.stop()
