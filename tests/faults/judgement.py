"""The end of a run: wait until all is worked off, then count what is lost, doubled or wrong."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.workload import Arrival
from deploy.local.demo.compare import compare
from deploy.local.demo.play import Play
from schemas import topics
from tests.faults.running import Passerelle
from tests.faults.verdict import Differences, Expected, expected, in_the_read_model, on_the_topics

_PATIENCE_SECONDS: Final = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a run comes to."""

    records: int
    facts: int
    people: int
    faults: int
    retried: int
    differences: Differences
    dead: int
    dead_missing: int
    dead_unexpected: int
    lag: int
    worked_off: float
    caught_up: float
    """Seconds after the last record until every fact was committed, and until the read model had all."""

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.differences or self.dead_missing or self.dead_unexpected or self.lag)

    def __str__(self) -> str:
        """One line that says it all."""
        return (
            f"{self.records} records sent, {self.facts} facts about {self.people} people, {self.faults} faults "
            f"injected, {self.retried} requests tried again: {self.differences}; {self.dead} spoilt records in dead "
            f"letters, {self.dead_missing} of them missing, {self.dead_unexpected} more than should; lag {self.lag}; "
            f"all folded after {self.worked_off:.0f} s, all in the read model after {self.caught_up:.0f} s"
        )


async def judge(
    system: Passerelle,
    *,
    sent: Sequence[Arrival],
    faults: int,
    spoilt: Sequence[Arrival] = (),
    play: Play | None = None,
) -> Counts:
    """Compare what everything says with the fold of what was sent, spoilt records apart, and of what was played."""
    clock = asyncio.get_running_loop().time
    ended = clock()
    lag = await _worked_off(system)
    worked_off = clock() - ended
    good = [*sent, *(await _recorded(system, play.event_id) if play else ())]
    awaited = expected(good)
    differences = await _read_model(system, awaited)
    caught_up = clock() - ended
    differences |= await on_the_topics(system.log, awaited)
    if play:
        comparison = await compare(play, patience=_PATIENCE_SECONDS)
        differences |= Differences(wrong=frozenset(f"play {difference}" for difference in comparison.differences))
    letters = {(letter.key, letter.value) for letter in await system.log.read(topics.DEAD_LETTER.name)}
    bad = {(arrival.key, arrival.value) for arrival in spoilt}
    return Counts(
        records=len(good) + len(spoilt),
        facts=sum(len(standing.facts) for standing in awaited.values()),
        people=sum(len(standing.people) for standing in awaited.values()),
        faults=faults,
        retried=system.client.retried,
        differences=differences,
        dead=len(bad & letters),
        dead_missing=len(bad - letters),
        dead_unexpected=len(letters - bad),
        lag=lag,
        worked_off=worked_off,
        caught_up=caught_up,
    )


async def _worked_off(system: Passerelle) -> int:
    """Wait until every fact is committed; gives how many are not when patience ends."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while (lag := await system.log.lag()) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.2)
    return lag


async def _read_model(system: Passerelle, awaited: Expected) -> Differences:
    """Ask until the read model has caught up, for as long as patience lasts."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while (found := await in_the_read_model(system.client, awaited)) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(1)
    return found


async def _recorded(system: Passerelle, event_id: str) -> list[Arrival]:
    """The facts that the services themselves wrote about an event."""
    return [
        Arrival(topic=topic.name, key=record.key, value=record.value)
        for topic in topics.INPUTS
        for record in await system.log.read(topic.name)
        if record.key == event_id.encode()
    ]
