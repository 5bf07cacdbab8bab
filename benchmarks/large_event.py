"""One large event in the read model: what the projector, the API, the pages and the live stream cost against its size.

    python -m benchmarks.large_event [--sizes 200 2000 20000] [--reconnects 5000]

Each participant has ten facts: a registration, four pairs of a coming and a going, and a coming that goes on; one of
them reconnected thousands of times. Each size has a process of its own that fills the read model as the projector does,
serves it as `passerelle run attendance` does, and asks. (What the worker costs against size: `benchmarks.sizes`.)
"""

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import psutil
import uvloop
from aiohttp import ClientResponse, ClientSession, ClientTimeout
from rich.console import Console
from rich.table import Table

from schemas import topics
from schemas.envelope import format_instant
from schemas.identifiers import fact_id
from services.attendance.adapters.projection import Batch
from services.attendance.adapters.tables import MIGRATIONS
from services.attendance.stream.own_topics import read_record
from services.chassis.database import upgrade
from tests.fakes.attendance_facts import EventFacts, participant
from tests.fakes.attendance_web import ORGANIZER, Attendance, attending

EVENT: Final = "evt_" + "e" * 32
STARTS: Final = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
_SEALED: Final = 64
_RECORDS_A_POLL: Final = 1000
_WATCHERS: Final = 20
_REPEATS: Final = 9

Record = tuple[str, bytes, bytes]


def records(people: int, reconnects: int, *, sessions: Sequence[Mapping[str, str]] = ()) -> Iterator[Record]:
    """What the worker tells of the event, with other sessions if they are given, as it stands on its topics."""
    event = EventFacts(event_id=EVENT, starts_at=STARTS).event()
    told = json.loads(event.data.model_dump_json())
    told["sessions"] = sessions or told["sessions"]
    yield _entry(event.id, event.type, None, event.time, data=told)
    for number in range(people):
        yield from _person(participant(number), number, pairs=reconnects if number == 0 else 4)


