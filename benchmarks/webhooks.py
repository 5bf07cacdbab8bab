"""Durable webhooks: signed JaaS deliveries through the real handler, at 16 and 64 connections.

    python -m benchmarks.webhooks [--seconds 4] [--rounds 3] [--directory DIR]

Four ways to store, each in a server process of its own, on the disk of DIR (default: the temporary directory):

- `grouped`: the inbox as it is: deliveries share a transaction and its fsync (SQLite, WAL, synchronous FULL);
- `memory`: the same handler, which stores nothing;
- `single`: one transaction, and one fsync, for each delivery;
- `full`: as `grouped`, with room for so few that wait for their transaction that many are refused (503): the `errors`.

They take turns, round after round; figures are medians over the rounds. The client, a process of its own too, sends
deliveries signed beforehand, one after the other on each connection.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.closed_loop import Figures, cpu_seconds, free_port, load, median, request, run, until_open
from services.chassis import dead_letters
from services.chassis.clock import system_clock
from services.chassis.database import create_engine, create_reading_engine, upgrade
from services.chassis.http import create_app, listening
from services.chassis.logging import configure_logging
from services.chassis.metrics import new_registry
from services.chassis.middlewares import BUSY_ROUTES
from services.chassis.openapi import add_api
from services.chassis.secrets import SecretBox
from services.chassis.settings import load_settings
from services.streaming_bridge.adapters.claims import SqlClaims
from services.streaming_bridge.adapters.door_log import SqlDoorBook
from services.streaming_bridge.adapters.group_commit import LARGEST_GROUP, LONGEST_QUEUE, GroupCommit
from services.streaming_bridge.adapters.inbox import SqlInbox
from services.streaming_bridge.adapters.platforms import PLATFORMS
from services.streaming_bridge.adapters.sources import SqlSources
from services.streaming_bridge.application.arrivals import Arrival, Outcome
from services.streaming_bridge.application.door_log import DoorLog
from services.streaming_bridge.application.receiving import Receiving
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.bootstrap import MIGRATIONS
from services.streaming_bridge.domain.sources import PlatformName, Source
from services.streaming_bridge.settings import BridgeSettings
from services.streaming_bridge.web.metrics import BridgeMetrics
from services.streaming_bridge.web.webhooks import webhook_routes, webhooks_api
from tests.fakes.bridge import event_fact
from tests.fakes.platforms import JaasShapes

WAYS: Final = ("grouped", "memory", "single", "full")
ROOM_WHEN_FULL: Final = 8
CONNECTIONS: Final = (16, 64)
SHAPES: Final = JaasShapes()
PREPARED: Final = 40_000


async def serve(way: str, directory: Path, port: int) -> None:
    """Serve webhooks with one way to store, until killed."""
    settings = load_settings(
        BridgeSettings, data_dir=directory, port=port, secret_key="benchmark " * 4, log_format="json"
    )
    configure_logging(settings, service="benchmark")
    await upgrade(settings.streaming_bridge_database, MIGRATIONS)
    engine = create_engine(settings.streaming_bridge_database)
    readers = create_reading_engine(settings.streaming_bridge_database)
    box = SecretBox.derive(settings.secret, purpose="benchmark")
    inbox = SqlInbox(engine, names=box, committed=lambda: None)
    commits = GroupCommit(
        inbox.write,
        largest_group=1 if way == "single" else LARGEST_GROUP,
        longest_queue=ROOM_WHEN_FULL if way == "full" else LONGEST_QUEUE,
    )
    book = SourceBook(SqlSources(engine, readers, box=box), system_clock)
    await _claimed_source(book, SqlClaims(readers), engine)
    registry = new_registry(service="benchmark")
    receiving = Receiving(
        book=book,
        platforms=PLATFORMS,
        store=_nowhere if way == "memory" else commits.submit,
        is_full=commits.is_full,
        clock=system_clock,
        pseudonym_key=settings.pseudonym_key,
        sealing=SecretBox.derive(settings.secret, purpose=dead_letters.PURPOSE),
        tolerance=timedelta(hours=24),
    )
    app = create_app(settings, service="benchmark", registry=registry)
    app[BUSY_ROUTES] = webhook_routes(PLATFORMS.values())
    metrics = BridgeMetrics(registry, waiting=lambda: commits.waiting)
    door = DoorLog(SqlDoorBook(engine, readers), system_clock, is_source=book.knows)
    add_api(app, webhooks_api(receiving, metrics, door, PLATFORMS.values(), public_url=settings.public_url))
    async with listening(app, settings):
        await commits.run()


async def _nowhere(_: Arrival) -> Outcome:
    return Outcome.ACCEPTED


async def _claimed_source(book: SourceBook, claims: SqlClaims, engine: AsyncEngine) -> None:
    now = system_clock()
    source = Source(
        name=SHAPES.source,
        platform=PlatformName.JAAS,
        webhook_secrets=(SHAPES.secret,),
        settings={},
        secrets={},
        created_at=now,
        updated_at=now,
    )
    await book.add(source)
    event = event_fact((SHAPES.source, SHAPES.room))
    async with engine.begin() as connection:
        await claims.apply(connection, event.data, time=event.time, fact_id=event.id)


def requests(count: int, *, start: int) -> list[bytes]:
    """Deliveries as they go over the wire: joins of guests with names, each another one."""
    now = datetime.now(UTC)
    made = []
    for number in range(start, start + count):
        body = SHAPES.joined(number % 480, who=f"person {number}", user_id=f"sso-{number % 500}", name="Somebody")
        signed = SHAPES.request(body, signed_at=now)
        made.append(request("POST", signed.path, dict(signed.headers), body))
    return made


def measure(way: str, *, connections: int, seconds: float, directory: Path) -> Figures:
    """One run against a fresh server."""
    port = free_port()
    with tempfile.TemporaryDirectory(dir=directory) as data_dir:
        arguments = [sys.executable, "-m", "benchmarks.webhooks", "--serve", way, "--directory", data_dir]
        with subprocess.Popen([*arguments, "--port", str(port)], stderr=subprocess.DEVNULL) as server:
            try:
                until_open(port)
                warm = iter(requests(500, start=0))
                measured = iter(requests(PREPARED, start=500))
                run(lambda: load(port, warm, connections=connections, seconds=seconds))
                before = cpu_seconds(server.pid)
                figures = run(lambda: load(port, measured, connections=connections, seconds=seconds))
                spent = cpu_seconds(server.pid) - before
                return replace(figures, server_cpu_us=spent / figures.answered * 1e6)
            finally:
                server.kill()


def report(seconds: float, rounds: int, directory: Path) -> None:
    """Measure in turns and print the medians with their ratios."""
    found: dict[tuple[int, str], list[Figures]] = {}
    for _ in range(rounds):
        for connections in CONNECTIONS:
            for way in WAYS:
                figures = measure(way, connections=connections, seconds=seconds, directory=directory)
                found.setdefault((connections, way), []).append(figures)
    medians = {key: median(figures) for key, figures in found.items()}
    print(f"{'connections':>11} {'way':<8} {'per second':>10} {'p50 ms':>8} {'p99 ms':>8} {'CPU us':>8} {'errors':>6}")
    for (connections, way), figures in medians.items():
        print(
            f"{connections:>11} {way:<8} {figures.per_second:>10,.0f} {figures.p50_ms:>8.2f} {figures.p99_ms:>8.2f}"
            f" {figures.server_cpu_us:>8.0f} {figures.errors:>6}"
        )
    for connections in CONNECTIONS:
        grouped, memory, single, full = (medians[connections, way].per_second for way in WAYS)
        print(f"{connections} connections: {grouped / single:.1f} x one fsync a request,", end=" ")
        print(f"{grouped / memory:.2f} x no disk, {full / grouped:.2f} x itself while it refuses some")
    print(json.dumps({"seconds": seconds, "rounds": rounds, "cpus": os.cpu_count(), "load": os.getloadavg()}))


def main() -> None:
    """Serve, or measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--serve", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(given.serve, given.directory, given.port))
    else:
        report(given.seconds, given.rounds, given.directory)


if __name__ == "__main__":
    main()
