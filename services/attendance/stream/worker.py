"""The stream worker: Faust consumes the facts, rounds fold them, RocksDB and the presence topic keep what is known.

`run_worker` runs until it is cancelled. It waits out a broker that is away; whatever it cannot wait out ends it with an
error, and starting it again is always safe.
"""

import asyncio
import contextlib
import fcntl
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast
from uuid import uuid5

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from faust import Stream
from faust.types import EventT, StreamT

from schemas import topics
from schemas.identifiers import NAMESPACE
from services.attendance.domain.errors import AttendanceError
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.batches import BatchApp, BatchConsumer, BatchScheduler, BatchSchema
from services.attendance.stream.membership import bury_former_self
from services.attendance.stream.rounds import SERVICE, Rounds
from services.attendance.stream.tables import PartitionedStore, PartitionedTable
from services.chassis.clock import Clock
from services.chassis.kafka import new_producer
from services.chassis.topics import ensure_topics

APP_ID: Final = "passerelle-attendance"
"""The consumer group of all workers."""

_MOST_RECORDS_A_POLL: Final = 1000
_MOST_BATCHES_AT_HAND: Final = 16
_SESSION_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 5.0

log = structlog.stdlib.get_logger(__name__)


class StateInUseError(AttendanceError):
    """Another worker of this machine works on the same state."""

    def __init__(self, folder: Path) -> None:
        """Say it in one line that names the setting."""
        super().__init__(f"another worker uses {folder}: give each its own PASSERELLE_DATA_DIR")
        self.folder = folder


class WorkerEndedError(AttendanceError):
    """Faust came to an end that nobody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """The joined parts of a worker."""

    app: BatchApp
    presence_table: PartitionedTable
    context_table: PartitionedTable

    @property
    def presence(self) -> PartitionedStore:
        """Presence records, by `event_id/subject`."""
        return self.presence_table.stored

    @property
    def context(self) -> PartitionedStore:
        """Records about whole events."""
        return self.context_table.stored


class Desk:
    """Where agents lay their batches, and where they are taken from, all at hand at once, for a round.

    Batches of before a rebalance are thrown away: those partitions are read again from what is committed, by
    whoever has them now.
    """

    def __init__(self, *, most: int) -> None:
        """At `most` so many batches wait; agents wait for room."""
        self._most = most
        self._waiting: list[tuple[int, EventT[Any]]] = []
        self._epoch = 0
        self._changed = asyncio.Condition()
        self._working = False

    @property
    def epoch(self) -> int:
        """Counts the rebalances."""
        return self._epoch

    async def lay(self, event: EventT[Any], *, epoch: int) -> None:
        """Leave a batch that came in `epoch`."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._waiting) < self._most or epoch != self._epoch)
            if epoch == self._epoch:
                self._waiting.append((epoch, event))
                self._changed.notify_all()

    @asynccontextmanager
    async def round(self) -> AsyncIterator[list[EventT[Any]]]:
        """Take all that waits, at least one batch; a rebalance waits until the block ends."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting)
            taken, self._waiting, self._working = self._waiting, [], True
            self._changed.notify_all()
        try:
            yield [event for _, event in taken]
        finally:
            async with self._changed:
                self._working = False
                self._changed.notify_all()

    async def clear(self) -> None:
        """Throw away what waits, and return when no round is in work."""
        async with self._changed:
            self._epoch += 1
            self._waiting.clear()
            self._changed.notify_all()
            await self._changed.wait_for(lambda: not self._working)


async def run_worker(settings: AttendanceSettings, *, clock: Clock, ready: asyncio.Event | None = None) -> None:
    """Fold facts until cancelled; the topics are made first where they are missing.

    `ready` is set once the state is recovered and facts are consumed.

    Raises:
        KafkaAwayError, TopicMismatchError, TopicRefusedError: before anything is consumed.
        StateInUseError: if another worker of this machine uses the same data directory.
        WorkerEndedError: if the stream ends by itself; a restart goes on where it stood.
    """
    for library in ("faust", "mode"):
        logging.getLogger(library).setLevel(logging.WARNING)  # They tell each step of a start, in tables.
    await ensure_topics(settings.kafka, topics.ALL, partitions=settings.partitions, replication=settings.replication)
    folder = settings.data_dir / SERVICE
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with claimed(folder):
        instance = _instance(folder)
        await bury_former_self(settings.kafka, group=APP_ID, instance=instance)
        worker = _build(settings, instance=instance, state=folder / await _cluster(settings.kafka))
        producer = new_producer(settings, client_id=APP_ID)
        await producer.start()
        try:
            rounds = Rounds(producer=producer, stores=worker, clock=clock)
            await _run(worker, rounds, ready or asyncio.Event())
        finally:
            await producer.stop()


async def _run(worker: Worker, rounds: Rounds, ready: asyncio.Event) -> None:
    desk = Desk(most=_MOST_BATCHES_AT_HAND)
    app = worker.app
    consumer = app.consumer
    assert isinstance(consumer, BatchConsumer)  # noqa: S101  (BatchTransport makes no other)

    async def lay(stream: StreamT[Any]) -> None:
        async for event in cast("Stream[Any]", stream).noack().events():
            consumer.hand_over(event.message)
            await desk.lay(event, epoch=desk.epoch)

    facts = app.topic(*[topic.name for topic in topics.INPUTS], schema=BatchSchema(), value_type=bytes)
    app.agent(facts, name="fold")(lay)
    consumer.settle = desk.clear
    working = asyncio.create_task(_work(desk, rounds), name="rounds")
    streaming = asyncio.create_task(_stream(app, ready), name="faust")
    try:
        await asyncio.wait({working, streaming}, return_when=asyncio.FIRST_COMPLETED)
        for ended in (working, streaming):
            if ended.done():
                await ended
    finally:
        await _stop(app, desk, working, streaming)


async def _stream(app: BatchApp, ready: asyncio.Event) -> None:
    """Stream until Faust ends, which is an error."""
    await app.start()
    ready.set()
    log.info("attendance.worker_started")
    await app.wait_until_stopped()
    raise WorkerEndedError(repr(app.crash_reason or "Faust stopped"))


async def _stop(app: BatchApp, desk: Desk, working: asyncio.Task[None], streaming: asyncio.Task[None]) -> None:
    """Let the round in work come to its end, commit it, and stop; with Kafka away, give up on that."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_STOP_SECONDS):
            if not working.done():
                await desk.clear()
            working.cancel()
            await app.stop()
    for task in (working, streaming):
        task.cancel()
    await asyncio.gather(working, streaming, return_exceptions=True)


