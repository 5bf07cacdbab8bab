"""A process: one event loop, stopped by a signal, and ended by the death of any of its background tasks."""

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

import structlog
import uvloop

from services.chassis.logging import keep_tracebacks_plain
from services.chassis.settings import SettingsError

EXIT_CLEAN: Final = 0
EXIT_FAILED: Final = 1
EXIT_MISCONFIGURED: Final = 2
_LAST_SECONDS: Final = 2.0
_NEW_OBJECTS: Final = 50_000
_LATER: Final[list[None]] = []
"""One for each block in which the collector rests."""

log = structlog.stdlib.get_logger(__name__)


class TaskEndedError(Exception):
    """A background task, meant to live as long as the process, came to its end."""

    def __init__(self, task: str) -> None:
        """Keep the name of the task."""
        super().__init__(f"the background task {task} ended")
        self.task = task


def run(main: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """Run a service until it ends or SIGTERM or SIGINT cancels it; gives the exit code.

    0 after a signal or a normal end, 1 after an error (logged), 2 for wrong settings (one line each on stderr). After
    a signal `main` has all the time it takes to clean up: whoever sent it decides when to kill. Tasks that it left
    behind are cancelled, and have two seconds more.
    """
    keep_tracebacks_plain()
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(_until_signalled(main))
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201  (an operator reads it, before there is a log)
        return EXIT_MISCONFIGURED
    finally:
        loop.run_until_complete(_wind_up())
        asyncio.set_event_loop(None)
        loop.close()


async def _until_signalled(main: Callable[[], Coroutine[Any, Any, None]]) -> int:
    loop = asyncio.get_running_loop()
    task = loop.create_task(main())
    signals: list[signal.Signals] = []

    def stop(received: signal.Signals) -> None:
        # Once: a second cancellation would break into the clean-up.
        if not signals:
            log.info("process.stopping", signal=received.name)
            task.cancel()
        signals.append(received)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not signals:
            raise
    except SettingsError:
        raise
    except Exception:
        log.exception("process.failed")
        return EXIT_FAILED
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
    log.info("process.stopped")
    return EXIT_CLEAN


async def _wind_up() -> None:
    """Cancel what is left. asyncio's own runner would wait for a library's task that never takes its cancellation."""
    loop = asyncio.get_running_loop()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        _, lasting = await asyncio.wait(left, timeout=_LAST_SECONDS)
        if lasting:
            log.warning("process.tasks_abandoned", tasks=sorted(repr(task.get_coro()) for task in lasting))
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


def collect_less_often() -> None:
    """Have the collector look for cycles after as many new objects as a large answer is made of, not after hundreds.

    A report of twenty thousand people makes millions that stay: they would be looked through again and again, for a
    third of the time it takes.
    """
    gc.set_threshold(_NEW_OBJECTS)


@contextmanager
def collecting_later() -> Iterator[None]:
    """Have no cycles looked for in the block, whoever runs beside it: for what makes a million values and keeps them.

    Blocks may overlap; the last to end lets the collector go on. Seconds at most: what is garbage stays meanwhile.
    """
    _LATER.append(None)
    gc.disable()
    try:
        yield
    finally:
        _LATER.pop()
        if not _LATER:
            gc.enable()


class Background:
    """Tasks that live as long as the block: its end cancels them, and the end of one of them ends it.

    So that no service goes on half dead: a task that raises, or returns, is logged and comes out of the block as an
    error within an ExceptionGroup.
    """

    def __init__(self) -> None:
        """Begin with no task."""
        self._group = asyncio.TaskGroup()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` until the block ends."""
        self._tasks.append(self._group.create_task(self._guard(name, work), name=name))

    async def wait(self) -> None:
        """Stay in the block until the process is stopped or a task dies."""
        await asyncio.get_running_loop().create_future()

    async def _guard(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # A library let its own cancellation out. A task group would take it for ours, and go on without the task.
        except Exception:
            log.exception("process.task_failed", task=name)
            raise
        log.error("process.task_ended", task=name)
        raise TaskEndedError(name)

    async def __aenter__(self) -> Self:
        """Open the block."""
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel the tasks and wait for their clean-up."""
        for task in self._tasks:
            task.cancel()
        await self._group.__aexit__(kind, error, trace)