def _person(who: str, number: int, *, pairs: int) -> Iterator[Record]:
    seat = {"event_id": EVENT, "mode": "in_person" if number % 2 else "remote", "status": "confirmed"}
    yield _entry(fact_id(who, "seat"), "passerelle.registration.participant.registered.v1", who, STARTS, data=seat)
    intervals = []
    for pair in range(pairs + 1):
        came = STARTS + timedelta(seconds=pair * 28_000 / (pairs + 1) + number % 1000 / 10)
        went = came + timedelta(seconds=20_000 / (pairs + 1)) if pair < pairs else None
        opened, closed = fact_id(who, "came", str(pair)), fact_id(who, "went", str(pair))
        mode = "in_person" if number % 2 and pair == 0 else "remote"
        yield from _comings_and_goings(who, mode, came, went, opened, closed)
        intervals.append(
            {
                "mode": mode,
                "start": format_instant(came),
                "end": None if went is None else format_instant(went),
                "via": "jaas:main/pleniere",
                "facts": [opened] if went is None else [opened, closed],
                "sources": ["/bridge/jaas/main"],
                "grade": "observed",
            }
        )
    for chunk in range(max(0, len(intervals) // _SEALED - 1)):
        yield _earlier(who, chunk, intervals[chunk * _SEALED : (chunk + 1) * _SEALED])
    sealed = max(0, len(intervals) // _SEALED - 1)
    yield _presence(who, seat["mode"], intervals[sealed * _SEALED :], earlier=sealed)


def _comings_and_goings(
    who: str, mode: str, came: datetime, went: datetime | None, opened: str, closed: str
) -> Iterator[Record]:
    data = {"event_id": EVENT, "room": "pleniere", "connection": f"c-{who}"}
    coming, going = "participation.joined", "participation.left"
    if mode == "in_person":
        data, coming, going = {"event_id": EVENT, "gate": "Main door"}, "checkin.checked_in", "checkin.checked_out"
    yield _entry(opened, f"passerelle.{coming}.v1", who, came, data=data)
    if went is not None:
        yield _entry(closed, f"passerelle.{going}.v1", who, went, data=data)


def _envelope(id_: str, kind: str, who: str | None, time_: datetime, data: object) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "/bridge/jaas/main",
        "type": kind,
        "subject": who,
        "time": format_instant(time_),
        "recordedtime": format_instant(time_ + timedelta(milliseconds=300)),
        "datacontenttype": "application/json",
        "data": data,
    }


def _entry(id_: str, kind: str, who: str | None, time_: datetime, data: object) -> Record:
    reached = {"status": "remote", "seconds": {"in_person": 0, "remote": 1.5, "both": 0, "total": 1.5}}
    told: dict[str, object] = {"event_id": EVENT, "fact": _envelope(id_, kind, who, time_, data)}
    if who is not None:
        told |= {"participant_id": who, "presence": reached}
    value = _envelope(id_, "passerelle.timeline.entry.v1", who, time_, told)
    return topics.TIMELINE.name, EVENT.encode(), json.dumps(value).encode()


def _presence(who: str, mode: str, intervals: Sequence[Mapping[str, object]], *, earlier: int) -> Record:
    data = {
        "event_id": EVENT,
        "status": "remote",
        "registered_mode": mode,
        "registration": "confirmed",
        "intervals": intervals,
        "seconds": {"in_person": 0, "remote": 16000.5, "both": 0, "total": 16000.5},
        "earlier": earlier,
        "state": {},
    }
    value = _envelope(fact_id(who, "presence"), "passerelle.presence.changed.v1", who, STARTS, data)
    return topics.PRESENCE.name, f"{EVENT}/{who}".encode(), json.dumps(value).encode()


def _earlier(who: str, number: int, intervals: Sequence[Mapping[str, object]]) -> Record:
    data = {"event_id": EVENT, "number": number, "intervals": intervals, "state": {}}
    id_ = fact_id(who, "earlier", str(number))
    value = _envelope(id_, "passerelle.presence.earlier.v1", who, STARTS, data)
    return topics.PRESENCE.name, f"{EVENT}/{who}/{number:04d}".encode(), json.dumps(value).encode()


async def measure(people: int, reconnects: int) -> dict[str, float]:
    """Fill, serve, ask; the times in milliseconds, by what was asked."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "attendance.db"
        database = f"sqlite+aiosqlite:///{file}"
        await upgrade(database, MIGRATIONS)
        async with attending(database, names={participant(n): f"Person {n}" for n in range(people)}) as attendance:
            found = {"RSS before, MiB": _rss()}
            found |= await fill(attendance, records(people, reconnects))
            found["database, MiB"] = file.stat().st_size / 2**20
            headers = {"Authorization": f"Bearer {ORGANIZER}"}
            timeout = ClientTimeout(total=600)
            async with ClientSession(attendance.url, headers=headers, timeout=timeout) as session:
                found |= await _ask(session, people)
                found |= await _follow(attendance, session, people)
            found["RSS after, MiB"] = _rss()
            found["RSS at most, MiB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


async def fill(attendance: Attendance, told: Iterator[Record]) -> dict[str, float]:
    """Store what the worker told as the projector does; gives what that cost."""
    spent, cpu, count = 0.0, 0.0, 0
    while poll := [record for _, record in zip(range(_RECORDS_A_POLL), told, strict=False)]:
        begun, begun_cpu = time.perf_counter(), time.process_time()
        batch = Batch()
        for record in poll:
            read_record(batch, *record)
        await attendance.projection.apply(batch)
        spent, cpu, count = (
            spent + time.perf_counter() - begun,
            cpu + time.process_time() - begun_cpu,
            count + len(poll),
        )
    return {"records": count, "projector, us CPU a record": cpu / count * 1e6, "projector, records/s": count / spent}


async def _ask(session: ClientSession, people: int) -> dict[str, float]:
    event = f"/api/v1/events/{EVENT}"
    pages = f"/events/{EVENT}/live"
    middle = (await _json(session, f"{event}/presence?limit=1000"))["next"] or ""
    asked = {
        "stats, first": f"{event}/stats",
        "stats": f"{event}/stats",
        "presence, a page of 100": f"{event}/presence?limit=100",
        "presence, a later page": f"{event}/presence?limit=100" + (f"&after={middle}" if middle else ""),
        "presence of one": f"{event}/presence/{participant(people // 2)}",
        "presence of the one who reconnected": f"{event}/presence/{participant(0)}",
        "timeline, a page of 100": f"{event}/timeline?limit=100",
        "live page": pages,
        "people page": f"{pages}/people",
        "people page, a search": f"{pages}/people?who=person+{people // 2}",
        "a person's page": f"{pages}/people/{participant(people // 2)}",
        "page of the one who reconnected": f"{pages}/people/{participant(0)}",
    }
    found = {}
    for name, path in asked.items():
        repeats = 1 if name.endswith("first") else _REPEATS
        found[name] = statistics.median([await _timed(partial(_read, session, path)) for _ in range(repeats)])
    return found


async def _follow(attendance: Attendance, session: ClientSession, people: int) -> dict[str, float]:
    """Some watch while people move, one after the other."""
    path = f"/api/v1/events/{EVENT}/live"
    async with AsyncExitStack() as stack:
        begun = time.perf_counter()
        watching = [await stack.enter_async_context(session.get(path)) for _ in range(_WATCHERS)]
        for answer in watching:
            while not (await answer.content.readline()).startswith(b"data: "):
                pass
        joined = (time.perf_counter() - begun) * 1000
        times, cpu = [], time.process_time()
        for number in range(50):
            moved = list(_person(participant(number % people), number, pairs=4))[-1:]
            came = datetime.now(UTC)
            fact = fact_id("moved", str(number))
            data = {"event_id": EVENT, "room": "pleniere", "connection": "again"}
            moved.append(_entry(fact, "passerelle.participation.joined.v1", participant(number % people), came, data))
            times.append(await _timed(partial(_move, attendance, watching, moved, fact.encode())))
        spent = (time.process_time() - cpu) / 50
    return {
        f"{_WATCHERS} watchers come, all": joined,
        f"an update to {_WATCHERS} watchers": statistics.median(times),
        "CPU of an update": spent * 1000,
    }


async def _move(
    attendance: Attendance, watching: Sequence[ClientResponse], moved: Sequence[Record], fact: bytes
) -> None:
    batch = Batch()
    for record in moved:
        read_record(batch, *record)
    stored = await attendance.projection.apply(batch)
    await attendance.feed.advance(batch.event_ids, stored)
    for answer in watching:
        while fact not in await answer.content.readline():
            pass


async def _timed(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await work()
    return (time.perf_counter() - begun) * 1000


async def _read(session: ClientSession, path: str) -> bytes:
    async with session.get(path) as answer:
        answer.raise_for_status()
        return await answer.read()


async def _json(session: ClientSession, path: str) -> dict[str, str]:
    parsed: dict[str, str] = json.loads(await _read(session, path))
    return parsed


def _rss() -> float:
    return float(psutil.Process().memory_info().rss / 2**20)


def report(found: dict[int, dict[str, float]]) -> None:
    """Print everything against size."""
    table = Table(title="one event in the read model: milliseconds, where nothing else is said", title_justify="left")
    table.add_column("participants")
    for people in found:
        table.add_column(f"{people:,}", justify="right")
    for name in next(iter(found.values())):
        table.add_row(name, *(f"{figures[name]:,.1f}" for figures in found.values()))
    Console(width=120).print(table)


def main() -> None:
    """Measure each size in a process of its own and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[200, 2_000, 20_000])
    parser.add_argument("--reconnects", type=int, default=5_000)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            print(json.dumps(runner.run(measure(given.one, given.reconnects))))
        return
    found = {}
    for people in given.sizes:
        command = [sys.executable, "-m", "benchmarks.large_event", "--one", str(people)]
        command += ["--reconnects", str(given.reconnects)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found[people] = json.loads(done.stdout.splitlines()[-1])
    report(found)


if __name__ == "__main__":
    main()
