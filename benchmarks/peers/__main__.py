"""This worker and its peers on the same facts, in turn, round after round; figures are medians over the rounds.

    python -m benchmarks.peers [--facts 200000 | --events 40] [--rounds 3] [--peers worker,aiokafka] [--json FILE]

The whole workload of the project's goals is `--events 200`. Every contender's presence is checked against the pure fold
of all facts; a wrong one ends the benchmark with 1. The figures are those from the first quarter of a run to its end.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog

from benchmarks.peers import brokers, report
from benchmarks.peers.contenders import ALL, Contender
from benchmarks.peers.load import Load
from benchmarks.peers.preparing import Prepared, prepare
from benchmarks.peers.race import ContenderFailedError, Run, race

_FACTS_AN_EVENT: Final = 5000
_LEAST_SLOW: Final = 20_000
_SLOWNESS: Final = 10


async def measure(contenders: Sequence[Contender], *, facts: int, slow_facts: int, rounds: int) -> report.Results:
    """Let them take turns; each round begins on brokers that hold nothing but the facts."""
    results: dict[Contender, list[Run]] = {contender: [] for contender in contenders}
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        loads = {}
        for slow in sorted({contender.slow for contender in contenders}):
            load = Load(records=slow_facts if slow else facts)
            loads[slow] = await prepare(load, Path(folder) / ("slow" if slow else "all"))
        for number in range(rounds):
            print(f"-- round {number + 1} of {rounds}", flush=True)
            for slow, prepared in loads.items():
                of_load = [contender for contender in results if contender.slow == slow]
                await _round(of_load if number % 2 == 0 else of_load[::-1], prepared, results)
    return results


async def _round(contenders: Sequence[Contender], prepared: Prepared, results: dict[Contender, list[Run]]) -> None:
    """One turn for each; who fails is out of the race, and the others go on."""
    async with brokers.copy_of(prepared.template) as (servers, directory):
        for contender in contenders:
            try:
                run = await race(
                    contender, servers=servers, directory=directory, facts=prepared.facts, answers=prepared.answers
                )
            except ContenderFailedError as error:
                print(error, file=sys.stderr, flush=True)
                del results[contender]
                continue
            results[contender].append(run)
            print(
                f"{contender.name:32} {run.rate:>10,.0f}/s {run.cpu:>7.1f} µs {run.memory >> 20:>6} MiB "
                f"{run.told:>10,} told {run.wrong:>6} wrong",
                flush=True,
            )


def chosen(names: str | None) -> list[Contender]:
    """The contenders that can run here, all or those named; says who cannot."""
    known = {contender.name: contender for contender in ALL}
    wanted = names.split(",") if names else [contender.name for contender in ALL if not contender.extra]
    if unknown := sorted(set(wanted) - set(known)):
        sys.exit(f"there is no {', '.join(unknown)}: choose among {', '.join(known)}")
    able = []
    for contender in (known[name] for name in wanted):
        if missing := contender.missing():
            print(missing, flush=True)
        else:
            able.append(contender)
    return able


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--facts", type=int, default=200_000)
    size.add_argument("--events", type=int, help="of 5,000 facts each, in place of --facts")
    parser.add_argument("--slow-facts", type=int, help="for the plain Faust agents (default: a tenth)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", help="names, separated by commas; default: all")
    parser.add_argument("--json", type=Path, help="where to write all runs")
    options = parser.parse_args()
    facts = options.events * _FACTS_AN_EVENT if options.events else options.facts
    slow_facts = options.slow_facts or max(_LEAST_SLOW, facts // _SLOWNESS)
    # The broker is new at each round, and aiokafka tells of each leader that it finds.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    able = chosen(options.peers)
    results = asyncio.run(measure(able, facts=facts, slow_facts=slow_facts, rounds=options.rounds))
    print("\n" + report.tables(results))
    if options.json:
        report.write(results, options.json, load={"facts": facts, "slow_facts": slow_facts, "rounds": options.rounds})
    if len(results) < len(able) or any(run.wrong for runs in results.values() for run in runs):
        sys.exit(1)


if __name__ == "__main__":
    main()
