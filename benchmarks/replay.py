"""Replay: the whole log, read past Faust and folded in event time, against the live worker on the same log.

    python -m benchmarks.replay [--facts 400000] [--processes 2]

The peers' workload stands on a broker's topics. The worker folds it live (`python -m benchmarks.peers` tells how its
rate is counted). Then the log is read in whole fetches, decoded, put in the order in which the facts happened, each
once, and folded to everybody's presence: from the first request to Kafka to the last presence, in processes that are
there already, one, and as many as there are cores. Everybody's answer is compared with the oracle's, the pure fold.
"""

import argparse
import asyncio
import gc
import logging
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

import structlog

from benchmarks.peers.brokers import copy_of
from benchmarks.peers.contenders import WORKER
from benchmarks.peers.load import Load
from benchmarks.peers.oracle import Answer, read, wrong
from benchmarks.peers.preparing import Prepared, prepare
from benchmarks.peers.race import Run, race
from services.attendance.application.records import seconds
from services.attendance.domain.fold import EventPresence
from services.attendance.stream.whole_log import fold_whole_log
from services.chassis.settings import CommonSettings, load_settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One run over the whole log: seconds, seconds of CPU of the processes, and how many answers were wrong."""

    seconds: float
    cpu_seconds: float
    wrong: int


def answers(events: Mapping[str, EventPresence]) -> tuple[dict[bytes, Answer], float]:
    """Everybody's answer, and the CPU this process has used so far."""
    told = {
        f"{event_id}/{subject}".encode(): read(presence.status.value, seconds(presence.durations))
        for event_id, event in events.items()
        for subject, presence in event.people.items()
    }
    return told, time.process_time()


async def replay(settings: CommonSettings, prepared: Prepared, *, processes: int) -> Replay:
    """Fold the whole log once."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_unhindered) as executor:
        loop = asyncio.get_running_loop()
        # Each of them is there, with all that it imports, before the clock starts.
        idle = await asyncio.gather(*(loop.run_in_executor(executor, _arrived) for _ in range(processes)))
        began = time.monotonic()
        parts = await fold_whole_log(settings, answers, executor=executor)
        took = time.monotonic() - began
        used = await asyncio.gather(*(loop.run_in_executor(executor, _arrived) for _ in range(processes)))
    found = {key: answer for part, _ in parts for key, answer in part.items()}
    return Replay(seconds=took, cpu_seconds=sum(used) - sum(idle), wrong=wrong(prepared.answers, found))


async def measure(load: Load, *, processes: int, rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        prepared = await prepare(load, Path(folder))
        live: list[Run] = []
        replays: dict[int, list[Replay]] = {}
        for _ in range(rounds):
            async with copy_of(prepared.template) as (servers, directory):
                live.append(
                    await race(
                        WORKER, servers=servers, directory=directory, facts=prepared.facts, answers=prepared.answers
                    )
                )
                settings = load_settings(CommonSettings, data_dir=directory, kafka=servers)
                for number in sorted({1, processes}):
                    replays.setdefault(number, []).append(await replay(settings, prepared, processes=number))
    rate = median(run.rate for run in live)
    print(f"live worker: {rate:,.0f} facts/s, {median(run.cpu for run in live):.1f} µs of CPU a fact")
    for number, runs in replays.items():
        fast = prepared.facts / median(run.seconds for run in runs)
        cpu = 1e6 * median(run.cpu_seconds for run in runs) / prepared.facts
        print(
            f"replay, {number} process(es): {fast:,.0f} facts/s ({fast / rate:.1f} × live), {cpu:.1f} µs of CPU a fact"
        )
    failed = sum(run.wrong for run in live) + sum(run.wrong for runs in replays.values() for run in runs)
    print(f"{failed} of {len(prepared.answers)} answers wrong")
    if failed:
        sys.exit(1)


def _arrived() -> float:
    time.sleep(0.5)  # so that each process takes one of these
    return time.process_time()


def _unhindered() -> None:
    """Facts make no cycles: there is no garbage to be found among a million of them."""
    gc.freeze()
    gc.set_threshold(200_000, 50, 1000)


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.replay", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--facts", type=int, default=400_000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    asyncio.run(measure(Load(records=options.facts), processes=options.processes, rounds=options.rounds))


if __name__ == "__main__":
    main()
