"""The faults: each hurts a running Passerelle, and heals itself or lets the supervisor heal it."""

import asyncio
import contextlib
import random
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from deploy.local.up import Running
from tests.fakes.attendance_worker import WorkerProcess
from tests.fakes.programs import PROGRAMS, alive
from tests.faults.conftest import Tell
from tests.faults.flow import Flow

_PAUSE_SECONDS: Final = 30.0
_FULL_SECONDS: Final = 5.0
_SESSION_SECONDS: Final = 10.0
_BEYOND_A_SESSION_SECONDS: Final = 1.5 * _SESSION_SECONDS
_JOINING_SECONDS: Final = 10.0
_PATIENCE_SECONDS: Final = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is done, and about how long it takes until it is healed, or left to the supervisor."""

    act: Callable[[], Awaitable[None]]
    seconds: float = 5.0


@dataclass(slots=True, kw_only=True)
class Victim:
    """Everything that `passerelle up` runs, and the workers that join it."""

    running: Running
    folder: Path

    def faults(self) -> Mapping[str, Fault]:
        """All faults by name, each to be injected once."""
        return {
            **{f"kill -9 of {name}": self.killing(name) for name in PROGRAMS},
            "kill -9 of all at once": self.killing(*PROGRAMS),
            "broker stopped, started again": Fault(act=self._restart_broker),
            "broker paused": Fault(act=self._pause_broker, seconds=_PAUSE_SECONDS),
            "disk of the read model full": Fault(act=self._fill_disk, seconds=_FULL_SECONDS),
            "second worker joins, stands still past its session, goes on and leaves": Fault(
                act=self._add_sleeping_worker, seconds=_BEYOND_A_SESSION_SECONDS + _JOINING_SECONDS
            ),
            "third worker joins, is killed, comes back and leaves": Fault(
                act=self._add_dying_worker, seconds=2 * _JOINING_SECONDS
            ),
        }

    async def process(self, name: str) -> psutil.Process:
        """The running process of a program; one that was killed just now is awaited."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not (found := alive(self.running, name)):
                await asyncio.sleep(0.02)
        return found[0]

    def killing(self, *names: str) -> Fault:
        """`kill -9` of programs, which the supervisor starts again."""

        async def kill() -> None:
            for process in [await self.process(name) for name in names]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

        return Fault(act=kill)

    async def _restart_broker(self) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            (await self.process("kafka")).terminate()

    async def _pause_broker(self) -> None:
        broker = await self.process("kafka")
        broker.suspend()
        try:
            # A broker that is killed meanwhile cannot be woken.
            with contextlib.suppress(psutil.TimeoutExpired):
                await asyncio.to_thread(broker.wait, _PAUSE_SECONDS)
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                broker.resume()

    async def _fill_disk(self) -> None:
        """No file of the read side's process may grow, as if its disk were full; then it has room again."""
        pid = (await self.process("attendance-web")).pid
        with contextlib.suppress(ProcessLookupError):
            before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
            try:
                await asyncio.sleep(_FULL_SECONDS)
            finally:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    async def _add_sleeping_worker(self) -> None:
        async with self._worker("second") as worker:
            async with worker.standing_still():
                await asyncio.sleep(_BEYOND_A_SESSION_SECONDS)
            await worker.ready(within=_PATIENCE_SECONDS)

    async def _add_dying_worker(self) -> None:
        async with self._worker("third") as worker:
            await worker.kill()
            await worker.ready(within=_PATIENCE_SECONDS)

    @asynccontextmanager
    async def _worker(self, name: str) -> AsyncIterator[WorkerProcess]:
        """One more worker, started again when it ends, as any orchestrator does; it leaves in good order."""
        settings = {"PASSERELLE_SESSION_SECONDS": str(_SESSION_SECONDS)}
        worker = WorkerProcess(data_dir=self.folder / name, kafka=self.running.kafka, settings=settings)
        await worker.start()
        keeping = asyncio.create_task(_keep(worker))
        try:
            await worker.ready(within=_PATIENCE_SECONDS)
            yield worker
            keeping.cancel()
            await worker.stop()
        finally:
            keeping.cancel()
            await worker.kill()


async def _keep(worker: WorkerProcess) -> None:
    while worker.process is not None:
        await worker.process.wait()
        await worker.start()


async def inject(faults: Mapping[str, Fault], flow: Flow, *, chance: random.Random, tell: Tell) -> None:
    """Inject each fault once, at an instant of its own while the stream flows; returns when all are healed.

    Some overlap, as chance has it. What takes long begins early enough to be over before the stream is.
    """
    number = len(flow.arrivals)

    async def at(place: int, name: str) -> None:
        await flow.until(place)
        tell(f"after {flow.sent} records: {name}")
        await faults[name].act()

    async with asyncio.TaskGroup() as group:
        for name, fault in sorted(faults.items()):
            latest = 0.95 * number - fault.seconds * flow.a_second
            group.create_task(at(round(chance.uniform(0.05 * number, max(0.1 * number, latest))), name))
