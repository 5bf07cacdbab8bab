"""Debian's PostgreSQL, private to a run of the tests: a cluster in a folder of its own, on loopback, gone at the end.

It sorts text as French people do, not by bytes, because a production server may: what needs another order must say so.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg

from services.chassis.database import upgrade

_DEBIAN: Final = Path("/usr/lib/postgresql")
_HOST: Final = "127.0.0.1"
_USER: Final = "passerelle"
_DEADLINE_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.02
_SETTINGS: Final = {"jit": "off", "listen_addresses": _HOST, "max_connections": "300"}
# Nothing of it outlives the run, so nothing needs to reach the disk.
_HASTY: Final = {"autovacuum": "off", "fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class PostgreSqlMissingError(Exception):
    """There is no PostgreSQL on this machine."""

    def __init__(self) -> None:
        super().__init__(f"no PostgreSQL in {_DEBIAN}: tests/install_packages.sh brings it")


@dataclass(slots=True, kw_only=True)
class PostgreSql:
    """A running cluster; `pid` is its first process, the parent of the others."""

    port: int
    pid: int
    _templates: dict[Path, str] = field(default_factory=dict)
    _made: int = 0

    @asynccontextmanager
    async def database(self, migrations: Path | None = None) -> AsyncIterator[str]:
        """The URL of a new database, migrated or empty; it is dropped at the end, whoever is still connected."""
        template = "template1" if migrations is None else await self._template(migrations)
        self._made += 1
        name = f"test_{self._made}"
        await self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield self._url(name)
        finally:
            await self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _template(self, migrations: Path) -> str:
        """A migrated database to make others from, which costs a fraction of migrating each."""
        name = self._templates.get(migrations)
        if name is None:
            name = f"template_{len(self._templates)}"
            await self._execute(f"CREATE DATABASE {name}")
            await upgrade(self._url(name), migrations)
            self._templates[migrations] = name
        return name

    def _url(self, name: str) -> str:
        return f"postgresql+asyncpg://{_USER}@{_HOST}:{self.port}/{name}"

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(host=_HOST, port=self.port, user=_USER, database="postgres", ssl=False)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def running_postgresql(*, durable: bool = False) -> Iterator[PostgreSql]:
    """Make a cluster and start it; it cannot outlive this process.

    What is committed reaches the disk only if it is to be `durable`, as Debian's server is by itself: that is for
    benchmarks.

    Raises:
        PostgreSqlMissingError: if it is not installed.
    """
    programs = _programs()
    # Not below pytest's folder, where another user may not go.
    folder = Path(tempfile.mkdtemp(prefix="passerelle-postgresql-"))
    data, log = folder / "data", folder / "log"
    as_somebody = _as_somebody(folder)
    try:
        subprocess.run(
            [
                *as_somebody,
                *(str(programs / "initdb"), "--pgdata", str(data)),
                *("--username", _USER, "--auth", "trust", "--no-sync"),
                *("--encoding", "UTF8", "--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "fr"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        port = _free_port()
        settings = _SETTINGS | ({} if durable else _HASTY) | {"port": str(port), "unix_socket_directories": str(folder)}
        chosen = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log.open("wb") as output:
            server = subprocess.Popen(
                [*as_somebody, str(programs / "postgres"), "-D", str(data), *chosen],
                stdout=output,
                stderr=output,
                cwd=folder,
                start_new_session=True,  # Ctrl-C reaches the tests, and they stop before it does
            )
        try:
            _await(server, programs, port, log)
            yield PostgreSql(port=port, pid=server.pid)
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(_DEADLINE_SECONDS)
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """Where the newest server's programs are; Debian does not put them on the path."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parents[1].name))
    if not found:
        raise PostgreSqlMissingError
    return found[-1].parent


def _as_somebody(folder: Path) -> list[str]:
    """How to start a program that ends with this process, and as another user if this is root, whom it refuses."""
    tied = ["setpriv", "--pdeathsig", "INT"]
    if os.geteuid() != 0:
        return tied
    user = pwd.getpwnam("postgres")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return [*tied, "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
    return port


def _await(server: subprocess.Popen[bytes], programs: Path, port: int, log: Path) -> None:
    deadline = time.monotonic() + _DEADLINE_SECONDS
    asking = [str(programs / "pg_isready"), "--quiet", "--host", _HOST, "--port", str(port)]
    while subprocess.run(asking, check=False).returncode != 0:
        with suppress(subprocess.TimeoutExpired):
            server.wait(_POLL_SECONDS)
        if server.returncode is not None or time.monotonic() > deadline:
            message = f"PostgreSQL did not start: {log.read_text()}"
            raise RuntimeError(message)
