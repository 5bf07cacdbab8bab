"""A service as a real process, to be killed and started again."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from tests.builders import SECRET_KEY
from tests.fakes.passerelle import Started, start

DEADLINE_SECONDS: Final = 60.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(slots=True, kw_only=True)
class ServiceProcess:
    """`passerelle run …` on a data directory, at one port over all its lives."""

    service: str
    data_dir: Path
    kafka: str
    port: int = field(default_factory=free_port)
    process: Started | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, and return when it is ready."""
        settings = {
            "PASSERELLE_DATA_DIR": str(self.data_dir),
            "PASSERELLE_KAFKA": self.kafka,
            "PASSERELLE_PORT": str(self.port),
            "PASSERELLE_SECRET_KEY": SECRET_KEY,
            "PASSERELLE_LOG_LEVEL": "warning",
        }
        log = self.data_dir / f"{self.service}.log"
        self.process = await start("run", self.service, settings=settings, out=log, said=log)
        async with aiohttp.ClientSession() as session, asyncio.timeout(DEADLINE_SECONDS):
            while not await self._ready(session):
                assert self.process.returncode is None
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """`kill -9`."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Stop it in good order; gives its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process = self.process
        if process is None:
            return 0
        process.send_signal(number)
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await process.wait()

    async def _ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.url}/health/ready") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def service_process(service: str, data_dir: Path, kafka: str) -> AsyncIterator[ServiceProcess]:
    """A service that runs, and is gone at the end."""
    running = ServiceProcess(service=service, data_dir=data_dir, kafka=kafka)
    try:
        await running.start()
        yield running
    finally:
        await running.kill()
