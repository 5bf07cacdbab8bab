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
from tests.fakes.attendance_worker import expected, log_of, told, worker_process

SMALL = Workload(events=6, participants=25, guests=0.3)
LARGE = Workload(events=12, participants=60, guests=0.1)
KILLED = 4
SESSION = {"PASSERELLE_SESSION_SECONDS": "6"}
"""Kafka gives the partitions of a worker that was killed to the next one after so long."""
DEADLINE_SECONDS = 90


@pytest.mark.faults
@pytest.mark.timeout(400)
async def test_a_worker_killed_again_and_again_loses_nothing(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    arrivals = list(LARGE.arrivals())
    chance = random.Random(11)
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    size = len(arrivals) // KILLED + 1
    async with worker_process(tmp_path, own_kafka.bootstrap_servers, settings=SESSION) as worker:
        for start in range(0, len(arrivals), size):
            told_before = await log.written(topics.PRESENCE.name) if start else 0
            await log.produce(arrivals[start : start + size])
            async with asyncio.timeout(DEADLINE_SECONDS):
                while await log.written(topics.PRESENCE.name) == told_before:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(chance.uniform(0, 0.3))
            await worker.kill()
            await worker.start()
        await log.worked_off()

    assert told(await log.presences()) == expected(arrivals)
    entries = await log.entries()
    assert set(entries) == {json.loads(arrival.value)["id"] for arrival in arrivals}
    assert {len(words) for words in entries.values()} == {1}


@pytest.mark.faults
@pytest.mark.timeout(240)
async def test_a_worker_waits_for_a_broker_that_is_away_and_without_its_disk_finds_its_state_on_the_topics(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    arrivals = list(SMALL.arrivals())
    first, second = len(arrivals) // 3, 2 * len(arrivals) // 3
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    await log.produce(arrivals[:first])
    async with worker_process(tmp_path, own_kafka.bootstrap_servers) as worker:
        await log.worked_off()
        said = tmp_path / "worker.log"
        before = said.stat().st_size
        await own_kafka.kill()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while said.stat().st_size == before:  # it says so when it notices
                await asyncio.sleep(0.1)
        await own_kafka.start()
        await log.produce(arrivals[first:second])
        await log.worked_off()
        assert await worker.stop() == 0, "it has not ended meanwhile"

        shutil.rmtree(tmp_path / "attendance")
        await worker.start()
        await log.produce(arrivals[second:])
        await log.worked_off()

    assert told(await log.presences()) == expected(arrivals)


@pytest.mark.faults
@pytest.mark.timeout(240)
async def test_a_worker_that_never_finds_its_coordinator_again_ends_and_goes_on_when_it_is_started_again(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    """What once stopped all commits: the task from which aiokafka's consumer has its metadata had died."""
    arrivals = list(SMALL.arrivals())
    half = len(arrivals) // 2
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    await log.produce(arrivals[:half])
    async with worker_process(tmp_path, own_kafka.bootstrap_servers, program="tests.fakes.mortal_worker") as worker:
        await log.worked_off()
        (tmp_path / "die").touch()
        await own_kafka.kill()
        await own_kafka.start()
        await log.produce(arrivals[half:])
        assert await worker.ended() == 1
        assert "attendance.coordinator_lost" in (tmp_path / "worker.log").read_text()
        (tmp_path / "die").unlink()
        await worker.start()
        await log.worked_off()

    assert told(await log.presences()) == expected(arrivals)
