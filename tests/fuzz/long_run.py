"""Throw very many deliveries and calls at a bridge in a process of its own.

    python -m tests.fuzz.long_run [--deliveries 100000] [--calls 5000] [--seed N]

Half of the deliveries come with their proof, half with a forged one. It fails, with what was sent, when an answer is a
5xx, when what is unproved is not refused as its platform wants it, when the process dies, and when it holds much more
memory at the end than it did at first. The database is PostgreSQL where it is installed, else SQLite.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp
import psutil
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from yarl import URL

from services.chassis.clock import system_clock
from services.chassis.http import listening
from services.chassis.logging import configure_logging
from services.chassis.process import Background
from services.streaming_bridge.adapters.platforms import PLATFORMS
from services.streaming_bridge.bootstrap import MIGRATIONS, built
from services.streaming_bridge.domain.sources import PlatformName
from services.streaming_bridge.settings import BridgeSettings
from tests.builders import settings_for
from tests.fakes.bridge import ORGANIZER, KnownTokens, event_fact
from tests.fakes.platforms import ALL_SHAPES
from tests.fakes.service_process import free_port
from tests.fuzz.deliveries import Thrown, thrown
from tests.fuzz.operations import Call, calls
from tests.postgresql import PostgreSqlMissingError, running_postgresql

Made = TypeVar("Made")

ROUND: Final = 1000
AT_ONCE: Final = 8
TAKEN: Final = frozenset({200, 202, 400})
READY_SECONDS: Final = 60.0
GROWTH: Final = 1.1
SPARE_MIB: Final = 8.0


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of it."""

    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    memory_mib: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def note(self, what: str, how: str, status: int, *, well: bool, sent: object) -> None:
        """Count an answer, and keep what led to a wrong one."""
        self.answers[what, how, status] += 1
        if not well:
            self.wrong.append(f"{status} to {how} {what}: {sent!r}")

    def grew(self) -> str | None:
        """How much memory was held early, once everything was loaded, and at the end, if that is much more."""
        fifth = max(1, len(self.memory_mib) // 5)
        early, late = (
            statistics.median(part) for part in (self.memory_mib[fifth : 2 * fifth], self.memory_mib[-fifth:])
        )
        return f"memory grew from {early:.1f} to {late:.1f} MiB" if late > early * GROWTH + SPARE_MIB else None


async def serve(database: str, data_dir: Path, port: int) -> None:
    """Be the bridge, with a source of each platform whose room an event claims."""
    chosen = settings_for(BridgeSettings, data_dir=data_dir, port=port, streaming_bridge_database=database)
    configure_logging(chosen, service="fuzz")
    async with built(chosen, clock=system_clock, verifier=KnownTokens()) as bridge, Background() as background:
        bridge.start_inbox(background)
        event = event_fact(*((shapes.source, shapes.room) for shapes in ALL_SHAPES))
        async with bridge.engine.begin() as connection:
            await bridge.claims.apply(connection, event.data, time=event.time, fact_id=event.id)
        async with listening(bridge.app, chosen):
            await background.wait()


def some(strategy: st.SearchStrategy[Made], count: int, number: int) -> list[Made]:
    """So many examples, the same for the same number."""
    made: list[Made] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example: Made) -> None:
        made.append(example)

    collect()
    return made


async def throw(session: aiohttp.ClientSession, one: Thrown, tally: Tally) -> None:
    """Send a delivery with its proof, and with a forged one."""
    now = datetime.now(UTC)
    unproved = PLATFORMS[PlatformName(one.shapes.platform)].refusals.unproved
    for how, request, expected in (
        ("proved", one.proved(now=now), TAKEN),
        ("forged", one.forged(now=now), {unproved}),
    ):
        async with session.post(request.path, data=request.body, headers=request.headers) as response:
            await response.read()
            tally.note(one.shapes.platform, how, response.status, well=response.status in expected, sent=request)


