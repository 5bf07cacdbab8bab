"""The report of one large event: what it costs to draw it anew, to draw it of an earlier instant, and to ask again.

    python -m benchmarks.report [--people 20000] [--sessions 10]

Each participant has ten facts, as in `benchmarks.large_event`. The service is asked over HTTP, first while it has read
nothing of the event, then for its page and its files, which share what was counted.
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
import uvloop
from aiohttp import ClientSession, ClientTimeout
from rich.console import Console
from rich.table import Table

from benchmarks.large_event import EVENT, STARTS, fill, records
from schemas.envelope import format_instant
from services.attendance.adapters.tables import MIGRATIONS
from services.chassis.database import upgrade
from services.chassis.process import collect_less_often
from tests.fakes.attendance_web import ORGANIZER, attending

_API: Final = f"/api/v1/events/{EVENT}/report"
_PAGE: Final = f"/events/{EVENT}/report"


async def measure(people: int, sessions: int) -> dict[str, tuple[float, float, float]]:
    """Seconds, seconds of the processor and kilobytes of each answer, in the order in which they are asked for."""
    collect_less_often()  # as the service does
    then, earlier = (format_instant(STARTS + timedelta(hours=hours)) for hours in (9, 5))
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite+aiosqlite:///{Path(folder) / 'attendance.db'}"
        await upgrade(database, MIGRATIONS)
        async with attending(database) as attendance:
            await fill(attendance, records(people, 4, sessions=sessions_of(sessions)))
            headers = {"Authorization": f"Bearer {ORGANIZER}"}
            async with ClientSession(attendance.url, headers=headers, timeout=ClientTimeout(total=600)) as session:
                others = asyncio.create_task(_longest_wait(session))
                first = await _asked(session, f"{_API}?as_of={then}")
                others.cancel()
                return {
                    "report, of an event not asked for before": first,
                    "others meanwhile, who waited the longest": (await others, 0.0, 0.0),
                    "the same again": await _asked(session, f"{_API}?as_of={then}"),
                    "report, as known three hours earlier": await _asked(session, f"{_API}?as_of={earlier}"),
                    "page": await _asked(session, f"{_PAGE}?as_of={then}"),
                    "CSV": await _asked(session, f"{_PAGE}.csv?as_of={then}"),
                    "XLSX": await _asked(session, f"{_PAGE}.xlsx?as_of={then}"),
                    "PDF": await _asked(session, f"{_PAGE}.pdf?as_of={then}"),
                }


def sessions_of(count: int) -> list[dict[str, str]]:
    """So many of equal length, one after the other."""
    ends = [format_instant(STARTS + timedelta(hours=8) * number / count) for number in range(count + 1)]
    return [
        {
            "session_id": f"ses_{number}",
            "title": f"Session {number + 1}",
            "starts_at": ends[number],
            "ends_at": ends[number + 1],
        }
        for number in range(count)
    ]


async def _longest_wait(session: ClientSession) -> float:
    """Seconds that the slowest of many small questions waited for its answer, until cancelled."""
    longest = 0.0
    with suppress(asyncio.CancelledError):
        while True:
            begun = time.perf_counter()
            async with session.get("/health/live") as answer:
                answer.raise_for_status()
            longest = max(longest, time.perf_counter() - begun)
            await asyncio.sleep(0.1)
    return longest


async def _asked(session: ClientSession, path: str) -> tuple[float, float, float]:
    begun, begun_cpu = time.perf_counter(), time.process_time()
    async with session.get(path) as answer:
        answer.raise_for_status()
        size = len(await answer.read())
    return time.perf_counter() - begun, time.process_time() - begun_cpu, size / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--sessions", type=int, default=10)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(measure(given.people, given.sessions))
    table = Table(title=f"the report of {given.people:,} people and {given.sessions} sessions", title_justify="left")
    for column in ("asked for", "seconds", "of processor", "kB"):
        table.add_column(column, justify="left" if column == "asked for" else "right")
    for name, (seconds, cpu, size) in found.items():
        table.add_row(name, f"{seconds:.2f}", f"{cpu:.2f}" if cpu else "", f"{size:,.0f}" if size else "")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
