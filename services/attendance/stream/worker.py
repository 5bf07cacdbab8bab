"""The stream worker: Faust consumes the facts, rounds fold them, RocksDB and the presence topic keep what is known.

`run_worker` runs until it is cancelled. It waits out a broker that is away; whatever it cannot wait out ends it with an
error, and starting it again is always safe.
"""

import asyncio
import contextlib
import fcntl
import logging
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Never
from uuid import uuid5

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from schemas import topics
from schemas.identifiers import NAMESPACE
from services.attendance.domain.errors import AttendanceError
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.batches import BatchApp, BatchConsumer, BatchScheduler
from services.attendance.stream.coordinator_watch import watch_coordinator
from services.attendance.stream.desk import Desk
from services.attendance.stream.handover import Handover, Tools
from services.attendance.stream.membership import APP_ID, Pulse, bury_former_self, coordinator_answers
from services.attendance.stream.metrics import WorkerMetrics
from services.attendance.stream.rounds import SERVICE, Rounds
from services.attendance.stream.tables import PartitionedStore, PartitionedTable, PromptTables
from services.chassis.clock import Clock
from services.chassis.kafka import new_producer
from services.chassis.topics import KafkaAwayError, ensure_topics

_METADATA_SECONDS: Final = 5
_MOST_RECORDS_A_POLL: Final = 4000
_MOST_BATCHES_ON_THE_WAY: Final = 4
_BATCH_BYTES: Final = 512 * 1024
_STANDSTILL: Final = 1 / 3
"""Of a session: who stood still for longer asks before writing."""
_HEARTBEAT_SECONDS: Final = 3.0
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


async def run_worker(
    settings: AttendanceSettings, *, clock: Clock, metrics: WorkerMetrics, ready: asyncio.Event
) -> None:
    """Fold facts until cancelled; the topics are made first where they are missing.

    `ready` is set while the state is recovered and facts are consumed, and cleared while partitions change hands.

    Raises:
        KafkaAwayError, TopicMismatchError, TopicRefusedError: before anything is consumed.
        StateInUseError: if another worker of this machine uses the same data directory.
        WorkerEndedError, CoordinatorLostError: if the stream ends by itself, or commits nothing any more though Kafka
            is there; a restart goes on where it stood.
    """
    for library in ("faust", "mode"):
        logging.getLogger(library).setLevel(logging.WARNING)  # They tell each step of a start, in tables.
    await ensure_topics(
        settings.kafka,
        topics.ALL,
        partitions=settings.partitions,
        replication=settings.replication,
        cluster=settings.kafka_cluster,
    )
    folder = settings.data_dir / SERVICE
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with claimed(folder):
        producer = new_producer(settings, client_id=APP_ID, batch_bytes=_BATCH_BYTES)
        try:
            worker = await _joined(settings, folder, producer)
            await _run(worker, Tools(settings=settings, producer=producer, clock=clock, metrics=metrics), ready)
        finally:
            ready.clear()
            await producer.stop()


async def _joined(settings: AttendanceSettings, folder: Path, producer: AIOKafkaProducer) -> Worker:
    """The worker of this folder, with its producer started.

    Raises:
        KafkaAwayError: if Kafka has gone since it had the topics.
    """
    instance = _instance(folder)
    try:
        await bury_former_self(settings.kafka, group=APP_ID, instance=instance)
        cluster = await _cluster(settings.kafka)
        await producer.start()
    except (KafkaError, OSError) as error:
        raise KafkaAwayError(servers=settings.kafka, within_seconds=0) from error
    return _build(settings, instance=instance, state=folder / cluster)


async def _run(worker: Worker, tools: Tools, ready: asyncio.Event) -> None:
    app = worker.app
    consumer = app.consumer
    assert isinstance(consumer, BatchConsumer)  # noqa: S101  (BatchTransport makes no other)
    desk, pulse = Desk(), Pulse(patience=tools.settings.session_seconds * _STANDSTILL)

    async def fence() -> bool:
        if pulse.steady():
            return True
        if not await consumer.is_member():
            return False
        pulse.confirmed()
        return True

    rounds = Rounds(
        desk=desk,
        producer=tools.producer,
        clock=tools.clock,
        metrics=tools.metrics,
        fence=fence,
        look_again=consumer.rejoin,
    )
    Handover(app=app, consumer=consumer, stores=worker, tools=tools, rounds=rounds, desk=desk, ready=ready).connect()
    watch = watch_coordinator(
        consumer.lost_coordinator, lambda: coordinator_answers(tools.settings.kafka, group=APP_ID)
    )
    tasks = {
        asyncio.create_task(_always(watch), name="coordinator"),
        asyncio.create_task(_always(rounds.run()), name="rounds"),
        asyncio.create_task(_always(pulse.run()), name="pulse"),
        asyncio.create_task(_stream(app, tools.settings.kafka), name="faust"),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for ended in done:
            await ended
    finally:
        await _stop(app, desk, tasks)


async def _always(working: Coroutine[Any, Any, Never]) -> None:
    await working


async def _stream(app: BatchApp, servers: str) -> None:
    """Stream until Faust ends, which is an error.

    Raises:
        KafkaAwayError: if Kafka has gone before it began.
    """
    try:
        await app.start()
    except KafkaError as error:
        raise KafkaAwayError(servers=servers, within_seconds=0) from error
    log.info("attendance.worker_started")
    await app.wait_until_stopped()
    raise WorkerEndedError(repr(app.crash_reason or "Faust stopped"))


async def _stop(app: BatchApp, desk: Desk, tasks: set[asyncio.Task[None]]) -> None:
    """Let the rounds in work come to their end, commit them, and stop; with Kafka away, give up on that."""
    failed = any(task.done() for task in tasks)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_STOP_SECONDS):
            if not failed:
                await desk.close()
            for task in tasks:
                if task.get_name() != "faust":
                    task.cancel()
            await app.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _build(settings: AttendanceSettings, *, instance: str, state: Path) -> Worker:
    app = BatchApp(
        APP_ID,
        broker=[f"aiokafka://{server}" for server in settings.kafka.split(",")],
        broker_client_id=APP_ID,
        broker_commit_interval=1.0,
        broker_max_poll_records=_MOST_RECORDS_A_POLL,
        broker_session_timeout=settings.session_seconds,
        broker_heartbeat_interval=min(_HEARTBEAT_SECONDS, settings.session_seconds / 6),
        consumer_auto_offset_reset="earliest",
        # A broker that has just come back may not know the topics: the group's leader then gives nobody anything, and
        # looks again when its metadata is of this age (as Faust comes, in five minutes).
        consumer_metadata_max_age_ms=_METADATA_SECONDS * 1000,
        consumer_group_instance_id=instance,
        ConsumerScheduler=BatchScheduler,
        TableManager=PromptTables,
        datadir=state,
        # The partitions are verified with more knowledge than Faust has, which would end the process.
        recovery_consistency_check=False,
        store="rocksdb://",
        stream_buffer_maxsize=_MOST_BATCHES_ON_THE_WAY,
        # `Rounds.settle` waits for the rounds in work; Faust would wait for batches that nobody works on any more.
        stream_wait_empty=False,
        table_standby_replicas=settings.standbys,
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
    try:
        await admin.start()
        described = await admin.describe_cluster()
    finally:
        await admin.close()
    return str(described["cluster_id"])
