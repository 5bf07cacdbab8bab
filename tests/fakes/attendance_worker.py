"""The attendance worker as a real process, to be killed; what it is fed, and what it tells."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from benchmarks.workload import Arrival
from schemas import topics
from schemas.decode import decode
from schemas.presence import PresenceChanged
from schemas.timeline import END_INFERRED
from services.attendance.application.translation import read_fact
from services.attendance.domain.facts import Fact
from services.attendance.domain.fold import fold_event
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.membership import APP_ID
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.topics import ensure_topics
from tests.builders import SECRET_KEY, settings_for
from tests.fakes.passerelle import Started, start
from tests.fakes.service_process import free_port

DEADLINE_SECONDS = 90.0
COMMAND = ("run", "attendance", "--only", "worker")


@dataclass(slots=True, kw_only=True)
class WorkerProcess:
    """`passerelle run attendance --only worker` on a data directory, over all its lives."""

    data_dir: Path
    kafka: str
    port: int = field(default_factory=free_port)
    settings: Mapping[str, str] = field(default_factory=dict)
    program: str | None = None
    process: Started | asyncio.subprocess.Process | None = None

    async def start(self, *, installed: Path | None = None) -> None:
        """Start it; it is not yet ready then. What it says is in `worker.log`.

        `installed` is the folder of another installation than this one.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        settings = {
            "PASSERELLE_DATA_DIR": str(self.data_dir),
            "PASSERELLE_KAFKA": self.kafka,
            "PASSERELLE_PORT": str(self.port),
            "PASSERELLE_SECRET_KEY": SECRET_KEY,
            **self.settings,
        }
        log = self.data_dir / "worker.log"
        if installed is None and self.program is None:
            self.process = await start(*COMMAND, settings=settings, out=log, said=log)
            return
        if installed is not None:  # Safe: else what lies in the current folder would win.
            settings |= {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
        with log.open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", self.program or "services.command_line", *COMMAND),
                env={**os.environ, **settings},
                stdout=output,
                stderr=output,
            )

    async def revive(self) -> None:
        """Start it again if it has ended by itself, as the supervisor does."""
        if self.process is not None and self.process.returncode not in (None, -signal.SIGKILL):
            await self.start()

    async def ready(self, *, within: float = DEADLINE_SECONDS) -> None:
        """Return when it consumes what the group has given it; it is started again if it has ended by itself."""
        async with asyncio.timeout(within), aiohttp.ClientSession() as session:
            while True:
                await self.revive()
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{self.port}/health/ready") as response:
                        if response.ok:
                            return
                await asyncio.sleep(0.1)

    async def metric(self, name: str) -> float:
        """A metric of it, over all labels."""
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.port}/metrics") as response,
        ):
            lines = (await response.text()).splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))

    @asynccontextmanager
    async def standing_still(self) -> AsyncIterator[None]:
        """Stop it, as a laptop that is shut, for as long as the block lasts."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Stop it in good order; gives its exit code."""
        return await self._end(signal.SIGTERM)

    async def ended(self) -> int:
        """Wait until it ends by itself; gives its exit code."""
        assert self.process is not None
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self.process.wait()

    async def _end(self, number: signal.Signals) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.ended()


