"""Sizes: what a fact costs against the size of its event, and against the reconnects of its participant.

    python -m benchmarks.sizes [--facts 100000] [--fold-only]

The first table is the worker as it ships: all facts are of one event, and so on one hot partition. The others are its
fold alone, in CPU time, one fact at a time as on a quiet day: from the record's bytes to the bytes that are told and
kept. The last is of an event whose guests turn out to be participants, and whose scans are taken back.
"""

import argparse
import asyncio
import logging
import random
import tempfile
import time
from collections.abc import Iterable, Iterator
from itertools import count
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
_CROWDS: Final = (10, 100, 400)
_KINDS: Final = {True: "joined", False: "left"}
_SOURCES: Final = {"participation": "/bridge/jitsi/a", "registration": "/registration", "checkin": "/registration/desk"}


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

    def late(self) -> Iterator[float]:
        """Seconds that each of some facts takes that the one after it has overtaken."""
        first = self._reconnects + _TRIES
        for number in range(first, first + _TRIES, 2):
            for opens in (True, False):
                self._taken(self._fact(number + 1, opens=opens))
                yield self._taken(self._fact(number, opens=opens))

    def out_of_order(self) -> Iterator[float]:
        """Seconds that each of some facts takes that should have come at any time, of connections not told of."""
        for number in range(_TRIES):
            at = self._chance.randrange(self._reconnects)
            yield self._taken(self._fact(at, opens=number % 2 == 0, connection=f"late{number}"))

    def repaired(self) -> Iterator[float]:
        """Seconds that each of some leaves takes that come for connections of long ago, so that those ended earlier."""
        for _ in range(_TRIES // 2):
            yield self._taken(self._fact(self._chance.randrange(self._reconnects), opens=False, early=True))

    def bytes_kept(self) -> tuple[int, int]:
        """The size of all records of the participant, and of the one that a fact in order writes."""
        sizes = [len(record) for record in self._stored.presences.values()]
        return sum(sizes), len(self._stored.presences[b"e0/p0"])

    def _taken(self, value: bytes) -> float:
        began = time.process_time()
        self._fold.take(b"e0", value)
        output = self._fold.flush()
        took = time.process_time() - began
        self._stored.keep(output)
        self._fold.settled(output)
        return took

    def _settle(self) -> None:
        output = self._fold.flush()
        self._stored.keep(output)
        self._fold.settled(output)

    def _fact(self, number: int, *, opens: bool, connection: str | None = None, early: bool = False) -> bytes:
        at = _STEP * number + (0 if opens else _STEP // 4 if early else _STEP // 2)
        data = f'"room":"r","connection":"{connection or number}"'
        return fact(f"{self._chance.getrandbits(48):012x}", "participation", _KINDS[opens], at, data, subject="p0")


class Crowd:
    """An event online of many who come as guests."""

    def __init__(self, size: int) -> None:
        """All have joined."""
        self._stored = MemoryStored()
        self._fold = PartitionFold(self._stored)
        self._size = size
        self._ids = count()
        for number in range(size):
            self._joined(number, f"g{number}")

    def linked(self) -> Iterator[float]:
        """Seconds that linking each takes."""
        for number in range(self._size):
            data = f'"guest_id":"g{number}","participant_id":"p{number}"'
            yield self._taken("registration", "identity.linked", data, f"p{number}")

    def linked_to_one(self) -> Iterator[float]:
        """The same, if all are one participant, who lost the connection so often."""
        for number in range(self._size):
            yield self._taken("registration", "identity.linked", f'"guest_id":"g{number}","participant_id":"p"', "p")

    def left(self) -> Iterator[float]:
        """Seconds that each of their leaves takes, the first aside: then their facts are read."""
        for number in range(min(_TRIES, self._size)):
            self._joined(number, f"g{number}", again=True)
            yield self._taken("participation", "left", f'"room":"r","connection":"{number}"', f"g{number}")

    def taken_back(self) -> Iterator[float]:
        """Seconds that each of some scans takes after one that was taken back."""
        for number in range(_TRIES):
            mistaken = f"x{next(self._ids)}"
            self._taken("checkin", "checked_in", '"gate":"g"', f"q{number}", fact_id=mistaken)
            self._taken("checkin", "voided", f'"voided_id":"{mistaken}"', f"q{number}")
            yield self._taken("checkin", "checked_in", '"gate":"g"', f"q{number}")

    def closed(self) -> float:
        """Seconds that the closing of their room takes."""
        return self._taken("participation", "room.closed", '"room":"r"', None)

    def _joined(self, number: int, subject: str, *, again: bool = False) -> None:
        data = f'"room":"r","connection":"{number}{"b" if again else ""}"'
        self._taken("participation", "joined", data, subject)

    def _taken(self, topic: str, kind: str, data: str, subject: str | None, *, fact_id: str | None = None) -> float:
        number = next(self._ids)
        value = fact(fact_id or f"f{number}", topic, kind, _STEP * number, data, subject=subject)
        began = time.process_time()
        self._fold.take(b"e0", value)
        output = self._fold.flush()
        took = time.process_time() - began
        self._stored.keep(output)
        self._fold.settled(output)
        return took


def fact(fact_id: str, topic: str, kind: str, at: int, data: str, *, subject: str | None) -> bytes:
    """A fact as its record has it."""
    time_ = format_instant(instant(_OPENS_AT + at))
    whose = "" if subject is None else f'"subject":"{subject}",'
    return (
        f'{{"specversion":"1.0","id":"{fact_id}","source":"{_SOURCES[topic]}","type":"passerelle.{topic}.{kind}.v1",'
        f'{whose}"time":"{time_}","recordedtime":"{time_}","data":{{"event_id":"e0",{data}}}}}'
    ).encode()


def show_worker(facts: int) -> None:
    """The first table."""
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


def show_participant() -> None:
    """The second."""
    print(
        "\n| reconnects of one participant | µs in order | µs overtaken by the next | µs out of order, any time "
        "| µs for another end of long ago | KiB written in order | KiB kept |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for reconnects in RECONNECTS:
        participant = Participant(reconnects)
        in_order = _microseconds(participant.in_order())
        kept, written = participant.bytes_kept()
        late = [_microseconds(took) for took in (participant.late(), participant.out_of_order())]
        figures = " | ".join([in_order, *late, _microseconds(participant.repaired())])
        print(f"| {reconnects:,} | {figures} | {written / 1024:.1f} | {kept / 1024:.1f} |", flush=True)


def show_crowd() -> None:
    """The third."""
    print(
        "\n| guests linked | s to link each to a participant | µs a leave then | s to link all to one "
        "| µs a leave then | µs a scan after one taken back | ms their room closes |"
    )
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for size in _CROWDS:
        one, many = Crowd(size), Crowd(size)
        figures = [f"{sum(many.linked()):.2f}", _microseconds(many.left())]
        figures += [f"{sum(one.linked_to_one()):.2f}", _microseconds(one.left())]
        figures += [_microseconds(many.taken_back()), f"{1000 * many.closed():.0f}"]
        print(f"| {size:,} | {' | '.join(figures)} |", flush=True)


def _microseconds(took: Iterable[float]) -> str:
    return f"{1e6 * median(took):,.0f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sizes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--facts", type=int, default=100_000)
    parser.add_argument("--fold-only", action="store_true", help="leave out the worker: no Kafka, a few seconds")
    options = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    if not options.fold_only:
        show_worker(options.facts)
    show_participant()
    show_crowd()


if __name__ == "__main__":
    main()
