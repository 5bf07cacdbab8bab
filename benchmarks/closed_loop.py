"""A closed loop over HTTP: on each connection the next request goes out when the last one is answered."""

import asyncio
import re
import socket
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar, cast

import psutil
import uvloop

Result = TypeVar("Result")
Judge = Callable[[int, bytes], bool]
"""Told the status and the body of each answer; says whether it is a right one."""

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD_ENDS: Final = b"\r\n\r\n"
_PATIENCE_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one run reached; `errors` are answers that were not right, none of which is in the other figures."""

    answered: int
    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int = 0
    server_cpu_us: float = 0
    """CPU of the server for each request: what a busy machine does not distort."""
    database_cpu_us: float = 0


def median(runs: list[Figures]) -> Figures:
    """The median of each figure; all errors."""
    return Figures(
        answered=statistics.median_low(run.answered for run in runs),
        per_second=statistics.median(run.per_second for run in runs),
        p50_ms=statistics.median(run.p50_ms for run in runs),
        p99_ms=statistics.median(run.p99_ms for run in runs),
        errors=sum(run.errors for run in runs),
        server_cpu_us=statistics.median(run.server_cpu_us for run in runs),
        database_cpu_us=statistics.median(run.database_cpu_us for run in runs),
    )


def request(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(head).encode() + _HEAD_ENDS + body


class _Connection(asyncio.Protocol):
    """Sends the next request when the last one is answered."""

    def __init__(self, source: Iterator[bytes], until: float, times: list[float], judge: Judge) -> None:
        self._source = source
        self._until = until
        self._times = times
        self._judge = judge
        self._sent_at = 0.0
        self._heard = b""
        self._transport: asyncio.Transport | None = None
        self.errors = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not checked: uvloop's transports do not say that they are one.
        self._transport = cast("asyncio.Transport", transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, ended, body = self._heard.partition(_HEAD_ENDS)
        told = _LENGTH.search(head)
        if not ended or (told is not None and len(body) < int(told[1])):
            return
        self._heard = b""
        now = time.perf_counter()
        if self._judge(int(head[9:12]), body):
            self._times.append(now - self._sent_at)
        else:
            self.errors += 1
        if now < self._until:
            self._next()
        else:
            self.done.set_result(None)

    def connection_lost(self, _: Exception | None) -> None:
        if not self.done.done():
            self.errors += 1
            self.done.set_result(None)

    def _next(self) -> None:
        following = next(self._source, None)
        if following is None or self._transport is None:
            self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(following)


async def load(
    port: int,
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float,
    judge: Judge = lambda status, _: status == 200,
) -> Figures:
    """Keep so many connections busy for so long, or until the requests have run out.

    Raises:
        RuntimeError: if no answer was right.
    """
    loop = asyncio.get_running_loop()
    times: list[float] = []
    begun = time.perf_counter()
    open_now = [
        await loop.create_connection(lambda: _Connection(requests, begun + seconds, times, judge), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in open_now))
    elapsed = time.perf_counter() - begun
    for transport, _ in open_now:
        transport.close()
    errors = sum(protocol.errors for _, protocol in open_now)
    if len(times) < 2:
        message = f"no right answer, and {errors} errors"
        raise RuntimeError(message)
    cuts = statistics.quantiles(times, n=100)
    return Figures(
        answered=len(times),
        per_second=len(times) / elapsed,
        p50_ms=cuts[49] * 1000,
        p99_ms=cuts[98] * 1000,
        errors=errors,
    )


def run(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run it in an event loop such as the services have."""

    async def waited() -> Result:
        return await work()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(waited())


def cpu_seconds(pid: int) -> float:
    """What a process and its children have spent, those that have ended too."""
    root = psutil.Process(pid)
    spent = float(root.cpu_times().children_user + root.cpu_times().children_system)
    for process in [root, *root.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def until_open(port: int) -> None:
    """Wait for a server.

    Raises:
        RuntimeError: if it does not come.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    message = "the server did not start"
    raise RuntimeError(message)