async def call(session: aiohttp.ClientSession, one: Call, tally: Tally) -> None:
    """Ask something of the API, as an organizer."""
    # What deletes the sources would end the deliveries.
    if one.method == "DELETE":
        return
    headers = {**one.headers, **ORGANIZER}
    async with session.request(one.method, URL(one.path, encoded=True), data=one.body, headers=headers) as response:
        await response.read()
        well = response.status < 500 and (response.status >= 400 or not one.path.startswith("/webhooks/"))
        tally.note("API", one.method, response.status, well=well, sent=one)


async def all_of(work: Iterable[Callable[[], Awaitable[None]]]) -> None:
    """Do it all, a few at a time."""
    waiting = iter(work)

    async def worker() -> None:
        for each in waiting:
            await each()

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))


async def run(deliveries: int, asked: int, number: int, url: str, process: psutil.Process) -> Tally:
    """Throw round after round, and look at the process's memory after each."""
    tally = Tally()
    rounds = max(1, deliveries // ROUND)
    async with aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=120)) as session:
        document = await until_ready(session)
        for shapes in ALL_SHAPES:
            form = {"platform": shapes.platform, "name": shapes.source, shapes.proof_field: shapes.secret}
            async with session.post("/api/v1/sources", json=form, headers=ORGANIZER) as response:
                assert response.status == 201, await response.text()
        operations = calls(document)
        for done in range(rounds):
            began = time.monotonic()
            bodies = some(thrown, ROUND // 2, number + done)
            questions = some(operations, asked // rounds, number + done) if asked >= rounds else []
            await all_of(
                [
                    *(lambda one=one: throw(session, one, tally) for one in bodies),
                    *(lambda one=one: call(session, one, tally) for one in questions),
                ]
            )
            tally.memory_mib.append(process.memory_info().rss / 2**20)
            took = time.monotonic() - began
            print(f"round {done + 1}/{rounds}: {tally.memory_mib[-1]:.1f} MiB, {took:.1f} s, {len(tally.wrong)} wrong")
    return tally


async def until_ready(session: aiohttp.ClientSession) -> dict[str, Any]:
    """What the bridge says that it answers, once it does."""
    async with asyncio.timeout(READY_SECONDS):
        while True:
            try:
                async with session.get("/internal/openapi.json") as response:
                    document: dict[str, Any] = await response.json()
                    return document
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


async def main(deliveries: int, asked: int, number: int) -> int:
    """Start the bridge, throw, tell; gives the exit code."""
    async with AsyncExitStack() as stack:
        data_dir = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        try:
            server = stack.enter_context(running_postgresql())
            database = await stack.enter_async_context(server.database(MIGRATIONS))
        except PostgreSqlMissingError:
            database = f"sqlite+aiosqlite:///{data_dir / 'bridge.db'}"
        port = free_port()
        served = ["--serve", database, "--data-dir", str(data_dir), "--port", str(port)]
        log = stack.enter_context((data_dir / "log").open("wb"))
        bridge = subprocess.Popen([sys.executable, "-m", "tests.fuzz.long_run", *served], stdout=log, stderr=log)
        try:
            tally = await run(deliveries, asked, number, f"http://127.0.0.1:{port}", psutil.Process(bridge.pid))
            wrong = [*tally.wrong, *([f"it ended with {bridge.returncode}"] if bridge.poll() is not None else [])]
        finally:
            bridge.kill()
            bridge.wait()
    for (what, how, status), count in sorted(tally.answers.items()):
        print(f"{what:<14} {how:<7} {status} {count:>8,}")
    grew = tally.grew()
    print(f"seed {number}; memory {tally.memory_mib[0]:.1f} … {tally.memory_mib[-1]:.1f} MiB; {len(wrong)} wrong")
    for line in [*wrong[:10], *([grew] if grew else [])]:
        print(line)
    return 1 if wrong or grew else 0


def command(arguments: Sequence[str]) -> int:
    """Read the options, and throw or serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--data-dir", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given_options = parser.parse_args(arguments)
    if given_options.serve:
        asyncio.run(serve(given_options.serve, given_options.data_dir, given_options.port))
        return 0
    return asyncio.run(main(given_options.deliveries, given_options.calls, given_options.seed))


if __name__ == "__main__":
    sys.exit(command(sys.argv[1:]))
