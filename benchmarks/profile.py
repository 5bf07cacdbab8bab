"""Where the worker's time goes: its stack, looked at a hundred times a second while it folds the peers' workload.

    python -m benchmarks.profile [--facts 200000] [--top 15]

py-spy (in .venv-bench, where `make bench` puts it) looks on from outside, at every thread that is on the CPU; not every
kernel lets it without root. A look counts for the innermost part of the code that it finds: what RocksDB or a checksum
costs stands with who called it.
"""

import argparse
import asyncio
import logging
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import structlog

from benchmarks.peers.brokers import copy_of
from benchmarks.peers.contenders import BENCH_PYTHON, WORKER, Start
from benchmarks.peers.load import Load
from benchmarks.peers.preparing import prepare
from benchmarks.peers.race import Run, race

_PY_SPY: Final = BENCH_PYTHON.with_name("py-spy")
_PARTS: Final = (
    ("fold: read the record", r"attendance/application/wire\.py"),
    ("fold: in order, and the entry's words", r"attendance/application/(in_order|stays)\.py"),
    (
        "fold: again, for what is late or repeated",
        r"attendance/application/(refold|said|recall)\.py|attendance/domain/",
    ),
    ("fold: write presence records", r"attendance/application/(person|records|sealing|kept)\.py"),
    ("fold: the rest", r"attendance/application/"),
    ("state in RocksDB", r"stream/tables\.py|rocksdb|rocksdict"),
    ("rounds", r"attendance/stream/"),
    ("produce (aiokafka)", r"aiokafka/(producer|record/.*builder)|aiokafka/protocol/produce"),
    ("consume (aiokafka)", r"aiokafka/(consumer|record)|aiokafka/protocol/fetch"),
    ("Kafka's connections (aiokafka)", r"aiokafka/"),
    ("Faust and mode", r"(faust|mode)/"),
    ("event loop", r"asyncio/|uvloop|selectors|socket"),
)
_STARTING_SECONDS: Final = 3
_WRITING_SECONDS: Final = 20
# The start, the assignment of partitions, the end, and a loop that waits for something to do are no part of the work.
_NO_WORK: Final = re.compile(r"<frozen importlib|on_rebalance|Store\.stop|EpollSelector\.select")


async def looks(facts: int) -> tuple[Run, list[tuple[list[str], int]]]:
    """Run the worker once; gives its figures, and how often each stack was seen, outermost frame first."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        prepared = await prepare(Load(records=facts), Path(folder))
        seen = Path(folder) / "seen"

        def watched(start: Start) -> list[str]:
            # The shell becomes the worker; py-spy comes when that has started, and ends when it does.
            look = f"{_PY_SPY} record --pid $$ --format raw --rate 100 --output {seen}"
            return ["sh", "-c", f'(sleep {_STARTING_SECONDS}; exec {look}) & exec "$@"', "sh", *WORKER.command(start)]

        async with copy_of(prepared.template) as (servers, directory):
            run = await race(
                replace(WORKER, command=watched),
                servers=servers,
                directory=directory,
                facts=prepared.facts,
                answers=prepared.answers,
            )
        async with asyncio.timeout(_WRITING_SECONDS):
            while not (seen.exists() and seen.stat().st_size):  # noqa: ASYNC110  (another process writes it)
                await asyncio.sleep(0.1)
        return run, list(_read(seen.read_text().splitlines()))


def _read(lines: Iterable[str]) -> Iterator[tuple[list[str], int]]:
    for line in lines:
        stack, _, count = line.rpartition(" ")
        if not _NO_WORK.search(stack):
            yield stack.split(";"), int(count)


def part_of(stack: list[str]) -> str:
    """The part of the work that a stack belongs to."""
    for frame in reversed(stack):
        for name, pattern in _PARTS:
            if re.search(pattern, frame):
                return name
    return "other" if any(stack) else "threads without Python"


def main() -> None:
    """Run, and print two tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.profile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--facts", type=int, default=200_000)
    parser.add_argument("--top", type=int, default=15)
    options = parser.parse_args()
    if not _PY_SPY.exists():
        sys.exit(f"there is no {_PY_SPY}: make .venv/stamps/bench")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    run, seen = asyncio.run(looks(options.facts))
    parts: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for stack, count in seen:
        parts[part_of(stack)] += count
        lines[stack[-1]] += count
    total = parts.total()
    print(f"{total:,} looks; {run.rate:,.0f} facts/s while looked at; {run.wrong} wrong\n")
    print("| part | share |\n| --- | ---: |")
    for name, count in parts.most_common():
        print(f"| {name} | {count / total:.0%} |")
    print("\n| innermost line | share |\n| --- | ---: |")
    for frame, count in lines.most_common(options.top):
        print(f"| `{frame}` | {count / total:.1%} |")


if __name__ == "__main__":
    main()
