"""Live latency: from a signed webhook's arrival to its entry in a client's live stream, with the floor beside it.

    python -m benchmarks.latency [--rates 10 100 1000] [--seconds 15] [--rounds 1] [--connections 64]

Everything runs as `passerelle up` runs it (gateway, bridge, Kafka, worker, read model, SSE). All deliveries concern one
event, so one partition, and everybody who watches it gets each of them: joins of guests, and their leaves two seconds
later. They go out at a fixed rate whatever the answers take, and a latency begins when its delivery was due. The floor
is measured before each rate on the same broker. The first two seconds are not counted.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.latency_floor import floor
from benchmarks.latency_hops import Hops, hops_of
from benchmarks.latency_load import Connections, Figures, Tally, listen, open_loop
from deploy.local.demo.client import Client, UnexpectedAnswerError
from deploy.local.demo.deliveries import JAAS_APP, PLENARY, Platforms
from deploy.local.demo.scenario import ConnectionDelivery, Venue
from deploy.local.up import Running, everything
from schemas.identifiers import fact_id
from services.chassis.access import Role
from services.chassis.settings import CommonSettings, load_settings
from services.registration.bootstrap import create_token
from services.registration.settings import RegistrationSettings

_WARM_UP_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 60.0
_STAY_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One rate: the figures of the whole way, of the floor, and what each process spent on a delivery."""

    rate: float
    way: Figures
    floor: Figures
    cpu_us: Mapping[str, float]
    refused: int
    hops: Hops
    memory_mib: Mapping[str, float] = field(default_factory=dict)


