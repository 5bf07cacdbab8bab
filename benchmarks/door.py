"""The door: check-ins through the real registration service, on PostgreSQL and on SQLite, with floors beside them.

    python -m benchmarks.door [--seconds 1] [--connections 4 16 64] [--databases postgresql sqlite] [--rounds 1]
                              [--what live raw check-in late register] [--beside DIR]

The service is a process of its own, `python -m services.registration`, as it is deployed: one. Its Kafka is there, so
its outbox is drained meanwhile. PostgreSQL is Debian's, and what is committed is on its disk (its defaults: fsync,
synchronous_commit). Each run has a new event, a closed loop, and a desk's token: on each connection the next
request goes out when the last one is answered.

- `check-in`: a ticket that was not shown yet, in the words of the desk page; 3 % are shown again;
- `late`: the same as a desk sends it that was offline: with the instant of the scan and an `Idempotency-Key`;
- `register`: a public registration, two thirds of them for more than the event has seats;
- `live`: the same process's cheapest answer, `/health/live`: what HTTP costs it at least;
- `raw`: another process, which does one transaction with the driver alone for each request (`door_floor`).

After each run the rows in the database are counted, and must be exactly what was answered. `--beside` names another
copy of the project, whose service takes turns with this one's.
"""

import argparse
import asyncio
import json
import os
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from benchmarks.closed_loop import Figures, cpu_seconds, free_port, load, median, request, run, until_open
from benchmarks.door_service import ROOT, Service, running_service
from deploy.local.kafka import EmbeddedKafka
from deploy.local.tied import tied
from schemas.envelope import format_instant
from services.registration.domain.tickets import spell
from tests.postgresql import running_postgresql

WHAT: Final = ("live", "raw", "check-in", "late", "register")
DATABASES: Final = ("postgresql", "sqlite")
PRETIX: Final = "pretix 2026.8 on the same kind of machine: 29/s, p50 138 ms (4 connections), 32/s, p50 529 ms (16)"
"""Its own redeem call on PostgreSQL with 2 workers, as measured once and kept in performance.md; not run here."""
_REPEATED: Final = 0.03
_MOST_A_SECOND: Final = 3000
_SEATS: Final = 100
_OUTCOME: Final = re.compile(rb'"outcome": ?"(\w+)"')
_PARTICIPANT: Final = re.compile(rb'"participant_id": ?"(\w+)"')
_STATUS: Final = re.compile(rb'"status": ?"(\w+)"')


class WrongCountError(Exception):
    """The database holds something else than was answered."""