@asynccontextmanager
async def worker_process(
    data_dir: Path, kafka: str, *, settings: Mapping[str, str] | None = None, program: str | None = None
) -> AsyncIterator[WorkerProcess]:
    """A worker that runs, and is gone at the end; `settings` are its environment, `program` a module in its place."""
    worker = WorkerProcess(data_dir=data_dir, kafka=kafka, settings=settings or {}, program=program)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.kill()


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """The topics of one Kafka, as a test writes and reads them."""

    settings: AttendanceSettings

    async def produce(self, arrivals: Iterable[Arrival]) -> None:
        """Write records; the topics are made first."""
        await ensure_topics(self.settings.kafka, topics.ALL, partitions=self.settings.partitions)
        producer = new_producer(self.settings, client_id="test-facts")
        await producer.start()
        try:
            await asyncio.gather(*[await producer.send(a.topic, a.value, key=a.key) for a in arrivals])
        finally:
            await producer.stop()

    async def read(self, topic: str) -> list[ConsumerRecord[bytes, bytes]]:
        """All records that a topic holds now, by partition and offset."""
        consumer = new_consumer(self.settings, client_id="test-reader")
        await consumer.start()
        try:
            parts = [TopicPartition(topic, number) for number in range(self.settings.partitions)]
            ends = {part: end for part, end in (await consumer.end_offsets(parts)).items() if end > 0}
            consumer.assign(list(ends))
            records: list[ConsumerRecord[bytes, bytes]] = []
            while any([await consumer.position(part) < end for part, end in ends.items()]):
                polled = await consumer.getmany(timeout_ms=200)
                records.extend(record for batch in polled.values() for record in batch)
            return sorted(records, key=lambda record: (record.partition, record.offset))
        finally:
            await consumer.stop()

    async def written(self, topic: str) -> int:
        """How many records were ever written to a topic."""
        async with self._asking() as (consumer, _):
            parts = [TopicPartition(topic, number) for number in range(self.settings.partitions)]
            return sum((await consumer.end_offsets(parts)).values())

    async def lag(self) -> int:
        """How many facts are not committed."""
        async with self._asking() as (consumer, admin):
            return await self._lag(consumer, admin)

    async def worked_off(self) -> None:
        """Return when every fact is committed."""
        async with asyncio.timeout(DEADLINE_SECONDS), self._asking() as (consumer, admin):
            while await self._lag(consumer, admin) > 0:
                await asyncio.sleep(0.05)

    async def _lag(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> int:
        committed = await _committed(admin)
        parts = [TopicPartition(t.name, n) for t in topics.INPUTS for n in range(self.settings.partitions)]
        ends = await consumer.end_offsets(parts)
        return sum(end - (committed[part].offset if part in committed else 0) for part, end in ends.items())

    @asynccontextmanager
    async def _asking(self) -> AsyncIterator[tuple[AIOKafkaConsumer, AIOKafkaAdminClient]]:
        consumer = new_consumer(self.settings, client_id="test-lag")
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.kafka)
        await consumer.start()
        await admin.start()
        try:
            yield consumer, admin
        finally:
            await admin.close()
            await consumer.stop()

    async def presences(self) -> dict[str, dict[str, Any]]:
        """What stands on the presence topic once it is compacted, by key, without the worker's own state."""
        last: dict[str, dict[str, Any]] = {}
        for record in await self.read(topics.PRESENCE.name):
            if record.value is None:
                last.pop(record.key.decode(), None)
                continue
            document = json.loads(record.value)
            for name in ("facts", "state"):
                document["data"].pop(name, None)
            last[record.key.decode()] = document
        return last

    async def entries(self) -> dict[str, set[bytes]]:
        """All that was told of each fact that came in; what attendance inferred is none of them."""
        told: dict[str, set[bytes]] = {}
        for record in await self.read(topics.TIMELINE.name):
            entry = json.loads(record.value)
            if entry["data"]["fact"]["type"] != END_INFERRED:
                told.setdefault(entry["id"], set()).add(record.value)
        return told


async def _committed(admin: AIOKafkaAdminClient) -> dict[TopicPartition, OffsetAndMetadata]:
    """What the group has committed; nothing while Kafka makes the topic of groups."""
    with contextlib.suppress(KafkaError):
        return dict(await admin.list_consumer_group_offsets(APP_ID))
    return {}


def log_of(kafka: str, data_dir: Path) -> Log:
    """The topics of a Kafka."""
    return Log(settings=settings_for(AttendanceSettings, data_dir=data_dir, kafka=kafka))


def expected(arrivals: Sequence[Arrival]) -> dict[str, dict[str, Any]]:
    """What the fold of all facts at once makes of everybody, in the words of the presence topic."""
    by_event: dict[str, list[Fact]] = {}
    for arrival in arrivals:
        by_event.setdefault(arrival.key.decode(), []).append(read_fact(arrival.value))
    return {
        f"{event_id}/{subject}": {
            "status": presence.status.value,
            "intervals": [
                (
                    interval.mode.value,
                    interval.start,
                    interval.end,
                    interval.via,
                    interval.start_inferred,
                    interval.end_inferred and interval.end_inferred.value,
                )
                for interval in presence.intervals
            ],
            "registration": presence.registration and presence.registration.value,
            "linked_to": presence.linked_to,
        }
        for event_id, facts in by_event.items()
        for subject, presence in fold_event(facts).people.items()
    }


def told(presences: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the presence topic says, in the form of `expected`."""
    said = {}
    for key, record in presences.items():
        presence = decode(json.dumps(record).encode())
        assert isinstance(presence, PresenceChanged)
        data = presence.data
        said[key] = {
            "status": data.status.value,
            "intervals": [
                (
                    interval.mode.value,
                    round(interval.start.timestamp() * 1000),
                    interval.end and round(interval.end.timestamp() * 1000),
                    interval.via,
                    interval.start_inferred,
                    interval.end_inferred and interval.end_inferred.value,
                )
                for interval in data.intervals
            ],
            "registration": data.registration and str(data.registration),
            "linked_to": data.linked_to,
        }
    return said
