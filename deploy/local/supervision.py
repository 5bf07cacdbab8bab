"""Keep the processes of one machine running: a supervisord that ends with whoever started it.

supervisord restarts what dies, keeps each program's log in `<data_dir>/logs/` (rotated), and stops the programs in the
reverse of the order they are given in. Each program is tied to it (`deploy.local.tied`), and it is tied to us: whatever
is killed, and however, nothing is left behind.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.local.tied import tied
from services.chassis.errors import OperatorError

_STOP_SECONDS: Final = 60
_CONFIGURATION: Final = """\
[supervisord]
nodaemon = true
silent = true
logfile = {logs}/supervisord.log
logfile_maxbytes = 2MB
logfile_backups = 2
pidfile = {root}/supervisord.pid
identifier = passerelle
"""
# A service that cannot start (a wrong database address, say) is tried again, with pauses that grow to ten seconds
# (`deploy.local.forking`), and never given up: nobody is there to press a button in the middle of an event.
_PROGRAM: Final = """
[program:{name}]
command = {command}
directory = {cwd}
environment = {environment}
priority = {priority}
autorestart = true
startsecs = 5
startretries = 100000
stopwaitsecs = 30
redirect_stderr = true
stdout_logfile = {log}
stdout_logfile_maxbytes = 5MB
stdout_logfile_backups = 3
"""


class SupervisorStoppedError(OperatorError):
    """supervisord ended although nobody asked it to; its own log says why."""

    def __init__(self, *, returncode: int, log: Path) -> None:
        """Say how it ended and where to look."""
        super().__init__(f"The process supervisor stopped with code {returncode}: see {log}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process to keep running; `environment` is what it has besides ours."""

    name: str
    argv: Sequence[str]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Supervisor:
    """Runs programs, first to last, with their files under `root`."""

    root: Path
    programs: Sequence[Program]
    _process: asyncio.subprocess.Process | None = None

    @property
    def logs(self) -> Path:
        """The directory of the logs: `<program>.log` each."""
        return self.root / "logs"

    @property
    def pid(self) -> int:
        """The pid of supervisord, the parent of every program."""
        if self._process is None:
            message = "the supervisor has not been started"
            raise RuntimeError(message)
        return self._process.pid

    async def start(self) -> None:
        """Start supervisord, and with it every program; returns at once."""
        self.logs.mkdir(parents=True, exist_ok=True)
        configuration = self.root / "supervisord.conf"
        configuration.write_text(self._configuration())
        configuration.chmod(0o600)
        command = [sys.executable, "-m", "deploy.local.forking", "-c", str(configuration)]
        # A session of its own: Ctrl-C reaches us alone, and we stop the rest in order.
        self._process = await asyncio.create_subprocess_exec(
            *tied(command, parent=os.getpid()), stdin=asyncio.subprocess.DEVNULL, start_new_session=True
        )

    async def wait(self) -> None:
        """Wait until supervisord ends.

        Raises:
            SupervisorStoppedError: when it does.
        """
        if self._process is not None:
            returncode = await self._process.wait()
            raise SupervisorStoppedError(returncode=returncode, log=self.logs / "supervisord.log")

    async def stop(self) -> None:
        """Stop every program, last to first, then supervisord; returns when all are gone."""
        if self._process is None or self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self._process.kill()  # every program is tied to it, and gets its SIGTERM from the kernel
            await self._process.wait()

    def _configuration(self) -> str:
        sections = [_CONFIGURATION.format(root=_escaped(self.root), logs=_escaped(self.logs))]
        for priority, program in enumerate(self.programs):
            sections.append(
                _PROGRAM.format(
                    name=program.name,
                    command=" ".join(_quoted(part) for part in _tied_by_itself(list(program.argv))),
                    cwd=_escaped(program.cwd),
                    environment=",".join(f"{name}={_quoted(value)}" for name, value in program.environment.items()),
                    priority=priority,
                    log=_escaped(self.logs / f"{program.name}.log"),
                )
            )
        return "".join(sections)


def _tied_by_itself(argv: list[str]) -> list[str]:
    """A Python module is forked where that can be, and ties itself then (`deploy.local.forking`)."""
    if sys.platform == "linux" and argv[:2] == [sys.executable, "-m"]:
        return argv
    # Not --parent: supervisord's pid is not known yet, and it starts each program itself.
    return tied(argv)


def _escaped(text: object) -> str:
    """As supervisord reads a value: `%` starts an expansion, ` ;` a comment."""
    return str(text).replace("%", "%%")


def _quoted(text: str) -> str:
    """As supervisord (shlex) reads one word of a command or of an environment."""
    escaped = _escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