@dataclass(slots=True, kw_only=True)
class Answers:
    """What was answered, by its outcome or status."""

    expected: re.Pattern[bytes]
    by_kind: Counter[str] = field(default_factory=Counter)
    people: set[bytes] = field(default_factory=set)

    def judge(self, status: int, body: bytes) -> bool:
        """Note an answer; says whether it is a right one."""
        found = self.expected.search(body)
        if status not in {200, 201} or found is None or found[1] == b"refused":
            self.by_kind[f"{status}"] += 1
            return False
        self.by_kind[found[1].decode()] += 1
        self.people.update(_PARTICIPANT.findall(body))
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A service whose turn comes, and the floor on its database."""

    label: str
    service: Service
    floor_port: int
    floor_pid: int

    async def measure(self, what: str, *, connections: int, seconds: float) -> Figures:
        """One run, after a short one that is not counted.

        Raises:
            WrongCountError: if the database does not hold what was answered.
        """
        if what != "live":
            await self._run(what, connections=connections, seconds=min(0.3, seconds))
        return await self._run(what, connections=connections, seconds=seconds)

    async def _run(self, what: str, *, connections: int, seconds: float) -> Figures:
        if what == "live":
            alive = iter([request("GET", "/health/live", {})] * 1_000_000)
            return await self._load(self.service.port, alive, Answers(expected=_STATUS), connections, seconds)
        if what == "register":
            return await self._register(connections, seconds)
        event_id = await self.service.event()
        tickets = await self.service.tickets(event_id, int(seconds * _MOST_A_SECOND))
        answers = Answers(expected=_OUTCOME)
        if what == "raw":
            shown = _scans("/check-ins", "", tickets, late=False)
            return await self._load(self.floor_port, shown, answers, connections, seconds)
        shown = _scans(f"/api/v1/events/{event_id}/check-ins", self.service.desk, tickets, late=what == "late")
        figures = await self._load(self.service.port, shown, answers, connections, seconds)
        # Late word is recorded each time, and two of one ticket that overtake each other both let its holder in.
        late = what == "late"
        recorded = figures.answered if late else answers.by_kind["checked_in"]
        await self._compare(recorded, await self.service.scans(event_id))
        people = len(answers.people) if late else answers.by_kind["checked_in"]
        desk = await self.service.api("GET", f"/events/{event_id}/desk?since={format_instant(datetime.now(UTC))}")
        await self._compare(people, desk["on_site"])
        return figures

    async def _register(self, connections: int, seconds: float) -> Figures:
        event_id = await self.service.event({"in_person": _SEATS, "remote": _SEATS})
        answers = Answers(expected=_STATUS)
        figures = await self._load(self.service.port, _registrations(event_id), answers, connections, seconds)
        seats = await self.service.seats(event_id)
        for status in ("confirmed", "waitlisted"):
            held = [number for (_, given), number in seats.items() if given == status]
            await self._compare(answers.by_kind[status], sum(held))
            if status == "confirmed" and max(held) > _SEATS:
                raise WrongCountError(f"{max(held)} of {_SEATS} seats given")
        return figures

    async def _load(
        self, port: int, requests: Iterator[bytes], answers: Answers, connections: int, seconds: float
    ) -> Figures:
        await self.service.drained()
        before = self._cpu(port)
        figures = await load(port, requests, connections=connections, seconds=seconds, judge=answers.judge)
        await self.service.drained()
        spent = [(after - begun) / figures.answered * 1e6 for after, begun in zip(self._cpu(port), before, strict=True)]
        return replace(figures, server_cpu_us=spent[0], database_cpu_us=spent[1])

    def _cpu(self, port: int) -> tuple[float, float]:
        server, database = self.service.cpu_seconds()
        return (cpu_seconds(self.floor_pid) if port == self.floor_port else server), database

    async def _compare(self, answered: int, held: int) -> None:
        if answered != held:
            raise WrongCountError(f"{answered} answered, {held} in the database")


def _scans(path: str, token: str, tickets: Sequence[str], *, late: bool) -> Iterator[bytes]:
    """Tickets as they are shown at a door; some a second time."""
    choice = random.Random(2026)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    at = datetime.now(UTC) - timedelta(minutes=30)
    for number, ticket in enumerate(tickets):
        for shown in (
            [ticket, tickets[choice.randrange(number)]] if number and choice.random() < _REPEATED else [ticket]
        ):
            scan_id = str(uuid4())
            body: dict[str, object] = {"ticket": spell(shown), "action": "in", "place_id": None, "scan_id": scan_id}
            body |= {"gate": "Nord", "device": "desk-3f2a9c11"}
            if late:
                body |= {"at": format_instant(at + timedelta(milliseconds=100 * number)), "clock_offset_ms": -120}
            key = {"Idempotency-Key": scan_id} if late else {}
            yield request("POST", path, headers | key, json.dumps(body).encode())


def _registrations(event_id: str) -> Iterator[bytes]:
    number = 0
    while True:
        number += 1
        body = {
            "mode": ("in_person", "remote", "either")[number % 3],
            "name": f"Participante {number}",
            "email": f"participante.{number}@example.org",
            "language": "fr",
            "consents": {"newsletter": True},
        }
        path = f"/api/v1/events/{event_id}/registrations"
        yield request("POST", path, {"Content-Type": "application/json"}, json.dumps(body).encode())


@asynccontextmanager
async def _contending(database: str, kafka: str, directory: Path, code: Path) -> AsyncIterator[Contender]:
    """A service on a database of its own, and a floor on the same one."""
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(directory.mkdir)
        url = server_pid = None
        if database == "postgresql":
            server = stack.enter_context(running_postgresql(durable=True))
            url, server_pid = await stack.enter_async_context(server.database()), server.pid
        service = await stack.enter_async_context(
            running_service(directory, kafka=kafka, code=code, database=url, database_pid=server_pid)
        )
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.door_floor", service.settings.registration_database, str(port)]
        floor = await asyncio.create_subprocess_exec(*tied(command, parent=os.getpid()), cwd=ROOT)
        stack.push_async_callback(floor.wait)
        stack.callback(floor.kill)
        await asyncio.to_thread(until_open, port)
        label = database if code == ROOT else f"{database}, beside"
        yield Contender(label=label, service=service, floor_port=port, floor_pid=floor.pid)


async def measure(
    databases: Sequence[str],
    what: Sequence[str],
    connections: Sequence[int],
    *,
    seconds: float,
    rounds: int,
    codes: Sequence[Path],
) -> dict[tuple[str, str, int], list[Figures]]:
    """All runs, in turns: by contender, what it did, and over how many connections."""
    found: dict[tuple[str, str, int], list[Figures]] = {}
    with tempfile.TemporaryDirectory(prefix="passerelle-door-", ignore_cleanup_errors=True) as folder:
        async with AsyncExitStack() as stack:
            kafka = await stack.enter_async_context(EmbeddedKafka(Path(folder), port=0).running())
            contenders = [
                await stack.enter_async_context(_contending(database, kafka, Path(folder) / f"{database}-{turn}", code))
                for database in databases
                for turn, code in enumerate(codes)
            ]
            for _ in range(rounds):
                for one in what:
                    for number in connections:
                        for contender in contenders:
                            figures = await contender.measure(one, connections=number, seconds=seconds)
                            found.setdefault((contender.label, one, number), []).append(figures)
    return found


def report(found: dict[tuple[str, str, int], list[Figures]]) -> None:
    """Print the medians, with ratios to the floors of the same run."""
    medians = {key: median(runs) for key, runs in found.items()}
    table = Table("database", "what", title="The door", title_justify="left")
    for name in ("connections", "a second", "p50 ms", "p99 ms", "errors", "CPU µs", "database µs", "× raw", "× live"):
        table.add_column(name, justify="right")
    for (label, what, connections), figures in medians.items():
        ratios = [
            f"{figures.per_second / floor.per_second:.2f}" if floor is not None and what != of else ""
            for of in ("raw", "live")
            for floor in [medians.get((label, of, connections))]
        ]
        table.add_row(
            label,
            what,
            str(connections),
            f"{figures.per_second:,.0f}",
            f"{figures.p50_ms:.1f}",
            f"{figures.p99_ms:.1f}",
            str(figures.errors),
            f"{figures.server_cpu_us:,.0f}",
            f"{figures.database_cpu_us:,.0f}" if figures.database_cpu_us else "",
            *ratios,
        )
    console = Console(width=120)
    console.print(table)
    console.print(f"For comparison: {PRETIX}.")
    console.print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--connections", type=int, nargs="+", default=[4, 16, 64])
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--what", nargs="+", choices=WHAT, default=WHAT)
    parser.add_argument("--beside", type=Path)
    given = parser.parse_args()
    codes = [ROOT, *([given.beside] if given.beside else [])]
    report(
        run(
            lambda: measure(
                given.databases, given.what, given.connections, seconds=given.seconds, rounds=given.rounds, codes=codes
            )
        )
    )


if __name__ == "__main__":
    main()
