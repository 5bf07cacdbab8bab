"""Three brokers, replication 3, two in sync: one of them is killed for good in the middle of a stream."""

import asyncio
import random
from pathlib import Path
from typing import Final

import pytest

from services.attendance.stream.membership import APP_ID
from tests.faults.cluster import REPLICATION, Cluster, three_brokers
from tests.faults.conftest import Tell
from tests.faults.flow import Flow
from tests.faults.injected import Fault, Victim, inject
from tests.faults.judgement import judge
from tests.faults.running import passerelle, perform, prepared_play
from tests.faults.stream import stream

RECORDS: Final = 12_000
A_SECOND: Final = 400.0
WORKER_KILLED: Final = 2


@pytest.mark.faults
@pytest.mark.timeout(400)
async def test_the_stream_ends_complete_when_a_broker_is_lost_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, tell: Tell
) -> None:
    arrivals = stream(records=RECORDS, seed=seed)
    async with three_brokers(tmp_path) as cluster:
        monkeypatch.setenv("PASSERELLE_KAFKA", cluster.bootstrap_servers)
        monkeypatch.setenv("PASSERELLE_REPLICATION", str(REPLICATION))
        async with passerelle(tmp_path / "data") as system:
            play = await prepared_play(system.client, participants=30)
            flow = Flow(settings=system.log.settings, arrivals=arrivals, a_second=A_SECOND)
            victim = Victim(running=system.running, folder=tmp_path)
            faults = {
                "the broker that coordinates the workers is lost for good": _losing_the_coordinator(cluster),
                "kill -9 of the read side": victim.killing("attendance-web"),
                **{
                    f"kill -9 of the worker ({n + 1})": victim.killing("attendance-worker")
                    for n in range(WORKER_KILLED)
                },
            }
            async with asyncio.TaskGroup() as group:
                group.create_task(flow.run())
                group.create_task(perform(play, seconds=len(arrivals) / A_SECOND))
                group.create_task(inject(faults, flow, chance=random.Random(seed), tell=tell))
            counts = await judge(system, sent=arrivals, faults=len(faults), play=play)
    tell(counts)
    assert counts.clean


def _losing_the_coordinator(cluster: Cluster) -> Fault:
    """The broker that matters most to the worker: it coordinates its group, and leads a third of the partitions."""

    async def lose() -> None:
        await cluster.kill(await cluster.coordinator(APP_ID))

    return Fault(act=lose)
