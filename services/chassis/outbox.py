"""The transactional outbox: records are rows of the same transaction as what they tell, and reach Kafka afterwards.

At least once and in order of key: rows leave in the order of their position, and a row goes only after Kafka has
acknowledged it. Writers of one key must not overlap (a lock on the row it is about, or SQLite). One drain a database at
a time: two would double records, and with them the order.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import sqlalchemy as sa
import structlog
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from services.chassis.clock import Clock
from services.chassis.database import RowNumber, UtcInstant, is_away, padded
from services.chassis.kafka import LARGEST_RECORD, encode_headers
from services.chassis.metrics import NAMESPACE
from services.chassis.transactions import in_transaction

_FIRST_PAUSE_SECONDS: Final = 0.2
_LONGEST_PAUSE_SECONDS: Final = 5.0
_TIDY_SECONDS: Final = 0.2

log = structlog.stdlib.get_logger(__name__)


class RecordTooLargeError(ValueError):
    """A record would not fit a topic; refused before it is stored, because it would hold up all that follow."""

    def __init__(self, *, topic: str, size: int) -> None:
        """Keep the size in bytes."""
        super().__init__(f"a record of {size} bytes for {topic} is larger than {LARGEST_RECORD}")
        self.topic = topic
        self.size = size


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRecord:
    """One record to come; its key decides its partition, none means any.

    Raises:
        RecordTooLargeError: on construction, if it would not fit a topic.
        ValueError: on construction, if it has neither key nor value.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what Kafka would refuse."""
        if self.key is None and self.value is None:
            msg = f"a record for {self.topic} needs a key or a value"
            raise ValueError(msg)
        size = (
            len(self.key or b"")
            + len(self.value or b"")
            + sum(len(name) + len(text) for name, text in encode_headers(self.headers))
        )
        # Room for what Kafka puts around a record.
        if size > LARGEST_RECORD - 4096:
            raise RecordTooLargeError(topic=self.topic, size=size)


def outbox_table(metadata: sa.MetaData, *, name: str = "outbox") -> sa.Table:
    """Declare the table; its migration is the service's."""
    return sa.Table(
        name,
        metadata,
        sa.Column("position", RowNumber, primary_key=True, autoincrement=True),
        sa.Column("topic", sa.String(249), nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=True),
        sa.Column("value", sa.LargeBinary, nullable=True),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("created_at", UtcInstant, nullable=False),
    )


async def add(
    target: AsyncConnection | AsyncSession, table: sa.Table, records: Sequence[OutboxRecord], *, now: datetime
) -> None:
    """Store the records in the caller's transaction, in their order. After its commit, `wake` the drain."""
    if records:
        await target.run_sync(store, table, records, now=now)


def store(target: Connection | Session, table: sa.Table, records: Sequence[OutboxRecord], *, now: datetime) -> None:
    """Do what `add` does, within a transaction that runs as a whole (`transactions.in_transaction`)."""
    if records:
        rows = [
            {
                "topic": record.topic,
                "key": record.key,
                "value": record.value,
                "headers": dict(record.headers),
                "created_at": now,
            }
            for record in records
        ]
        target.execute(sa.insert(table), rows)


