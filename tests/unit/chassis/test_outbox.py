"""The outbox when Kafka refuses: a producer made up for it shows what no healthy broker does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from aiokafka.errors import KafkaConnectionError, KafkaError, MessageSizeTooLargeError, OutOfOrderSequenceNumber
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from structlog.testing import capture_logs

from services.chassis.database import create_engine
from services.chassis.outbox import OutboxDrain, OutboxMetrics, OutboxRecord, add, outbox_table
from tests.databases import ON_BOTH, ON_POSTGRESQL, NewDatabase

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
DEADLINE_SECONDS = 60.0
METADATA = sa.MetaData()
TABLE = outbox_table(METADATA)


class Broker:
    """What arrived, over all producers; `trouble` is what goes wrong, in this order."""

    def __init__(self, *trouble: "Trouble") -> None:
        self.trouble = list(trouble)
        self.taken: list[bytes] = []
        self.stopped = 0
        self.made = 0

    def producer(self) -> "Producer":
        self.made += 1
        return Producer(self)

    def meets(self, kind: str, value: bytes | None = None) -> KafkaError | None:
        """Give the error that is due here, once."""
        if self.trouble and self.trouble[0][:2] == (kind, value):
            return self.trouble.pop(0)[2]
        return None


Trouble = tuple[str, bytes | None, KafkaError]


class Producer:
    """An idempotent producer: after a record of a key is refused, so are the later ones of that key."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._refused: set[bytes | None] = set()

    async def start(self) -> None:
        error = self._broker.meets("start")
        if error:
            raise error

    async def stop(self) -> None:
        self._broker.stopped += 1

    async def send(
        self,
        topic: str,  # noqa: ARG002
        value: bytes | None,
        key: bytes | None,
        *,
        headers: Sequence[tuple[str, bytes]],  # noqa: ARG002
    ) -> asyncio.Future[Any]:
        error = self._broker.meets("send", value)
        if error:
            raise error
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        error = self._broker.meets("answer", value)
        if error or key in self._refused:
            self._refused.add(key)
            future.set_exception(error or OutOfOrderSequenceNumber())
        else:
            self._broker.taken.append(value or b"")
            future.set_result(None)
        return future


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    return await new_database()


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    """A database with an outbox."""
    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield engine
    await engine.dispose()


async def store(engine: AsyncEngine, *values: str) -> None:
    """Store records like `a1`: the letter is the key."""
    async with engine.begin() as connection:
        records = [OutboxRecord(topic="t", key=value[:1].encode(), value=value.encode()) for value in values]
        await add(connection, TABLE, records, now=NOW)


async def backlog(engine: AsyncEngine) -> list[str]:
    """The records that wait."""
    async with engine.connect() as connection:
        rows = await connection.execute(sa.select(TABLE.c.value).order_by(TABLE.c.position))
        return [value.decode() for value in rows.scalars()]


def a_drain(engine: AsyncEngine, broker: Broker, *, batch_size: int = 500) -> OutboxDrain:
    """A drain of the outbox to the broker."""
    return OutboxDrain(
        engine=engine,
        table=TABLE,
        new_producer=broker.producer,
        metrics=OutboxMetrics(CollectorRegistry()),
        clock=lambda: NOW,
        batch_size=batch_size,
        poll_seconds=0.01,
    )


async def drain(engine: AsyncEngine, broker: Broker, *, batch_size: int = 500) -> None:
    """Let a drain work until nothing waits."""
    task = asyncio.create_task(a_drain(engine, broker, batch_size=batch_size).run())
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await backlog(engine) and not task.done():
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@ON_BOTH
async def test_a_refused_record_is_sent_again_and_nothing_of_its_key_overtakes_it(engine: AsyncEngine) -> None:
    await store(engine, "a1", "b1", "a2", "b2", "a3", "b3")
    broker = Broker(("answer", b"a2", KafkaError()))
    await drain(engine, broker)

    assert broker.taken == [b"a1", b"b1", b"b2", b"b3", b"a2", b"a3"]
    assert (broker.made, broker.stopped) == (2, 2)


async def test_a_record_that_cannot_be_sent_holds_back_all_later_ones(engine: AsyncEngine) -> None:
    await store(engine, "a1", "b1", "a2", "b2")
    broker = Broker(("send", b"b1", MessageSizeTooLargeError()))
    await drain(engine, broker)

    assert broker.taken == [b"a1", b"b1", b"a2", b"b2"]


@ON_BOTH
async def test_batches_keep_the_order(engine: AsyncEngine) -> None:
    values = [f"a{number}" for number in range(25)]
    await store(engine, *values)
    broker = Broker(("answer", b"a7", KafkaError()), ("answer", b"a16", KafkaError()))
    await drain(engine, broker, batch_size=4)

    assert broker.taken == [value.encode() for value in values]


async def test_an_absent_kafka_is_told_once_and_its_return_too(engine: AsyncEngine) -> None:
    await store(engine, "a1")
    broker = Broker(*[("start", None, KafkaConnectionError())] * 3)
    with capture_logs() as logs:
        await drain(engine, broker)

    assert broker.taken == [b"a1"]
    assert [(line["log_level"], line["event"]) for line in logs] == [
        ("warning", "outbox.interrupted"),
        ("info", "outbox.resumed"),
    ]


async def test_an_error_that_is_not_kafkas_ends_the_drain(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        row = {"topic": "t", "key": b"a", "value": b"v", "headers": ["not", "headers"], "created_at": NOW}
        await connection.execute(sa.insert(TABLE), row)

    with pytest.raises(ExceptionGroup) as raised:
        await drain(engine, Broker())

    assert raised.group_contains(AttributeError)


@ON_BOTH
async def test_a_session_of_the_orm_can_store_records(engine: AsyncEngine) -> None:
    async with AsyncSession(engine) as session:
        await add(session, TABLE, [OutboxRecord(topic="t", key=None, value=b"a1")], now=NOW)
        await add(session, TABLE, [], now=NOW)
        await session.commit()

    assert await backlog(engine) == ["a1"]


async def test_a_database_held_by_another_process_holds_the_drain_up_and_does_not_end_it(
    engine: AsyncEngine, url: str
) -> None:
    await store(engine, "a1")
    broker = Broker()
    impatient = create_engine(url)

    @sa.event.listens_for(impatient.sync_engine, "connect")
    def _do_not_wait(connection: Any, _record: object) -> None:  # noqa: ANN401  (the driver is untyped)
        connection.cursor().execute("PRAGMA busy_timeout=1")

    async with engine.begin() as holding:
        work = asyncio.create_task(a_drain(impatient, broker).run())
        async with asyncio.timeout(DEADLINE_SECONDS):
            while broker.made < 3:  # it has failed twice by then
                await asyncio.sleep(0.01)
        await holding.rollback()
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not broker.taken:
            await asyncio.sleep(0.01)

    assert broker.taken == [b"a1"]
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    await impatient.dispose()


@ON_POSTGRESQL
async def test_a_server_that_closes_its_connections_interrupts_the_drain_and_does_not_end_it(
    engine: AsyncEngine, url: str
) -> None:
    broker, working = Broker(), create_engine(url)
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    work = asyncio.create_task(a_drain(working, broker).run())

    async def taken(count: int) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(broker.taken) < count and not work.done():
                await asyncio.sleep(0.01)

    await store(engine, "a1")
    await taken(1)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid) {others}")
    await store(engine, "a2")
    await taken(2)

    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    assert set(broker.taken) == {b"a1", b"a2"}
    await working.dispose()