async def _work(desk: Desk, rounds: Rounds) -> None:
    while True:
        async with desk.round() as events:
            await rounds.work_off([(event.message.partition, event.value) for event in events])
            for event in events:
                event.ack()


def _build(settings: AttendanceSettings, *, instance: str, state: Path) -> Worker:
    class Scheduler(BatchScheduler):
        one_by_one = frozenset({topics.PRESENCE.name, topics.ATTENDANCE_CONTEXT.name})

    app = BatchApp(
        APP_ID,
        broker=[f"aiokafka://{server}" for server in settings.kafka.split(",")],
        broker_client_id=APP_ID,
        broker_commit_interval=1.0,
        broker_max_poll_records=_MOST_RECORDS_A_POLL,
        broker_session_timeout=_SESSION_SECONDS,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=instance,
        ConsumerScheduler=Scheduler,
        datadir=state,
        store="rocksdb://",
        stream_buffer_maxsize=_MOST_BATCHES_AT_HAND,
        # `Desk.clear` waits for the round in work; Faust would wait for batches that nobody works on any more.
        stream_wait_empty=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        topic_partitions=settings.partitions,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    state.mkdir(parents=True, exist_ok=True)

    def table(name: str, topic: str) -> PartitionedTable:
        made = PartitionedTable(app, name=name, topic=topic, partitions=settings.partitions)
        app.tables.add(made)
        return made

    return Worker(
        app=app,
        presence_table=table("presence", topics.PRESENCE.name),
        context_table=table("context", topics.ATTENDANCE_CONTEXT.name),
    )


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the worker's state for this process.

    Raises:
        StateInUseError: if another holds it.
    """
    with (folder / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateInUseError(folder) from None
        yield


def _instance(folder: Path) -> str:
    """The name of this worker in its group, the same after a restart: it need not wait for its old session to end."""
    return uuid5(NAMESPACE, f"{socket.gethostname()}:{folder.absolute()}").hex


async def _cluster(servers: str) -> str:
    """The id of the Kafka cluster: state belongs to its topics, and another cluster begins with none."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, client_id=APP_ID)
    await admin.start()
    try:
        described = await admin.describe_cluster()
    finally:
        await admin.close()
    return str(described["cluster_id"])
