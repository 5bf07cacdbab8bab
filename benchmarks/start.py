"""Start: seconds from `passerelle up` to its address, with everything ready behind it, and the memory of all processes.

    python -m benchmarks.start [--facts 20000] [--rounds 3]

`first` is a start on an empty directory (what is fetched or made once for all is there already), `warm` one on the data
of these facts, `after kill -9` one on the same data when every process was killed in its work. Memory is the sum of the
proportional set sizes (PSS, Linux): what processes share counts once.
"""

import argparse
import asyncio
import contextlib
import logging
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

import psutil
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import OffsetAndMetadata

from benchmarks.workload import Workload
from deploy.local.kafka_files import choose_ports
from schemas import topics
from services.attendance.stream.membership import APP_ID
from services.chassis.command import KAFKA_ADDRESS
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.settings import CommonSettings, load_settings

_PATIENCE_SECONDS: Final = 120
_FACTS_OF_A_PERSON: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A running Passerelle, and what its start took."""

    process: psutil.Process
    seconds: float

    def memory(self) -> float:
        """Megabytes (10⁶) of all its processes."""
        return sum(one.memory_full_info().pss for one in self._all()) / 1e6

    def cpu(self) -> float:
        """Seconds of CPU of all its processes: on a crowded machine they say more than those on the clock."""
        return sum(times.user + times.system for times in (one.cpu_times() for one in self._all()))

    def kill(self) -> None:
        """Kill every process of it, so that none can tidy up."""
        for one in reversed(self._all()):  # who loses its parent begins to tidy up
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@asynccontextmanager
async def started(data_dir: Path) -> AsyncIterator[Started]:
    """`passerelle up`; it is stopped at the end, in good order if it still runs."""
    (data_dir / "kafka").mkdir(parents=True, exist_ok=True)
    choose_ports(data_dir / "kafka", preferred=0)  # remembered: not where the Kafka of somebody else may be
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.command_line", "up", "--data-dir", str(data_dir), "--port", str(port)),
        env={name: value for name, value in os.environ.items() if not name.startswith("PASSERELLE_")},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None  # noqa: S101  (it is a pipe)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while b"Passerelle is at" not in (line := await process.stderr.readline()):
                if not line:
                    sys.exit(f"passerelle up ended with {await process.wait()}: see {data_dir / 'logs'}")
        yield Started(process=psutil.Process(process.pid), seconds=time.monotonic() - began)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def feed(data_dir: Path, *, facts: int) -> None:
    """Have it work off so many facts."""
    settings = load_settings(CommonSettings, data_dir=data_dir, kafka=(data_dir / KAFKA_ADDRESS).read_text().strip())
    producer, consumer = new_producer(settings, client_id="bench"), new_consumer(settings, client_id="bench")
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka)
    await asyncio.gather(producer.start(), consumer.start(), admin.start())
    try:
        load = Workload(events=4, participants=max(1, facts // 4 // _FACTS_OF_A_PERSON), stays=_FACTS_OF_A_PERSON // 2)
        sent = [await producer.send(each.topic, each.value, key=each.key) for each in load.arrivals()]
        await asyncio.gather(*sent)
        parts = [TopicPartition(topic.name, n) for topic in topics.INPUTS for n in range(settings.partitions)]
        ends = await consumer.end_offsets(parts)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            # Kafka tells nobody of commits.
            while not _all_before(ends, await admin.list_consumer_group_offsets(APP_ID)):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
    finally:
        await asyncio.gather(producer.stop(), consumer.stop(), admin.close())


def _all_before(ends: Mapping[TopicPartition, int], committed: Mapping[TopicPartition, OffsetAndMetadata]) -> bool:
    return all(part in committed and committed[part].offset >= end for part, end in ends.items())


async def measure(*, facts: int, rounds: int) -> None:
    """Measure and print."""
    first, warm, crashed, memory, cpu = [], [], [], [], []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for number in range(rounds):
            data_dir = Path(folder) / str(number)
            data_dir.mkdir()
            async with started(data_dir) as running:
                first.append(running.seconds)
                await feed(data_dir, facts=facts)
            async with started(data_dir) as running:
                warm.append(running.seconds)
                cpu.append(running.cpu())
                memory.append(running.memory())
                running.kill()
            async with started(data_dir) as running:
                crashed.append(running.seconds)
    for name, seconds in {"first": first, "warm": warm, "after kill -9": crashed}.items():
        print(f"{name}: {median(seconds):.1f} s until everything is ready ({min(seconds):.1f} to {max(seconds):.1f})")
    print(f"warm: {min(cpu):.1f} s of CPU at least, {median(memory):.0f} MB, of all processes")


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.start", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--facts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(measure(facts=options.facts, rounds=options.rounds))


if __name__ == "__main__":
    main()
