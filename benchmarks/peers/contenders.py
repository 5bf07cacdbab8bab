"""Who takes part: how each is started, and where its presence and its timeline entries stand."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from schemas import topics

INPUTS: Final = (topics.CHECKIN.name, topics.PARTICIPATION.name)
"""Where the movements are: peers read nothing else."""
ROOT: Final = Path(__file__).parents[2]
BENCH_PYTHON: Final = ROOT / ".venv-bench" / "bin" / "python"
KAFKA_STREAMS_JAR: Final = ROOT / "benchmarks" / "kafka_streams" / "target" / "kafka-streams-peer.jar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What a contender is told at its start."""

    servers: str
    group: str
    directory: Path
    entries: bool

    @property
    def presence_topic(self) -> str:
        """Where a peer tells presence."""
        return f"{self.group}-presence"

    @property
    def entries_topic(self) -> str:
        """Where a peer tells timeline entries."""
        return f"{self.group}-entries"

    def told(self, variant: str) -> list[str]:
        """The same, as a command line."""
        entries = ["--entries", self.entries_topic] if self.entries else []
        return [
            *("--servers", self.servers),
            *("--inputs", ",".join(INPUTS)),
            *("--presence", self.presence_topic),
            *entries,
            *("--group", self.group),
            *("--directory", str(self.directory)),
            *("--variant", variant),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One line of the table.

    `entries`: it tells the timeline too. `slow`: it is given the short load. `extra`: it takes part only when named.
    `needs`: what must be there, else it is skipped. `own_topics`: its outputs are this project's own topics.
    """

    name: str
    label: str
    command: Callable[[Start], list[str]]
    environment: Callable[[Start], Mapping[str, str]] = field(default=lambda _: {})
    entries: bool = False
    slow: bool = False
    extra: bool = False
    needs: Path | None = None
    own_topics: bool = False

    def missing(self) -> str | None:
        """What is missing to run it, in one line."""
        if self.needs is None or self.needs.exists():
            return None
        return f"{self.name}: skipped, because there is no {self.needs.relative_to(ROOT)} (see benchmarks/README.md)"


def _worker(_: Start) -> list[str]:
    return [sys.executable, "-m", "services.attendance", "--only", "worker"]


def _worker_environment(start: Start) -> dict[str, str]:
    return {
        "PASSERELLE_KAFKA": start.servers,
        "PASSERELLE_PORT": "0",
        "PASSERELLE_DATA_DIR": str(start.directory),
        "PASSERELLE_LOG_LEVEL": "warning",
    }


def _python(module: str, variant: str = "") -> Callable[[Start], list[str]]:
    def command(start: Start) -> list[str]:
        return [str(BENCH_PYTHON), "-m", f"benchmarks.peers.programs.{module}", *start.told(variant)]

    return command


def _java(variant: str) -> Callable[[Start], list[str]]:
    def command(start: Start) -> list[str]:
        options = ["-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"]
        return ["java", *options, "-jar", str(KAFKA_STREAMS_JAR), *start.told(variant)]

    return command


def _both_ways(
    name: str,
    label: str,
    command: Callable[[Start], list[str]],
    *,
    needs: Path,
    slow: bool = False,
    extra: bool = False,
) -> tuple[Contender, Contender]:
    """A peer that tells presence alone, and the same that tells the timeline besides."""
    alone = Contender(name=name, label=label, command=command, needs=needs, slow=slow, extra=extra)
    return alone, replace(alone, name=f"{name}{WITH_TIMELINE}", entries=True)


def _same_fold(name: str, label: str, module: str) -> Contender:
    """A raw client around the very fold of this worker."""
    return Contender(
        name=f"{name}+core",
        label=f"{label}, this worker's fold",
        command=_python(module, "core"),
        needs=BENCH_PYTHON,
        entries=True,
    )


WITH_TIMELINE: Final = "+timeline"
WORKER: Final = Contender(
    name="worker",
    label="**this worker**, RocksDB",
    command=_worker,
    environment=_worker_environment,
    entries=True,
    own_topics=True,
)
ALL: Final = (
    WORKER,
    *_both_ways("kafka-streams", "Kafka Streams 4.3, RocksDB", _java("at_least_once"), needs=KAFKA_STREAMS_JAR),
    *_both_ways(
        "kafka-streams-exactly-once",
        "Kafka Streams 4.3, RocksDB, exactly once",
        _java("exactly_once"),
        needs=KAFKA_STREAMS_JAR,
        extra=True,
    ),
    _same_fold("aiokafka", "raw aiokafka, dict", "raw_aiokafka"),
    _same_fold("confluent", "raw confluent-kafka, dict", "raw_confluent"),
    *_both_ways("aiokafka", "raw aiokafka, dict", _python("raw_aiokafka"), needs=BENCH_PYTHON),
    *_both_ways("confluent", "raw confluent-kafka, dict", _python("raw_confluent"), needs=BENCH_PYTHON),
    *_both_ways("quix", "Quix Streams, RocksDB", _python("quix"), needs=BENCH_PYTHON),
    *_both_ways("faust-memory", "plain Faust, memory", _python("plain_faust", "memory"), needs=BENCH_PYTHON, slow=True),
    *_both_ways(
        "faust-rocksdb", "plain Faust, RocksDB", _python("plain_faust", "rocksdb"), needs=BENCH_PYTHON, slow=True
    ),
)
