"""The archive: how fast it is written and in how much memory, and replay and rebuild from it against from Kafka.

    python -m benchmarks.archive [--facts 1000000] [--rounds 3]

The peers' workload stands on a broker's topics. `--all` archives it, in a process of its own whose memory is measured,
then once more, with nothing new. Then all events are folded, from Kafka's log and from the archive, in turn, in one
process each time; and one event is read for a replay. Everybody's presence is compared.
"""

import argparse
import asyncio
import logging
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Final, TypeVar

import structlog

from benchmarks.peers import brokers
from benchmarks.peers.load import Load
from services.attendance.application.log_fold import LogFold
from services.attendance.domain.fold import EventPresence
from services.attendance.rebuilding import archive_at, archived_facts
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.archiving import archive_all
from services.attendance.stream.event_log import read_event
from services.attendance.stream.fact_sources import FactSource, KafkaLog
from services.attendance.stream.whole_log import fold_partition
from services.chassis.settings import load_settings

Answer = TypeVar("Answer")

_NOW: Final = datetime(2037, 1, 1, tzinfo=UTC)


def archived(servers: str, directory: Path, address: str) -> tuple[float, int, int]:
    """Archive everything: seconds, facts that were new, and the most memory this process has had, in bytes."""
    _quiet()
    settings = _settings(servers, directory)
    began = time.monotonic()
    run = archive_all(settings, archive_at(address), now=_NOW, by="a benchmark", tell=lambda *_: None)
    done = asyncio.run(run)
    return time.monotonic() - began, done.facts, _most_memory()


def _most_memory() -> int:
    """Of this process alone: what `getrusage` says begins with what its parent had."""
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return 1024 * int(kilobytes)


def folded_from_log(servers: str, directory: Path, _: str) -> tuple[float, int]:
    """Fold all events from Kafka's log: seconds, and what tells the presences from any others."""
    _quiet()
    settings = _settings(servers, directory)
    began = time.monotonic()
    parts = [fold_partition(settings, dict, number) for number in range(settings.partitions)]
    return time.monotonic() - began, _mark({event: told.people for part in parts for event, told in part.items()})


def folded_from_archive(_: str, __: Path, address: str) -> tuple[float, int]:
    """The same from the archive, each file seen to be what was written."""
    archive = archive_at(address)
    found: dict[str, EventPresence] = {}
    began = time.monotonic()
    for manifest in archive.manifests():
        fold, key = LogFold(), manifest.event_id.encode()
        for rows in archive.facts(manifest):
            for row in rows:
                fold.take(key, row.value)
        found |= fold.presences()
    return time.monotonic() - began, _mark({event: told.people for event, told in found.items()})


async def replayed(source: Callable[[], FactSource], event_id: str) -> float:
    """Read one event for a replay: seconds."""
    began = time.monotonic()
    await read_event(source(), event_id)
    return time.monotonic() - began


async def measure(load: Load, *, rounds: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        template, address = Path(folder, "template"), str(Path(folder, "archive"))
        await brokers.prepare(template, load.arrivals())
        async with brokers.copy_of(template) as (servers, directory):
            seconds, facts, memory = await _alone(archived, servers, directory, address)
            size = sum(file.bytes for one in archive_at(address).manifests() for file in one.files)
            print(
                f"archived {facts:,} facts in {seconds:.1f} s ({facts / seconds:,.0f}/s), {size / 1e6:.1f} MB, "
                f"in {memory / 1e6:.0f} MB of memory at most",
                flush=True,
            )
            seconds, facts, _ = await _alone(archived, servers, directory, address)
            print(f"archived again, {facts} new: {seconds:.2f} s")
            log, archive = [], []
            for _ in range(rounds):
                log.append(await _alone(folded_from_log, servers, directory, address))
                archive.append(await _alone(folded_from_archive, servers, directory, address))
            _compare("all events folded", [took for took, _ in log], [took for took, _ in archive])
            print(f"{len({mark for _, mark in (*log, *archive)}) - 1} of {2 * rounds} folds differ")
            settings = _settings(servers, directory)
            event = next(iter(archive_at(address).manifests())).event_id
            alone: AttendanceSettings | None = None
            from_log = [await replayed(lambda: KafkaLog(settings, event), event) for _ in range(rounds)]
            from_archive = [
                await replayed(lambda: archived_facts(alone, event, archive=address), event) for _ in range(rounds)
            ]
            _compare("one event read for a replay", from_log, from_archive)


def _compare(what: str, log: list[float], archive: list[float]) -> None:
    theirs, ours = median(log), median(archive)
    print(f"{what}: from Kafka {theirs:.2f} s, from the archive {ours:.2f} s ({theirs / ours:.1f} × as fast)")


async def _alone(work: Callable[[str, Path, str], Answer], servers: str, directory: Path, address: str) -> Answer:
    """In a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        return await asyncio.get_running_loop().run_in_executor(executor, work, servers, directory, address)


def _mark(people: Mapping[str, Mapping[str, object]]) -> int:
    told = sorted((event, repr(sorted(everybody.items()))) for event, everybody in people.items())
    return int.from_bytes(sha256(repr(told).encode()).digest()[:8])


def _settings(servers: str, directory: Path) -> AttendanceSettings:
    return load_settings(AttendanceSettings, data_dir=directory, kafka=servers)


def _quiet() -> None:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def main() -> None:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.archive", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--facts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    _quiet()
    asyncio.run(measure(Load(records=options.facts), rounds=options.rounds))


if __name__ == "__main__":
    main()
