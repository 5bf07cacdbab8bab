"""The fold of one partition alone, without Kafka and disk: CPU a fact, for reading it and for writing what changed.

    python -m benchmarks.fold [--events 20] [--participants 500] [--stays 4] [--batch 4000] [--profile]

Facts come in batches, as a worker with a backlog gets them, of all events side by side: in a batch most people are met
once. What is written is kept in a dictionary. The `yardstick` is `msgspec.json.decode` of the same records in the same
run: on a busy machine compare with that.
"""

import argparse
import cProfile
import gc
import pstats
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from benchmarks.workload import Arrival, Workload
from services.attendance.application.partition_fold import PartitionFold, RoundOutput

_COLLECT_AFTER: Final = (200_000, 50, 1000)


class Kept:
    """What is kept of the partition, in memory."""

    def __init__(self) -> None:
        self._presences: dict[bytes, bytes | None] = {}
        self._contexts: dict[bytes, bytes | None] = {}

    def presence(self, key: bytes) -> bytes | None:
        """A presence record."""
        return self._presences.get(key)

    def subjects(self, event_id: str) -> Iterable[str]:
        """All who have one at an event."""
        prefix = f"{event_id}/".encode()
        found = (key[len(prefix) :].decode() for key in self._presences if key.startswith(prefix))
        return [subject for subject in found if "/" not in subject]

    def context(self, key: bytes) -> bytes | None:
        """A record about a whole event."""
        return self._contexts.get(key)

    def keep(self, output: RoundOutput) -> None:
        """Keep what a round changed."""
        self._presences |= output.presences
        self._contexts |= output.contexts

    def bytes_a_person(self) -> float:
        """The mean length of presence records."""
        return sum(len(record or b"") for record in self._presences.values()) / len(self._presences)


@dataclass(slots=True, kw_only=True)
class Figures:
    """CPU seconds of a run, and how many presence records it wrote."""

    yardstick: float = 0
    take: float = 0
    flush: float = 0
    records: int = 0


def measure(arrivals: Sequence[Arrival], *, batch: int, kept: Kept) -> Figures:
    """Fold all records once."""
    fold, figures, now = PartitionFold(kept, cache=len(arrivals)), Figures(), time.process_time
    for start in range(0, len(arrivals), batch):
        records = arrivals[start : start + batch]
        began = now()
        for record in records:
            msgspec.json.decode(record.value)
        decoded = now()
        for record in records:
            fold.take(record.key, record.value)
        taken = now()
        output = fold.flush()
        flushed = now()
        kept.keep(output)
        fold.settled(output)
        figures.yardstick += decoded - began
        figures.take += taken - decoded
        figures.flush += flushed - taken
        figures.records += len(output.presences)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--participants", type=int, default=500)
    parser.add_argument("--stays", type=int, default=4, help="times that each participant comes")
    parser.add_argument("--batch", type=int, default=4000, help="records from one flush to the next")
    parser.add_argument("--profile", action="store_true", help="say where the time goes, which makes it longer")
    options = parser.parse_args()
    load = Workload(events=options.events, participants=options.participants, stays=options.stays)
    arrivals, kept = list(load.arrivals()), Kept()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
    profile = cProfile.Profile()
    if options.profile:
        profile.enable()
    figures = measure(arrivals, batch=options.batch, kept=kept)
    profile.disable()
    count, whole = len(arrivals), figures.take + figures.flush
    take, flush, yardstick = (1e6 * seconds / count for seconds in (figures.take, figures.flush, figures.yardstick))
    print(
        f"fold: {count} facts, {take + flush:.1f} µs of CPU a fact: {take:.1f} to take it, {flush:.1f} to write "
        f"{figures.records / count:.2f} presence records of {kept.bytes_a_person():.0f} bytes; "
        f"{whole / figures.yardstick:.0f} × the yardstick ({yardstick:.2f} µs)"
    )
    if options.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
