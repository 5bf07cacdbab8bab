"""One contender, once: started on a broker that holds the facts, watched until it has told all, and checked."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic_core import from_json

from benchmarks.peers.contenders import ROOT, Contender, Start
from benchmarks.peers.oracle import Answer, read, wrong
from deploy.local.tied import tied
from schemas import topics
from schemas.topics import DEFAULT_PARTITIONS, Topic
from services.chassis.kafka import new_consumer
from services.chassis.settings import CommonSettings, load_settings
from services.chassis.topics import ensure_topics

_LOOK_SECONDS: Final = 0.1
_QUIET_SECONDS: Final = 3.0
_PATIENCE_SECONDS: Final = 45.0
_STOP_SECONDS: Final = 10.0
_WARM_UP: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run reached, from the first quarter of its outputs to its last: a JVM is slow until it has compiled."""

    facts: int
    seconds: float
    cpu_seconds: float
    memory: int
    told: int
    wrong: int

    @property
    def rate(self) -> float:
        """Facts a second."""
        return self.facts / self.seconds

    @property
    def cpu(self) -> float:
        """Microseconds of CPU a fact, of the contender's own processes."""
        return 1e6 * self.cpu_seconds / self.facts


@dataclass(slots=True)
class _Look:
    at: float
    told: int
    cpu: float


class ContenderFailedError(Exception):
    """A contender ended, or told nothing; what it wrote is in its log."""

    def __init__(self, contender: Contender, log: Path) -> None:
        """Quote the end of its log."""
        super().__init__(f"{contender.label} failed:\n{log.read_text(errors='replace')[-3000:]}")


async def race(contender: Contender, *, servers: str, directory: Path, facts: int, answers: dict[bytes, Answer]) -> Run:
    """Run a contender on the facts that stand on the topics; `answers` is what it must come to."""
    group = f"bench-{contender.name.replace('+', '-')}"
    start = Start(servers=servers, group=group, directory=directory / group, entries=contender.entries)
    start.directory.mkdir()
    settings = load_settings(CommonSettings, data_dir=start.directory, kafka=servers)
    outputs = _outputs(contender, start)
    await ensure_topics(servers, outputs, partitions=DEFAULT_PARTITIONS)
    presence, names = outputs[0].name, [topic.name for topic in outputs]
    log = start.directory / "log"
    async with _reader(settings) as reader:
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *tied(contender.command(start), parent=os.getpid()),
                cwd=ROOT,
                env=os.environ | contender.environment(start),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            looks, memory, failed = await _watch(process, reader, names, presence, answers)
        except TimeoutError:
            raise ContenderFailedError(contender, log) from None
        finally:
            await _stop(process)
    last = looks[-1]
    first = next(look for look in looks if look.told >= last.told * _WARM_UP)
    return Run(
        facts=round(facts * (last.told - first.told) / last.told),
        seconds=last.at - first.at,
        cpu_seconds=last.cpu - first.cpu,
        memory=memory,
        told=last.told,
        wrong=failed,
    )


def _outputs(contender: Contender, start: Start) -> tuple[Topic, ...]:
    if contender.own_topics:
        return (topics.PRESENCE, topics.TIMELINE)
    names = (start.presence_topic, *([start.entries_topic] if start.entries else []))
    return tuple(Topic(name=name, summary="", producers=(), consumers=()) for name in names)


async def _watch(
    process: asyncio.subprocess.Process,
    reader: AIOKafkaConsumer,
    names: list[str],
    presence: str,
    answers: dict[bytes, Answer],
) -> tuple[list[_Look], int, int]:
    """Look ten times a second until nothing more is told and all is right, or until that takes too long.

    Gives each look that saw something new, the most bytes resident, and how many answers were wrong at the end.

    Raises:
        TimeoutError: if it ends, or tells nothing.
    """
    started = psutil.Process(process.pid)
    partitions = _partitions(names)
    looks: list[_Look] = []
    memory, checked, failed = 0, 0, len(answers)
    patience = time.monotonic() + 2 * _PATIENCE_SECONDS
    while time.monotonic() < patience and process.returncode is None:
        await asyncio.sleep(_LOOK_SECONDS)
        told = sum((await reader.end_offsets(partitions)).values())
        cpu, resident = _usage(started)
        now = time.monotonic()
        memory = max(memory, resident)
        if told > (looks[-1].told if looks else 0):
            looks.append(_Look(now, told, cpu))
            patience = now + _PATIENCE_SECONDS
        elif looks and now - looks[-1].at > _QUIET_SECONDS and checked < told:
            failed, checked = wrong(answers, await _found(reader, presence)), told
            if not failed:
                break
    if not looks or process.returncode is not None:
        raise TimeoutError
    return looks, memory, failed


def _usage(started: psutil.Process) -> tuple[float, int]:
    """Seconds of CPU and bytes resident of a process and its children."""
    cpu, resident = 0.0, 0
    with contextlib.suppress(psutil.NoSuchProcess):
        for process in (started, *started.children(recursive=True)):
            times = process.cpu_times()
            cpu += times.user + times.system
            resident += process.memory_info().rss
    return cpu, resident


async def _found(reader: AIOKafkaConsumer, topic: str) -> dict[bytes, Answer]:
    """The last presence record of everybody."""
    partitions = _partitions([topic])
    ends = await reader.end_offsets(partitions)
    reader.assign(partitions)
    await reader.seek_to_beginning()
    latest: dict[bytes, bytes | None] = {}
    while any([await reader.position(tp) < ends[tp] for tp in partitions]):
        for records in (await reader.getmany(timeout_ms=1000)).values():
            latest |= {record.key: record.value for record in records}
    # A person with many intervals has records of earlier ones besides: event_id/subject/NNNN.
    return {key: _answer(from_json(value)) for key, value in latest.items() if value and key.count(b"/") == 1}


def _answer(record: dict[str, Any]) -> Answer:
    said = record.get("data", record)
    return read(said["status"], said["seconds"])


@contextlib.asynccontextmanager
async def _reader(settings: CommonSettings) -> AsyncIterator[AIOKafkaConsumer]:
    reader = new_consumer(settings, client_id="benchmark")
    await reader.start()
    try:
        yield reader
    finally:
        await reader.stop()


def _partitions(names: Iterable[str]) -> list[TopicPartition]:
    return [TopicPartition(name, number) for name in names for number in range(DEFAULT_PARTITIONS)]


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
