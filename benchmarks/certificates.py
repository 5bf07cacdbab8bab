"""Proofs for everybody at one event: certificates issued, taken along in one file, asked for again; who is eligible.

    python -m benchmarks.certificates [--people 500]

Registration and attendance answer over HTTP as they do in production, each with a SQLite database of its own. Each
participant has ten facts, as in `benchmarks.large_event`; each certificate carries the proofs of theirs.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.large_event import EVENT, fill, records
from benchmarks.report import sessions_of
from services.attendance.adapters.tables import MIGRATIONS
from services.chassis.database import upgrade
from services.registration.adapters.mint import RandomMint
from services.registration.domain.documents import DocumentKind
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.issuers import Issuer
from services.registration.domain.registrations import Person, Registration
from services.registration.domain.seats import Mode, SeatStatus
from tests.fakes.attendance_facts import participant
from tests.fakes.attendance_web import attending
from tests.integration.running_registration import RunningRegistration, running_registration

_STARTS: Final = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


async def measure(people: int) -> dict[str, tuple[float, float, float]]:
    """Seconds, seconds of the processor, and kilobytes where something is taken along, of each step."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite+aiosqlite:///{Path(folder) / 'attendance.db'}"
        await upgrade(database, MIGRATIONS)
        async with (
            attending(database) as attendance,
            running_registration(Path(folder), attendance_url=str(attendance.url).rstrip("/")) as service,
        ):
            await fill(attendance, records(people, 4, sessions=sessions_of(10)))
            await _register(service, people)
            zipped, page = f"/api/v1/events/{EVENT}/certificates.zip", f"/events/{EVENT}/eligibility"
            return {
                "page of who is eligible, judged": await _timed(_taken(service, page)),
                "the same again, nothing new": await _timed(_taken(service, page)),
                f"issued to {people:,}": await _timed(_issued(service, people)),
                "all in one ZIP, drawn again": await _timed(_taken(service, zipped)),
                "asked for again, nothing new": await _timed(_issued(service, people)),
            }


async def _timed(step: Awaitable[float]) -> tuple[float, float, float]:
    begun, begun_cpu = time.perf_counter(), time.process_time()
    size = await step
    return time.perf_counter() - begun, time.process_time() - begun_cpu, size


async def _register(service: RunningRegistration, people: int) -> None:
    cases, mint = service.parts.use_cases, RandomMint()
    event = Event(
        event_id=EVENT,
        title="Colloque",
        starts_at=_STARTS,
        ends_at=_STARTS + timedelta(hours=8),
        timezone="Europe/Paris",
        changed_at=_STARTS,
        status=EventStatus.PUBLISHED,
        opened_at=_STARTS,
    )
    async with cases.events.store.writing() as transaction:
        await transaction.add_event(event, retry_key=None)
        for number in range(people):
            seat = Registration(
                participant_id=participant(number),
                event_id=EVENT,
                mode=Mode.IN_PERSON if number % 2 else Mode.REMOTE,
                status=SeatStatus.CONFIRMED,
                ticket=mint.ticket(),
                created_at=_STARTS,
                changed_at=_STARTS,
            )
            person = Person(name=f"Zoë {number}", email=f"p{number}@example.org", language="fr" if number % 3 else "en")
            await transaction.add_participant(seat, person, {})
    await cases.proofs.issuers.save(EVENT, Issuer(name="Association Passerelles"))


async def _issued(service: RunningRegistration, people: int) -> float:
    batches = service.parts.use_cases.proofs.batches
    batch = await batches.start(EVENT, DocumentKind.ATTENDANCE_CERTIFICATE, language=None, letters=True)
    done = await batches.carry_on(EVENT, batch.batch_id)
    if done.issued != people:
        message = f"{done.issued} of {people} were issued: {dict(done.refused)}"
        raise RuntimeError(message)
    return 0.0


async def _taken(service: RunningRegistration, path: str) -> float:
    async with service.client.get(path, headers={"Authorization": f"Bearer {service.organizer}"}) as answer:
        answer.raise_for_status()
        return len(await answer.read()) / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=500)
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(measure(given.people))
    table = Table(title=f"certificates of {given.people:,} people", title_justify="left")
    for column in ("step", "seconds", "of processor", "kB"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for name, (seconds, cpu, size) in found.items():
        table.add_row(name, f"{seconds:.2f}", f"{cpu:.2f}", f"{size:,.0f}" if size else "")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
