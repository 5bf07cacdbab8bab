"""The worker killed, robbed of its disk and left without a broker: what it tells stays the fold of the facts."""

import asyncio
import json
import random
import shutil
from pathlib import Path

import pytest

from benchmarks.workload import Workload
from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from tests.fakes.attendance_worker import Log, expected, log_of, told, worker_process

SMALL = Workload(events=6, participants=25, guests=0.3)
LARGE = Workload(events=12, participants=60, guests=0.1)


@pytest.mark.faults
@pytest.mark.timeout(400)
async def test_a_worker_killed_again_and_again_loses_nothing(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    arrivals = list(LARGE.arrivals())
    chance = random.Random(11)
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    size = len(arrivals) // 6 + 1
    async with worker_process(tmp_path, own_kafka.bootstrap_servers) as worker:
        for start in range(0, len(arrivals), size):
            seen = len(await log.read(topics.PRESENCE.name)) if start else 0
            await log.produce(arrivals[start : start + size])
            await _some_told(log, topics.PRESENCE.name, seen)
            await asyncio.sleep(chance.uniform(0, 0.3))
            await worker.kill()
            await worker.start()
        await log.worked_off()

    assert told(await log.presences()) == expected(arrivals)
    entries = await log.entries()
    assert set(entries) == {json.loads(arrival.value)["id"] for arrival in arrivals}
    assert {len(words) for words in entries.values()} == {1}


async def _some_told(log: Log, topic: str, seen: int) -> None:
    async with asyncio.timeout(60):
        while len(await log.read(topic)) <= seen:
            await asyncio.sleep(0.02)


@pytest.mark.faults
async def test_a_worker_that_lost_its_disk_finds_its_state_on_the_topics(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    arrivals = list(SMALL.arrivals())
    half = len(arrivals) // 2
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    await log.produce(arrivals[:half])
    async with worker_process(tmp_path, own_kafka.bootstrap_servers) as worker:
        await log.worked_off()
        assert await worker.stop() == 0

        shutil.rmtree(tmp_path / "attendance")
        await worker.start()
        await log.produce(arrivals[half:])
        await log.worked_off()

    assert told(await log.presences()) == expected(arrivals)


@pytest.mark.faults
async def test_a_worker_waits_for_a_broker_that_is_away(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    arrivals = list(SMALL.arrivals())
    half = len(arrivals) // 2
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    await log.produce(arrivals[:half])
    async with worker_process(tmp_path, own_kafka.bootstrap_servers) as worker:
        await log.worked_off()
        await own_kafka.kill()
        await asyncio.sleep(5)
        await own_kafka.start()
        await log.produce(arrivals[half:])
        await log.worked_off()
        assert worker.process is not None
        assert worker.process.returncode is None

    assert told(await log.presences()) == expected(arrivals)
