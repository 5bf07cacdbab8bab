"""The whole of it, as `passerelle up` runs it: a colloquium is played through HTTP while processes are killed.

After each restart nothing is lost: the presence that the system answers equals, to the second, the one that was played,
and the fold of the facts in the log.
"""

import asyncio
from datetime import UTC, datetime

import psutil
import pytest

from deploy.local.demo.client import Client
from deploy.local.demo.colloquium import colloquium
from deploy.local.demo.compare import compare
from deploy.local.demo.play import Play
from deploy.local.demo.scenario import BREAK, END, WORKSHOP
from deploy.local.up import Running
from tests.fakes.programs import PROGRAMS, alive

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

OPENS_AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
SPEED = 1500.0


async def test_what_is_played_is_what_the_system_answers(passerelle: tuple[Running, str]) -> None:
    running, token = passerelle
    await _play_and_compare(running, token, victims={})


@pytest.mark.parametrize("victim", sorted(PROGRAMS))
async def test_nothing_is_lost_when_a_process_is_killed(passerelle: tuple[Running, str], victim: str) -> None:
    running, token = passerelle
    await _play_and_compare(running, token, victims={BREAK // 2: [victim], WORKSHOP + (END - WORKSHOP) // 2: [victim]})


async def test_nothing_is_lost_when_all_are_killed_at_once(passerelle: tuple[Running, str]) -> None:
    running, token = passerelle
    await _play_and_compare(running, token, victims={BREAK // 2: list(PROGRAMS)})


async def _play_and_compare(running: Running, token: str, *, victims: dict[int, list[str]]) -> None:
    """Play a small colloquium, kill the victims at their seconds of the play, and compare at the end."""
    pending = sorted(victims.items())

    def kill_when_due(second: int) -> None:
        while pending and second >= pending[0][0]:
            for process in [_process(running, name) for name in pending.pop(0)[1]]:
                process.kill()

    async with Client(running.address, token) as client:
        play = Play(scenario=colloquium(participants=60), client=client, opens_at=OPENS_AT)
        await play.prepare()
        await play.perform(speed=SPEED, on_act=kill_when_due)
        comparison = await compare(play, patience=90)
    assert not pending, "the play was over before all victims were killed"
    assert comparison.differences == ()
    assert comparison.people > 60


def _process(running: Running, name: str) -> psutil.Process:
    """The process of a program of this run."""
    (process,) = alive(running, name)
    return process


async def test_a_play_can_run_beside_another(passerelle: tuple[Running, str]) -> None:
    running, token = passerelle
    await asyncio.gather(*(_play_and_compare(running, token, victims={}) for _ in range(2)))
