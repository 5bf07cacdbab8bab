"""When a worker holds that its group's coordinator is there and only its own consumer does not find it."""

import asyncio
from collections.abc import Iterator

import pytest

from services.attendance.stream.coordinator_watch import CoordinatorLostError, watch_coordinator

LOOK = 0.01


class Looks:
    """What the consumer knows and what another client finds, look after look; the last answer stays."""

    def __init__(self, *looks: tuple[bool, bool]) -> None:
        self.count = 0
        self._looks: Iterator[tuple[bool, bool]] = iter(looks)
        self._now = looks[0]

    def known(self) -> bool:
        self.count += 1
        self._now = next(self._looks, self._now)
        return self._now[0]

    async def found(self) -> bool:
        return self._now[1]


async def watched(looks: Looks, *, patience: float, seconds: float = 1.0) -> None:
    async with asyncio.timeout(seconds):
        await watch_coordinator(looks.known, looks.found, patience=patience, every=LOOK)


async def test_a_coordinator_that_others_find_and_the_consumer_does_not_is_lost() -> None:
    with pytest.raises(CoordinatorLostError):
        await watched(Looks((True, True), (False, True)), patience=3 * LOOK)


@pytest.mark.parametrize("looks", [[(True, True)], [(False, False)], [(True, False), (False, False)]])
async def test_a_known_coordinator_and_a_kafka_that_is_away_are_waited_for(looks: list[tuple[bool, bool]]) -> None:
    with pytest.raises(TimeoutError):
        await watched(Looks(*looks), patience=0, seconds=20 * LOOK)


async def test_each_return_of_kafka_is_given_time() -> None:
    away, back = (False, False), (False, True)
    looks = Looks(back, *[away, back] * 10, (True, True))
    with pytest.raises(TimeoutError):
        await watched(looks, patience=LOOK / 2, seconds=40 * LOOK)
    assert looks.count > 20
