"""The whole of Passerelle, hurt in every way at once: nothing is lost, doubled or wrong."""

import asyncio
import random
from pathlib import Path
from typing import Final

import pytest

from tests.faults.conftest import Tell
from tests.faults.flow import Flow
from tests.faults.injected import Victim, inject
from tests.faults.judgement import judge
from tests.faults.running import passerelle, perform, prepared_play
from tests.faults.spoilt import mixed, spoilt
from tests.faults.stream import stream, twice_and_shuffled

RECORDS: Final = 20_000
A_SECOND: Final = 600.0


@pytest.mark.faults
@pytest.mark.timeout(600)
async def test_whatever_is_hurt_nothing_is_lost_doubled_or_wrong(tmp_path: Path, seed: int, tell: Tell) -> None:
    arrivals = stream(records=RECORDS, seed=seed)
    bad = spoilt(arrivals, number=80, seed=seed)
    once = mixed(arrivals, bad, seed=seed)
    twice = [*once, *twice_and_shuffled(once, seed=seed)]
    async with passerelle(tmp_path) as system:
        play = await prepared_play(system.client, participants=60)
        flow = Flow(settings=system.log.settings, arrivals=twice, a_second=A_SECOND)
        faults = Victim(running=system.running, folder=tmp_path).faults()
        async with asyncio.TaskGroup() as group:
            group.create_task(flow.run())
            group.create_task(perform(play, seconds=len(twice) / A_SECOND))
            group.create_task(inject(faults, flow, chance=random.Random(seed), tell=tell))
        good = [*arrivals, *arrivals]
        counts = await judge(system, sent=good, faults=len(faults), spoilt=[*bad, *bad], play=play)
    tell(counts)
    assert counts.clean