async def measure(rates: Sequence[float], *, seconds: float, rounds: int, connections: int) -> list[Run]:
    """All rates, round after round, against one Passerelle."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder)
        token = await create_token(load_settings(RegistrationSettings, data_dir=data_dir), role=Role.ORGANIZER)
        settings = load_settings(CommonSettings, data_dir=data_dir)
        console = Console(stderr=True)
        async with (
            everything(settings, port=0, console=console) as running,
            Client(running.address, token) as client,
        ):
            found = []
            for _ in range(rounds):
                for rate in rates:
                    lowest = await floor(running.kafka, rate=rate, seconds=seconds, warm_up=_WARM_UP_SECONDS)
                    console.print(f"{rate:g} a second …")
                    scene = await Scene.made(client, count=int(rate * (seconds + _WARM_UP_SECONDS)), rate=rate)
                    found.append(await _run(running, scene, token, lowest=lowest, rate=rate, connections=connections))
                    console.print(_line(found[-1]))
            return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """An event that claims the room, and what will be delivered about it, by the id of the entry it leads to."""

    event_id: str
    requests: Mapping[str, bytes]

    @classmethod
    async def made(cls, client: Client, *, count: int, rate: float) -> "Scene":
        """Make the event, wait until attendance knows it, and sign the deliveries."""
        platforms = Platforms(opens_at=datetime.now(UTC) - timedelta(hours=1), run=uuid4().hex[:6])
        event_id = await _event(client, platforms)
        source = f"/bridge/jaas/{platforms.jaas_source}"
        leaves_after = max(1, int(_STAY_SECONDS * rate / 2)) * 2
        requests: dict[str, bytes] = {}
        for number in range(count):
            joined = number % 2 == 0 or number <= leaves_after
            person = number if joined else number - leaves_after - 1
            # Within the hour that has passed: a fact from the future would be another matter.
            at = number * 3000 // count
            delivery = ConnectionDelivery(
                key=f"{number}",
                send=0,
                at=at,
                venue=Venue.PLENARY,
                kind="joined" if joined else "left",
                who=f"{person:032x}",
                connection=f"c{person}",
                joined_at=at,
            )
            request = platforms.request(delivery, platform_id=f"{person:032x}", name=None)
            key = json.loads(request.body)["idempotencyKey"]
            head = [f"POST {request.path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(request.body)}"]
            head += [f"{name}: {value}" for name, value in request.headers(datetime.now(UTC)).items()]
            requests[fact_id(source, "delivery", key)] = "\r\n".join(head).encode() + b"\r\n\r\n" + request.body
        return cls(event_id=event_id, requests=requests)


async def _event(client: Client, platforms: Platforms) -> str:
    source = {"platform": "jaas", "name": platforms.jaas_source, "app_id": JAAS_APP}
    await client.api("POST", "/api/v1/sources", source | {"webhook_secret": platforms.jaas_secret})
    starts_at = platforms.opens_at
    event = await client.api(
        "POST",
        "/api/v1/events",
        {
            "title": "Latency",
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(hours=8)).isoformat(),
            "timezone": "Europe/Paris",
            "capacity": {},
            "sessions": [],
            "rooms": [{"name": "Room", "conference": {"source": platforms.jaas_source, "room": PLENARY}}],
        },
    )
    event_id = str(event["event_id"])
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            try:
                await client.api("GET", f"/api/v1/events/{event_id}/stats")
            except UnexpectedAnswerError:
                await asyncio.sleep(0.1)
            else:
                return event_id


async def _run(running: Running, scene: Scene, token: str, *, lowest: Figures, rate: float, connections: int) -> Run:
    tally = Tally()
    ready = asyncio.Event()
    path = f"/api/v1/events/{scene.event_id}/live"
    listening = asyncio.create_task(listen(running.address, path, token, ready=ready, see=tally.see))
    await ready.wait()
    pool = Connections(dict(scene.requests), tally)
    await pool.open(int(running.address.rpartition(":")[2]), connections)
    before = _cpu_seconds(running)
    await open_loop(list(scene.requests), rate, tally, pool.send)
    with suppress(TimeoutError):
        await asyncio.wait_for(tally.complete.wait(), _PATIENCE_SECONDS)
    spent = _cpu_seconds(running)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    pool.close()
    warm_up = int(rate * _WARM_UP_SECONDS)
    return Run(
        rate=rate,
        way=tally.figures(after=warm_up),
        hops=await hops_of(running.kafka, scene.event_id, tally, after=warm_up),
        floor=lowest,
        cpu_us={name: (spent[name] - before.get(name, 0)) / len(scene.requests) * 1e6 for name in spent},
        refused=len(pool.refused),
        memory_mib=_memory_mib(running),
    )


def _processes(running: Running) -> dict[str, psutil.Process]:
    """Our processes by what they run."""
    found = {"benchmark": psutil.Process(os.getpid())}
    for process in psutil.Process(running.supervisor.pid).children(recursive=True):
        # A fork of the supervisor writes its command line as one word.
        words = " ".join(process.cmdline()).split()
        if "run" in words:
            service = words[words.index("run") + 1 :]
            found[" ".join(word for word in service if word != "--only")] = process
        elif any("kafka" in word for word in words):
            found["kafka"] = process
    return found


def _cpu_seconds(running: Running) -> dict[str, float]:
    return {name: _on_cpu(process) for name, process in _processes(running).items()}


def _on_cpu(process: psutil.Process) -> float:
    """Seconds a process ran: by the scheduler where it tells, since ticks miss who wakes up for a moment."""
    try:
        told = [path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/schedstat")]
    except OSError:
        told = []
    if told:
        return sum(int(line.split()[0]) for line in told) / 1e9
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def _memory_mib(running: Running) -> dict[str, float]:
    return {name: process.memory_info().rss / 2**20 for name, process in _processes(running).items()}


def _line(run: Run) -> str:
    return (
        f"{run.rate:g}/s: p50 {_ms(run.way.p50)} p99 {_ms(run.way.p99)} max {_ms(run.way.longest)} lost {run.way.lost}"
        f" behind {run.way.behind:.2f} s; floor p50 {_ms(run.floor.p50)} p99 {_ms(run.floor.p99)};"
        f" CPU {sum(run.cpu_us.values()):.0f} us;"
        f" hops p50: answer {_ms(run.hops.answer)} bridge {_ms(run.hops.bridge)} worker {_ms(run.hops.worker)}"
        f" reading {_ms(run.hops.reading)}"
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def report(runs: Sequence[Run]) -> None:
    """Print two tables: latencies, and CPU and memory by process."""
    table = Table(title="webhook → SSE, ms", title_justify="left")
    columns = (
        "rate/s",
        "deliveries",
        "lost",
        "refused",
        "late",
        "p50",
        "p99",
        "answer",
        "bridge",
        "worker",
        "reading",
        "floor p50",
        "floor p99",
        "× p50",
    )
    for name in columns:
        table.add_column(name, justify="right")
    for run in runs:
        way = run.way
        table.add_row(
            f"{run.rate:g}",
            f"{way.count:,}",
            str(way.lost),
            str(run.refused),
            f"{way.late:.1%}",
            *(_ms(seconds) for seconds in (way.p50, way.p99, *_hops(run), run.floor.p50, run.floor.p99)),
            f"{way.p50 / run.floor.p50:.1f}",
        )
    spent = Table(title="CPU a delivery, us (MiB)", title_justify="left")
    rates = list(dict.fromkeys(run.rate for run in runs))
    spent.add_column("process")
    for rate in rates:
        spent.add_column(f"{rate:g}/s", justify="right")
    for name in [*runs[0].cpu_us, "all"]:
        spent.add_row(name, *(_spent(name, [run for run in runs if run.rate == rate]) for rate in rates))
    console = Console(width=120)
    console.print(table)
    console.print(spent)
    console.print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, {time.strftime('%H:%M')}")


def _hops(run: Run) -> tuple[float, ...]:
    return run.hops.answer, run.hops.bridge, run.hops.worker, run.hops.reading


def _spent(name: str, runs: Sequence[Run]) -> str:
    if name == "all":
        return f"{statistics.median(sum(run.cpu_us.values()) for run in runs):,.0f}"
    memory = statistics.median(run.memory_mib.get(name, 0) for run in runs)
    return f"{statistics.median(run.cpu_us.get(name, 0) for run in runs):,.0f} ({memory:.0f})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=float, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--connections", type=int, default=64)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runs = runner.run(
            measure(given.rates, seconds=given.seconds, rounds=given.rounds, connections=given.connections)
        )
    report(runs)


if __name__ == "__main__":
    main()