class OutboxMetrics:
    """What an operator watches: an old oldest row means that Kafka is away or refuses a record."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self.backlog = Gauge(
            "outbox_backlog", "Records stored and not yet in Kafka.", namespace=NAMESPACE, registry=registry
        )
        self.oldest_seconds = Gauge(
            "outbox_oldest_seconds",
            "Age of the oldest stored record, 0 if none.",
            namespace=NAMESPACE,
            registry=registry,
        )
        self.published = Counter(
            "outbox_published", "Records acknowledged by Kafka.", ["topic"], namespace=NAMESPACE, registry=registry
        )


class Producer(Protocol):
    """What the drain asks of a producer; idempotent, so that order survives its retries (`kafka.new_producer`)."""

    async def start(self) -> None:
        """Connect, or raise a KafkaError."""

    async def stop(self) -> None:
        """Close; also after a failed start."""

    async def send(
        self, topic: str, value: bytes | None, key: bytes | None, *, headers: Sequence[tuple[str, bytes]]
    ) -> asyncio.Future[Any]:
        """Accept a record; the future is done when Kafka has it, or fails with a KafkaError."""


class OutboxDrain:
    """Moves the rows of one outbox to Kafka, for as long as the process runs.

    While Kafka or the database is away it waits and tries again, without losing or reordering anything.
    """

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        table: sa.Table,
        new_producer: Callable[[], Producer],
        metrics: OutboxMetrics,
        clock: Clock,
        batch_size: int = 500,
        poll_seconds: float = 1.0,
    ) -> None:
        """Join the parts; nothing happens before `run`. `new_producer` is called again after each failure."""
        self._engine = engine
        self._table = table
        self._new_producer = new_producer
        self._metrics = metrics
        self._clock = clock
        self._batch_size = batch_size
        self._poll_seconds = poll_seconds
        # Made once: SQLAlchemy takes longer to make a statement than SQLite to run it.
        position = table.c.position
        done: sa.BindParameter[Sequence[int]] = sa.bindparam("done", expanding=True)
        self._delete = sa.delete(table).where(position.in_(done))
        self._next = sa.select(table).where(position.not_in(done)).order_by(position).limit(batch_size)
        self._woken = asyncio.Event()
        self._trouble: str | None = None

    def wake(self) -> None:
        """Say that rows were committed, so that they leave now and not at the next poll."""
        self._woken.set()

    async def run(self) -> None:
        """Publish until cancelled; what is not acknowledged by then is sent again by the next run."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._publish())
            tasks.create_task(self._observe())

    async def _publish(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            producer = self._new_producer()
            try:
                await producer.start()
                async for _ in self._batches(producer):
                    pause = _FIRST_PAUSE_SECONDS
                    self._note_recovery()
            except (KafkaError, SQLAlchemyError, OSError) as error:
                if not isinstance(error, KafkaError) and not is_away(error):
                    raise
                self._note_trouble(error)
            finally:
                await producer.stop()
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _batches(self, producer: Producer) -> AsyncIterator[int]:
        """Publish batch after batch, yielding the size of each that is in Kafka.

        Raises:
            KafkaError: if a record was not taken; those that were are deleted.
        """
        clock = asyncio.get_running_loop().time
        done: list[int] = []
        tidy_at = clock() + _TIDY_SECONDS
        try:
            while True:
                self._woken.clear()
                rows = await self._read(done)
                if rows:
                    sent, failure = await self._send(producer, rows)
                    done += sent
                    if failure is not None:
                        raise failure
                    yield len(sent)
                if done and (len(done) >= self._batch_size or clock() >= tidy_at):
                    await self._remove(done)
                    done, tidy_at = [], clock() + _TIDY_SECONDS
                if len(rows) < self._batch_size:
                    await self._until_woken(tidy_at - clock() if done else self._poll_seconds)
        finally:
            if done:
                await self._remove(done)

    async def _send(self, producer: Producer, rows: Sequence[sa.Row[Any]]) -> tuple[list[int], KafkaError | None]:
        """Send in order without waiting between, then wait for every answer; gives the positions that Kafka has.

        After a failure the idempotent producer leaves a gap in its numbers, so Kafka takes nothing later of that
        partition, and nothing overtakes.
        """
        sent: list[tuple[sa.Row[Any], asyncio.Future[Any]]] = []
        failure: KafkaError | None = None
        for row in rows:
            try:
                future = await producer.send(row.topic, row.value, row.key, headers=encode_headers(row.headers))
            except KafkaError as error:
                failure = error
                break
            sent.append((row, future))
        answers = await asyncio.gather(*(future for _, future in sent), return_exceptions=True)
        done: list[int] = []
        for (row, _), answer in zip(sent, answers, strict=True):
            if isinstance(answer, KafkaError):
                failure = failure or answer
            elif isinstance(answer, BaseException):
                raise answer
            else:
                done.append(row.position)
                self._metrics.published.labels(topic=row.topic).inc()
        return done, failure

    async def _read(self, done: Sequence[int]) -> Sequence[sa.Row[Any]]:
        """What comes next. What Kafka has is passed over: to delete it here were a wait for the disk at each record."""
        return await in_transaction(self._engine, lambda ours: ours.execute(self._next, {"done": padded(done)}).all())

    async def _remove(self, done: Sequence[int]) -> None:
        """Delete what Kafka has."""
        await in_transaction(self._engine, lambda connection: connection.execute(self._delete, {"done": padded(done)}))

    async def _until_woken(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), min(seconds, self._poll_seconds))

    async def _observe(self) -> None:
        """Keep the gauges right, also while a batch waits for Kafka to come back."""
        query = sa.select(sa.func.count(), sa.func.min(self._table.c.created_at)).select_from(self._table)
        while True:
            try:
                count, oldest = await in_transaction(self._engine, lambda connection: connection.execute(query).one())
            except (SQLAlchemyError, OSError) as error:
                if not is_away(error):
                    raise
            else:
                self._metrics.backlog.set(count)
                self._metrics.oldest_seconds.set((self._clock() - oldest).total_seconds() if oldest else 0)
            await asyncio.sleep(self._poll_seconds)

    def _note_trouble(self, error: Exception) -> None:
        """Log it once, and not at each try: Kafka can be away for an hour, and the gauges show it all that time."""
        kind = type(error).__name__
        if kind != self._trouble:
            log.warning("outbox.interrupted", error=kind)
        self._trouble = kind

    def _note_recovery(self) -> None:
        if self._trouble is not None:
            log.info("outbox.resumed", after=self._trouble)
        self._trouble = None
