"""The worker: facts a second through one process, from the embedded Kafka to the embedded Kafka.

    python -m benchmarks.worker [--events 20] [--participants 500] [--stays 4]

All facts stand on the topics before the worker starts; the clock runs from its first timeline entry to its last. At the
end every presence is compared with the fold of all facts at once. The whole load of `performance.md` is `--events 200`.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition

from benchmarks.workload import Arrival, Workload
from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from schemas.decode import KnownFact, decode
from schemas.presence import PresenceChanged
from services.attendance.application.records import seconds
from services.attendance.application.translation import document, domain_fact
from services.attendance.domain.fold import fold_event
from services.attendance.settings import AttendanceSettings
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.settings import load_settings
from services.chassis.topics import ensure_topics

_PATIENCE_SECONDS: Final = 60.0
_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured."""

    facts: int
    seconds: float
    cpu_seconds: float
    memory: int
    wrong: int


async def measure(load: Workload) -> Figures:
    """Run the load once, on a broker and a data directory of its own."""
    arrivals = list(load.arrivals())
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedKafka(Path(folder)).running() as servers:
            settings = load_settings(AttendanceSettings, data_dir=Path(folder), kafka=servers)
            await _produce(settings, arrivals)
            worker = await _start(settings)
            try:
                took, cpu, memory = await _watch(settings, psutil.Process(worker.pid), _ids(arrivals))
            finally:
                worker.send_signal(signal.SIGTERM)
                await worker.wait()
            wrong = await _wrong(settings, arrivals)
    return Figures(facts=len(arrivals), seconds=took, cpu_seconds=cpu, memory=memory, wrong=wrong)


async def _produce(settings: AttendanceSettings, arrivals: list[Arrival]) -> None:
    await ensure_topics(settings.kafka, topics.ALL, partitions=settings.partitions)
    producer = new_producer(settings, client_id="benchmark")
    await producer.start()
    for start in range(0, len(arrivals), _AT_ONCE):
        sent = [await producer.send(a.topic, a.value, key=a.key) for a in arrivals[start : start + _AT_ONCE]]
        await asyncio.gather(*sent)
    await producer.stop()


async def _start(settings: AttendanceSettings) -> asyncio.subprocess.Process:
    environment = os.environ | {
        "PASSERELLE_KAFKA": settings.kafka,
        "PASSERELLE_PORT": "0",
        "PASSERELLE_DATA_DIR": str(settings.data_dir),
        "PASSERELLE_LOG_LEVEL": "warning",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.attendance", "--only", "worker", env=environment
    )


async def _watch(settings: AttendanceSettings, worker: psutil.Process, expected: set[str]) -> tuple[float, float, int]:
    """Wait until each fact has its entry; gives seconds, seconds of CPU, and the most bytes resident."""
    missing = set(expected)
    began, cpu_began, memory = 0.0, 0.0, 0
    consumer = await _reader(settings, topics.TIMELINE.name)
    try:
        while missing:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                polled = await consumer.getmany(timeout_ms=1000)
                while not polled:
                    polled = await consumer.getmany(timeout_ms=1000)
            now, cpu = time.monotonic(), sum(worker.cpu_times()[:2])
            began, cpu_began = began or now, cpu_began or cpu
            memory = max(memory, worker.memory_info().rss)
            for batch in polled.values():
                missing.difference_update(json.loads(record.value)["id"] for record in batch)
        return time.monotonic() - began, sum(worker.cpu_times()[:2]) - cpu_began, memory
    finally:
        await consumer.stop()


async def _wrong(settings: AttendanceSettings, arrivals: list[Arrival]) -> int:
    """How many people's seconds or status differ from the fold of all facts at once."""
    by_event: dict[str, list[KnownFact]] = {}
    for arrival in arrivals:
        by_event.setdefault(arrival.key.decode(), []).append(decode(arrival.value))
    expected = {
        f"{event_id}/{subject}": (presence.status.value, seconds(presence.durations))
        for event_id, facts in by_event.items()
        for subject, presence in fold_event(domain_fact(document(fact), copies=True) for fact in facts).people.items()
    }
    found = {}
    consumer = await _reader(settings, topics.PRESENCE.name)
    try:
        while polled := await consumer.getmany(timeout_ms=2000):
            for record in (record for batch in polled.values() for record in batch):
                presence = decode(record.value)
                if isinstance(presence, PresenceChanged):
                    found[record.key.decode()] = (presence.data.status.value, presence.data.seconds.model_dump())
    finally:
        await consumer.stop()
    return sum(found.get(key) != value for key, value in expected.items()) + len(found.keys() - expected.keys())


async def _reader(settings: AttendanceSettings, topic: str) -> AIOKafkaConsumer:
    consumer = new_consumer(settings, client_id="benchmark")
    await consumer.start()
    consumer.assign([TopicPartition(topic, number) for number in range(settings.partitions)])
    return consumer


def _ids(arrivals: list[Arrival]) -> set[str]:
    return {json.loads(arrival.value)["id"] for arrival in arrivals}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--participants", type=int, default=500)
    parser.add_argument("--stays", type=int, default=4, help="times that each participant comes")
    options = parser.parse_args()
    load = Workload(events=options.events, participants=options.participants, stays=options.stays)
    figures = asyncio.run(measure(load))
    print(
        f"worker: {figures.facts} facts in {figures.seconds:.1f} s: {figures.facts / figures.seconds:,.0f} facts/s, "
        f"{1e6 * figures.cpu_seconds / figures.facts:.0f} µs of CPU a fact, {figures.memory >> 20} MiB resident, "
        f"{figures.wrong} presences wrong"
    )
    if figures.wrong:
        sys.exit(1)


if __name__ == "__main__":
    main()
