"""Sizes: what a fact costs against the size of its event, and against the reconnects of its participant.

    python -m benchmarks.sizes [--facts 100000]

The first table is the worker as it ships: all facts are of one event, and so on one hot partition. The second is its
fold alone, one fact at a time as on a quiet day: from the record's bytes to the bytes that are told and kept.
"""

import argparse
import asyncio
import logging
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Final

import structlog

from benchmarks.peers.brokers import copy_of
from benchmarks.peers.contenders import WORKER
from benchmarks.peers.load import Load
from benchmarks.peers.preparing import prepare
from benchmarks.peers.race import Run, race
from schemas.envelope import format_instant
from services.attendance.application.partition_fold import PartitionFold
from services.attendance.application.translation import instant
from tests.fakes.attendance_state import MemoryStored

PARTICIPANTS: Final = (200, 2_000, 20_000)
RECONNECTS: Final = (10, 100, 1_000, 5_000)
_OPENS_AT: Final = 1_795_334_400_000
_STEP: Final = 4_000
_TRIES: Final = 41


async def measure_worker(participants: int, *, facts: int, disordered: float) -> Run:
    """The worker on one event of so many participants."""
    stays = max(1, round(facts / participants / 2))
    load = Load(records=facts, participants=participants, stays=stays, disordered=disordered)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        prepared = await prepare(load, Path(folder))
        async with copy_of(prepared.template) as (servers, directory):
            return await race(
                WORKER, servers=servers, directory=directory, facts=prepared.facts, answers=prepared.answers
            )


class Participant:
    """One participant of one event, online, who loses the connection again and again."""

    def __init__(self, reconnects: int) -> None:
        """Take in all of their facts, some at a time, as rounds do."""
        self._stored = MemoryStored()
        self._fold = PartitionFold(self._stored)
        self._chance = random.Random(reconnects)
        for number in range(reconnects):
            self._fold.take(b"e0", self._fact(number, opens=True))
            self._fold.take(b"e0", self._fact(number, opens=False))
            if number % 10 == 0:
                self._settle()
        self._settle()
        self._reconnects = reconnects

    def in_order(self) -> Iterator[float]:
        """Seconds that each of the next facts takes, and what it leads to."""
        for number in range(self._reconnects, self._reconnects + _TRIES // 2):
            for opens in (True, False):
                yield self._taken(self._fact(number, opens=opens))

    def out_of_order(self) -> Iterator[float]:
        """Seconds that each of some facts takes that should have come long ago: of connections nobody has told of."""
        for number in range(_TRIES):
            at = self._chance.randrange(self._reconnects // 2 or 1)
            yield self._taken(self._fact(at, opens=number % 2 == 0, connection=f"late{number}"))

    def bytes_kept(self) -> tuple[int, int]:
        """The size of all records of the participant, and of the one that a fact in order writes."""
        sizes = [len(record) for record in self._stored.presences.values()]
        return sum(sizes), len(self._stored.presences[b"e0/p0"])

    def _taken(self, value: bytes) -> float:
        began = time.perf_counter()
        self._fold.take(b"e0", value)
        output = self._fold.flush()
        took = time.perf_counter() - began
        self._stored.keep(output)
        self._fold.settled(output)
        return took

    def _settle(self) -> None:
        output = self._fold.flush()
        self._stored.keep(output)
        self._fold.settled(output)

    def _fact(self, number: int, *, opens: bool, connection: str | None = None) -> bytes:
        at = format_instant(instant(_OPENS_AT + _STEP * number + (0 if opens else _STEP // 2)))
        return (
            f'{{"specversion":"1.0","id":"{self._chance.getrandbits(48):012x}","source":"/bridge/jitsi/a",'
            f'"type":"passerelle.participation.{"joined" if opens else "left"}.v1","subject":"p0","time":"{at}",'
            f'"recordedtime":"{at}","data":{{"event_id":"e0","room":"r","connection":"{connection or number}"}}}}'
        ).encode()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sizes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--facts", type=int, default=100_000)
    facts = parser.parse_args().facts
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    lines = []
    for participants in PARTICIPANTS:
        in_order_run, late_run = (
            asyncio.run(measure_worker(participants, facts=facts, disordered=disordered)) for disordered in (0, 0.05)
        )
        figures = " | ".join(f"{run.rate:,.0f} | {run.cpu:.1f}" for run in (in_order_run, late_run))
        lines.append(
            f"| {participants:,} | {facts // participants:,} | {figures} | {late_run.memory >> 20} | "
            f"{in_order_run.wrong + late_run.wrong} |"
        )
    print("\n| participants | facts each | in order: facts/s | µs | 5 % late: facts/s | µs | MiB | wrong |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    print("\n".join(lines), flush=True)
    print("\n| reconnects of one participant | µs in order | µs out of order | KiB written in order | KiB kept |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for reconnects in RECONNECTS:
        participant = Participant(reconnects)
        in_order = 1e6 * median(participant.in_order())
        kept, written = participant.bytes_kept()
        late = 1e6 * median(participant.out_of_order())
        sizes = f"{written / 1024:.1f} | {kept / 1024:.1f}"
        print(f"| {reconnects:,} | {in_order:,.0f} | {late:,.0f} | {sizes} |", flush=True)


if __name__ == "__main__":
    main()
