"""The worker's hop alone: from a fact produced to its topic until its timeline entry is consumed, beside others' loops.

    python -m benchmarks.latency_worker [--rates 100 1000] [--seconds 10] [--rounds 1] [--of worker aiokafka+core …]

`aiokafka+core` is raw aiokafka around the very fold of the worker, telling the same records, with no durable state:
what the loop costs at least. Each has a broker of its own, and the same facts: those of a busy day, none late.
"""

import argparse
import asyncio
import os
import re
import statistics
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from rich.console import Console
from rich.table import Table

from benchmarks.latency_load import Figures, Tally, open_loop
from benchmarks.peers.contenders import ALL, ROOT, Contender, Start
from benchmarks.peers.load import Load
from benchmarks.workload import Arrival
from deploy.local.kafka import EmbeddedKafka
from deploy.local.tied import tied
from schemas import topics
from schemas.topics import DEFAULT_PARTITIONS, Topic
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.settings import CommonSettings, load_settings
from services.chassis.topics import ensure_topics

_WARM_UP_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 60.0
_ID: Final = re.compile(rb'"id": ?"([^"]+)"')
_USUAL: Final = ("worker", "aiokafka+core", "faust-rocksdb+timeline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One contender at one rate."""

    label: str
    rate: float
    figures: Figures


async def measure(contender: Contender, rates: Sequence[float], *, seconds: float) -> list[Run]:
    """One contender on a broker of its own, at each rate in turn."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        async with EmbeddedKafka(Path(folder), port=0).running() as servers:
            start = Start(servers=servers, group="bench", directory=Path(folder) / "bench", entries=True)
            start.directory.mkdir()
            entries = topics.TIMELINE.name if contender.own_topics else start.entries_topic
            await _make_topics(servers, start.presence_topic, start.entries_topic)
            settings = load_settings(CommonSettings, data_dir=start.directory, kafka=servers)
            async with _running(contender, start), new_producer(settings, client_id="load") as producer:
                return [
                    Run(
                        label=contender.label,
                        rate=rate,
                        figures=await _through(settings, producer, entries, rate=rate, seconds=seconds),
                    )
                    for rate in rates
                ]


async def _make_topics(servers: str, *peers: str) -> None:
    named = [Topic(name=name, summary="", producers=(), consumers=()) for name in peers]
    await ensure_topics(servers, [*topics.ALL, *named], partitions=DEFAULT_PARTITIONS)


@asynccontextmanager
async def _running(contender: Contender, start: Start) -> AsyncIterator[None]:
    with (start.directory / "log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *tied(contender.command(start), parent=os.getpid()),
            cwd=ROOT,
            env=os.environ | contender.environment(start),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def _through(
    settings: CommonSettings, producer: AIOKafkaProducer, entries: str, *, rate: float, seconds: float
) -> Figures:
    count = int(rate * (seconds + _WARM_UP_SECONDS))
    load = Load(records=count + 1, duplicates=0, disordered=0, lost=0, seed=int(rate))
    known, *arrivals = load.arrivals()
    facts = {_id(arrival): arrival for arrival in (known, *arrivals)}
    # What an event is stands on a topic that peers do not read.
    moves = {one: arrival for one, arrival in facts.items() if arrival.topic != topics.REGISTRATION.name}
    for one in facts.keys() - moves.keys():
        await producer.send_and_wait(facts[one].topic, facts[one].value, key=facts[one].key)
    tally, sending = Tally(), set[asyncio.Task[None]]()

    async def produced(arrival: Arrival) -> None:
        await producer.send(arrival.topic, arrival.value, key=arrival.key)

    def send(one: str) -> None:
        tally.sent[one] = tally.due[one]
        task = asyncio.get_running_loop().create_task(produced(moves[one]))
        sending.add(task)
        task.add_done_callback(sending.discard)

    async with new_consumer(settings, entries, client_id="load") as consumer:
        following = asyncio.create_task(_follow(consumer, tally))
        first = next(iter(moves))
        # It is there once the first fact has come back; that it comes again is nothing to anybody.
        tally.due[first], tally.expected = 0, 1
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await produced(moves[first])
            await tally.complete.wait()
        tally.complete.clear()
        await open_loop([one for one in moves if one != first], rate, tally, send)
        tally.expected = len(moves)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await tally.complete.wait()
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    return tally.figures(after=int(rate * _WARM_UP_SECONDS))


async def _follow(consumer: AIOKafkaConsumer, tally: Tally) -> None:
    while True:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            tally.see([found[1].decode() for record in records if (found := _ID.search(record.value))])


def _id(arrival: Arrival) -> str:
    found = _ID.search(arrival.value)
    assert found is not None  # noqa: S101  (every fact has one)
    return found[1].decode()


def report(runs: Sequence[Run]) -> None:
    """Print the latencies, round after round, and how many times the median of the raw loop's medians they are."""
    told_raw = [run for run in runs if run.label.endswith("this worker's fold")]
    raw = {
        rate: statistics.median(run.figures.p50 for run in told_raw if run.rate == rate)
        for rate in {run.rate for run in told_raw}
    }
    table = Table("contender", title="fact → timeline entry, ms", title_justify="left")
    for name in ("rate/s", "facts", "lost", "p50", "p99", "× p50 of raw"):
        table.add_column(name, justify="right")
    for run in runs:
        told = run.figures
        ratio = f"{told.p50 / raw[run.rate]:.2f}" if run.rate in raw else ""
        table.add_row(
            run.label,
            f"{run.rate:g}",
            f"{told.count:,}",
            str(told.lost),
            f"{told.p50 * 1000:.1f}",
            f"{told.p99 * 1000:.1f}",
            ratio,
        )
    console = Console(width=120)
    console.print(table)
    console.print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=float, nargs="+", default=[100, 1000])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--of", nargs="+", default=_USUAL, choices=[one.name for one in ALL])
    given = parser.parse_args()
    runs: list[Run] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for _ in range(given.rounds):
            for contender in ALL:
                if contender.name in given.of and contender.missing() is None:
                    runs += runner.run(measure(contender, given.rates, seconds=given.seconds))
    report(runs)


if __name__ == "__main__":
    main()
