"""The `passerelle` command as a real process, to be waited for, signalled and killed.

It is forked from a process that has loaded what commands load, as the programs of `passerelle up` are: Faust and
SQLAlchemy take two seconds of processor time to load, and the tests start a hundred commands.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

from deploy.local.forking import SHARED
from services.command_line import main

_POLL_SECONDS: Final = 0.01

_forking = multiprocessing.get_context("forkserver")
_LOADED: Final = (
    *SHARED,
    "services.registration.__main__",
    "services.streaming_bridge.__main__",
    "services.attendance.stream.worker",
    "services.chassis.dead_letter_commands",
    "alembic.command",
    "alembic.ddl.sqlite",
)
_forking.set_forkserver_preload(["__main__", *_LOADED, __name__])


class Started:
    """A command that runs, or has run."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, or minus the signal that ended it; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing if it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        """Return its exit code once it has ended."""
        while (code := self.returncode) is None:
            await asyncio.sleep(_POLL_SECONDS)
        return code


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command came to: its exit code, what it wrote and what it said."""

    code: int
    out: str
    said: str


async def start(*arguments: str, settings: Mapping[str, str], out: Path, said: Path) -> Started:
    """Start a command; `settings` are variables beside those of the tests, both files are appended to."""
    environment = {**os.environ, **settings}
    process = _forking.Process(target=_be, args=(arguments, environment, out, said), daemon=True)
    # The first one waits until all is loaded.
    await asyncio.to_thread(process.start)
    return Started(process)


async def passerelle(*arguments: str, settings: Mapping[str, str]) -> Finished:
    """Run a command to its end."""
    with tempfile.TemporaryDirectory() as folder:
        out, said = Path(folder, "out"), Path(folder, "said")
        started = await start(*arguments, settings=settings, out=out, said=said)
        code = await started.wait()
        return Finished(code=code, out=out.read_text(), said=said.read_text())


def _be(arguments: tuple[str, ...], environment: dict[str, str], out: Path, said: Path) -> None:
    """Become the command."""
    for path, number in ((out, 1), (said, 2)):
        with path.open("ab") as file:
            os.dup2(file.fileno(), number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    # A daemon to the tests, so that it ends with them; a command may have processes of its own.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]  # noqa: SLF001
    sys.argv = ["passerelle", *arguments]
    main()
