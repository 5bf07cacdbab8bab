"""The embedded Kafka: one real broker, on this machine, with its data kept on disk.

    kafka = EmbeddedKafka(data_dir)
    with kafka.claimed():
        kafka.prepare()
        supervise(kafka.command())          # by whatever keeps processes running
        await wait_until_ready(kafka.bootstrap_servers)

    async with EmbeddedKafka(data_dir).running() as bootstrap_servers:      # all of it, in a test
        ...

The broker listens on loopback only and never outlives the process that started it.
"""

import asyncio
import contextlib
import fcntl
import os
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Never

import psutil
from rich.console import Console

from deploy.local.kafka_errors import BrokerStartError, DataDirectoryInUseError
from deploy.local.kafka_files import (
    HOST,
    PREFERRED_PORT,
    Ports,
    choose_ports,
    cluster_id_of,
    format_storage,
    is_free,
    write_settings,
)
from deploy.local.kafka_java import ENVIRONMENT, broker_arguments, environment, java_command
from deploy.local.kafka_ready import wait_until_ready
from deploy.local.tied import tied

__all__ = ["Command", "EmbeddedKafka", "wait_until_ready"]

_STOP_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.1
# How much later than its process the pid file may seem older, by the clocks' different grains.
_CLOCK_SLACK_SECONDS: Final = 2.0
_EXCEPTION: Final = re.compile(r"[\w.$]+(?:Exception|Error): (?P<message>.+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """How to start a process: its argv, its directory, and what its environment has *besides*."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]


class EmbeddedKafka:
    """One broker, with all its files in `data_dir`/kafka.

    `port` is where clients would like to find it; if it is taken, another is chosen and kept for
    the next time; 0 takes any. `cache` is where jars are kept (default: the user's cache). What takes long the
    first time is told to `console`, where there is one.

    It is a cluster by itself, unless `settings` (which win over those of a lone broker) make it one of several with the
    same `cluster_id`.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int = PREFERRED_PORT,
        cache: Path | None = None,
        console: Console | None = None,
        cluster_id: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Remember where; nothing is touched yet."""
        self.root = data_dir.absolute() / "kafka"
        self._port = port
        self._cache = cache
        self._console = console
        self._cluster_id = cluster_id
        self._settings = dict(settings or {})
        self._claimed = False
        self._java: list[str] = []
        self._ports: Ports | None = None
        self._log_start = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def log(self) -> Path:
        """The broker's own log, rotated."""
        return self.root / "logs" / "kafka.log"

    @property
    def pid(self) -> int | None:
        """The pid of the broker's Java, however it was started, or None if none runs."""
        process = self._recorded_process()
        return process.pid if process else None

    @property
    def bootstrap_servers(self) -> str:
        """Where clients find it; known once `prepare` has chosen the port."""
        return f"{HOST}:{self._prepared().broker}"

    @property
    def cluster_id(self) -> str:
        """The id of its cluster, by which clients know it from a stranger; known after `prepare`."""
        return cluster_id_of(self.root)

    def lost_a_port(self) -> bool:
        """Whether somebody else has a port that `prepare` has chosen; to be asked while our broker does not run."""
        ports = self._prepared()
        return not (is_free(ports.broker) and is_free(ports.controller))

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the data directory for this process, until the block or the process ends.

        Raises DataDirectoryInUseError at once if another process holds it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                pid = file.read().strip()
                raise DataDirectoryInUseError(self.root.parent, int(pid) if pid.isdecimal() else None) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            self._claimed = True
            try:
                yield
            finally:
                self._claimed = False

    def prepare(self) -> None:
        """Make all ready for a start: jars, a port, settings, formatted storage.

        Needs `claimed`. A broker that an earlier run left on this directory is stopped first:
        nobody else can be using it. Blocks; warm, for some milliseconds. Raises EmbeddedKafkaError.
        """
        if not self._claimed:
            message = "prepare() needs claimed()"
            raise RuntimeError(message)
        self._stop_left_over()
        self._java = java_command(self._cache, console=self._console)
        self._ports = choose_ports(self.root, self._port)
        write_settings(self.root, self._ports, self._settings)
        format_storage(
            self.root, self._ports, self._java, environment(), cluster_id=self._cluster_id, other=self._settings
        )

    def command(self, *, parent: int | None = None) -> Command:
        """Tell how to start the prepared broker so that it cannot outlive whoever starts it.

        `parent` is the pid of that process, where it is known beforehand (see `tied`).
        """
        self._prepared()
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        argv = [*self._java, *broker_arguments(self.root)]
        return Command(
            argv=tuple(tied(argv, parent=parent, pid_file=self.root / "broker.pid")),
            cwd=self.root,
            env=ENVIRONMENT,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Claim, prepare and start; gives the bootstrap servers; stops at the end.

        Within, `kill`, `stop` and `start` may be called at will.
        """
        with self.claimed():
            await asyncio.to_thread(self.prepare)
            try:
                await self.start()
                yield self.bootstrap_servers
            finally:
                await self.stop()

    async def start(self, *, within: float = 60.0) -> None:
        """Start the prepared broker and return when it is ready. Raises BrokerStartError.

        Linux stops it when the *thread* that called this ends.
        """
        command = self.command(parent=os.getpid())
        with (self.root / "logs" / "kafka.out").open("wb") as output:
            # A session of its own: Ctrl-C reaches whoever uses Kafka, and they stop before it does.
            self._process = await asyncio.create_subprocess_exec(
                *command.argv,
                cwd=command.cwd,
                env=environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            await self._ready_or_ended(self._process, within)
        except BaseException:
            await self.kill()
            raise

    async def watch(self) -> Never:
        """Watch the broker that somebody else starts by its `command`. Raises BrokerStartError when it has ended."""
        # Another process runs it: there is no event to wait for.
        while (first := self.pid) is None:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        while self.pid == first:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        raise BrokerStartError(self._failure() or "it ended", self.log)

    async def stop(self, *, within: float = _STOP_SECONDS) -> None:
        """Stop the broker that `start` started, in good order; by force after `within` seconds."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(within):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """Kill the broker that `start` started (`kill -9`), and wait until it is gone."""
        if self._process is None or self._process.returncode is not None:
            return
        # Where a watcher stands before the broker (see `tied`), it ends with it.
        broker = self._recorded_process()
        with contextlib.suppress(psutil.NoSuchProcess):
            (broker or psutil.Process(self._process.pid)).kill()
        await self._process.wait()

    async def _ready_or_ended(self, process: asyncio.subprocess.Process, within: float) -> None:
        ready = asyncio.create_task(wait_until_ready(self.bootstrap_servers, cluster=self.cluster_id, within=within))
        ended = asyncio.create_task(process.wait())
        ended.add_done_callback(lambda _: ready.cancel())
        try:
            await ready
        except asyncio.CancelledError:
            if not ended.done():
                raise
            reason = self._failure() or f"it ended with code {process.returncode}"
            raise BrokerStartError(reason, self.log) from None
        finally:
            ended.cancel()

    def _prepared(self) -> Ports:
        if self._ports is None:
            message = "prepare() comes first"
            raise RuntimeError(message)
        return self._ports

    def _recorded_process(self) -> psutil.Process | None:
        """Give the running broker of the pid file; a pid given to another process since is none."""
        pid_file = self.root / "broker.pid"
        try:
            process = psutil.Process(int(pid_file.read_text("ascii")))
            recorded = pid_file.stat().st_mtime
            is_older = process.create_time() <= recorded + _CLOCK_SLACK_SECONDS
            is_broker = f"{self.root}/server.properties" in process.cmdline()
        except (FileNotFoundError, ValueError, psutil.Error):
            return None
        return process if is_older and is_broker else None

    def _stop_left_over(self) -> None:
        process = self._recorded_process()
        if process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except psutil.TimeoutExpired:
                process.kill()
                process.wait(_STOP_SECONDS)

    def _failure(self) -> str | None:
        """Find why a start failed: the first exception logged as an error, else the last line Java printed."""
        if self.log.exists():
            with self.log.open("rb") as file:
                file.seek(self._log_start)
                lines = file.read().decode("utf-8", "replace").splitlines()
            # The first is the cause; those after it tell what became of it further up.
            for line, following in pairwise(lines):
                if " ERROR " in line and (exception := _EXCEPTION.match(following)):
                    return exception["message"]
        output = self.root / "logs" / "kafka.out"
        printed = output.read_text("utf-8", "replace").splitlines() if output.exists() else []
        return printed[-1] if printed else None
