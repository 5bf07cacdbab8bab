"""The whole of it, as `passerelle up` runs it: two colloquiums are played through HTTP beside one another.

The presence that the system answers equals, to the second, the one that was played, and the fold of the facts in the
log. That nothing is lost when any of its processes is killed meanwhile is what `tests/faults` is about.
"""

import asyncio
from datetime import UTC, datetime

import pytest

from deploy.local.demo.client import Client
from deploy.local.demo.colloquium import colloquium
from deploy.local.demo.compare import compare
from deploy.local.demo.play import Play
from deploy.local.up import Running

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(300)]

OPENS_AT = datetime(2026, 11, 20, 7, 30, tzinfo=UTC)
SPEED = 1500.0


async def test_what_is_played_is_what_the_system_answers_also_beside_another_play(
    passerelle: tuple[Running, str],
) -> None:
    running, token = passerelle
    await asyncio.gather(*(_play_and_compare(running, token) for _ in range(2)))


async def _play_and_compare(running: Running, token: str) -> None:
    """Play a small colloquium, and compare at the end."""
    async with Client(running.address, token) as client:
        play = Play(scenario=colloquium(participants=60), client=client, opens_at=OPENS_AT)
        await play.prepare()
        await play.perform(speed=SPEED)
        comparison = await compare(play, patience=90)
    assert comparison.differences == ()
    assert comparison.people > 60
