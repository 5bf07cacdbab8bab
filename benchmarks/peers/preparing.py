"""A load, ready to be raced on: its facts on the topics of a broker's files, and what they must lead to."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from benchmarks.peers import brokers
from benchmarks.peers.load import Load
from benchmarks.peers.oracle import Answer, expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """How many facts there are, the directory they stand in, and everybody's answer."""

    facts: int
    template: Path
    answers: dict[bytes, Answer]


async def prepare(load: Load, template: Path) -> Prepared:
    """Generate a load, ask the oracle, and write it to topics."""
    arrivals = load.arrivals()
    size = mean(len(arrival.value) for arrival in arrivals)
    print(
        f"{len(arrivals):,} facts of {load.participants:,} participants at each of {load.events:,} events, "
        f"{size:.0f} bytes each on average",
        flush=True,
    )
    answers = await asyncio.to_thread(expected, arrivals)
    await brokers.prepare(template, arrivals)
    return Prepared(facts=len(arrivals), template=template, answers=answers)
