"""The registration service of the benchmark of the door: its process, its database, an event with tickets in it."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.closed_loop import cpu_seconds, free_port
from deploy.local.tied import tied
from schemas.identifiers import new_participant_id
from services.chassis.access import Role
from services.chassis.database import create_engine
from services.chassis.settings import load_settings
from services.registration.adapters.mint import RandomMint
from services.registration.adapters.tables import OUTBOX, PEOPLE, REGISTRATIONS, SCANS
from services.registration.bootstrap import create_token
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.settings import RegistrationSettings

ROOT: Final = Path(__file__).parents[1]
_PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A running service, with two tokens; `database_pid` is of the server of its database, where that has one."""

    port: int
    pid: int
    organizer: str
    desk: str
    settings: RegistrationSettings
    engine: AsyncEngine
    database_pid: int | None

    async def api(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401  (whatever the API answers)
        """What the API answers an organizer.

        Raises:
            RuntimeError: if that is an error.
        """
        headers = {"Authorization": f"Bearer {self.organizer}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, f"http://127.0.0.1:{self.port}/api/v1{path}", json=body) as response,
        ):
            if response.status >= 400:
                raise RuntimeError(await response.text())
            return await response.json()

    async def event(self, capacity: Mapping[str, int] | None = None) -> str:
        """The id of a new event that is open, and began an hour ago."""
        now = datetime.now(UTC)
        body = {
            "title": "Colloque",
            "starts_at": (now - timedelta(hours=1)).isoformat(),
            "ends_at": (now + timedelta(hours=8)).isoformat(),
            "timezone": "Europe/Paris",
            "capacity": dict(capacity or {}),
            "rooms": [{"name": "Amphi"}, {"name": "Salle 2"}],
        }
        event_id: str = (await self.api("POST", "/events", body))["event_id"]
        await self.api("POST", f"/events/{event_id}/publish")
        return event_id

    async def tickets(self, event_id: str, count: int) -> list[str]:
        """So many tickets of new participants, who are put into the database past the service."""
        mint, now = RandomMint(), datetime.now(UTC)
        seats = [
            {
                "participant_id": new_participant_id(),
                "event_id": event_id,
                "mode": Mode.IN_PERSON.value,
                "status": SeatStatus.CONFIRMED.value,
                "ticket": mint.ticket(),
                "created_at": now,
                "changed_at": now,
            }
            for _ in range(count)
        ]
        people = [
            {
                "participant_id": seat["participant_id"],
                "name": f"Participante {number}",
                "email": f"participante.{number}@example.org",
                "language": "fr",
                "search_text": f"participante {number}",
            }
            for number, seat in enumerate(seats)
        ]
        async with self.engine.begin() as connection:
            await connection.execute(insert(REGISTRATIONS), seats)
            await connection.execute(insert(PEOPLE), people)
        return [str(seat["ticket"]) for seat in seats]

    async def scans(self, event_id: str) -> int:
        """How many scans are recorded."""
        async with self.engine.connect() as connection:
            return await connection.scalar(select(func.count()).where(SCANS.c.event_id == event_id)) or 0

    async def seats(self, event_id: str) -> Mapping[tuple[str, str], int]:
        """How many registrations there are, by mode and status."""
        columns = REGISTRATIONS.c
        async with self.engine.connect() as connection:
            rows = await connection.execute(select(columns.mode, columns.status).where(columns.event_id == event_id))
            return Counter((row.mode, row.status) for row in rows)

    async def drained(self) -> None:
        """Wait until Kafka has all that was told.

        Raises:
            TimeoutError: if it does not get there.
        """
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while True:
                async with self.engine.connect() as connection:
                    if not await connection.scalar(select(func.count()).select_from(OUTBOX)):
                        return
                await asyncio.sleep(0.1)

    def cpu_seconds(self) -> tuple[float, float]:
        """What the service has spent, and its database."""
        return cpu_seconds(self.pid), 0.0 if self.database_pid is None else cpu_seconds(self.database_pid)


@asynccontextmanager
async def running_service(
    directory: Path, *, kafka: str, code: Path = ROOT, database: str | None = None, database_pid: int | None = None
) -> AsyncIterator[Service]:
    """`python -m services.registration` of the project in `code`, its database in `directory` or where the URL says."""
    given: dict[str, Any] = {} if database is None else {"registration_database": database}
    settings = load_settings(
        RegistrationSettings, data_dir=directory, port=free_port(), kafka=kafka, secret_key="benchmark " * 4, **given
    )
    environment = os.environ | {
        "PASSERELLE_DATA_DIR": str(directory),
        "PASSERELLE_PORT": str(settings.port),
        "PASSERELLE_KAFKA": kafka,
        "PASSERELLE_LOG_FORMAT": "json",
        "PASSERELLE_SECRET_KEY": settings.secret,
        "PASSERELLE_REGISTRATION_DATABASE": settings.registration_database,
    }
    async with AsyncExitStack() as stack:
        with (directory / "log").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *tied([sys.executable, "-m", "services.registration"], parent=os.getpid()),
                cwd=code,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        stack.push_async_callback(process.wait)
        stack.callback(process.kill)
        await _ready(settings.port, process, directory / "log")
        engine = create_engine(settings.registration_database)
        stack.push_async_callback(engine.dispose)
        yield Service(
            port=settings.port,
            pid=process.pid,
            organizer=await create_token(settings, role=Role.ORGANIZER),
            desk=await create_token(settings, role=Role.DESK),
            settings=settings,
            engine=engine,
            database_pid=database_pid,
        )


async def _ready(port: int, process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS), aiohttp.ClientSession() as session:
        while process.returncode is None:
            try:
                async with session.get(f"http://127.0.0.1:{port}/health/ready") as response:
                    if response.ok:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
    message = f"the service did not start: {log}"
    raise RuntimeError(message)
