"""An open-loop load: what is due goes out when it is due, however long the answers take.

A latency begins when a delivery was *due*, so that a load that cannot keep up shows in the figures and not only in the
rate (coordinated omission). How late it went out is told beside it.
"""

import asyncio
import math
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import aiohttp

LATE_SECONDS: Final = 0.005
"""A delivery that goes out so much after it was due is counted as late: the load itself could not keep up."""
_ENTRY: Final = re.compile(rb'data: \{"id":"([^"]+)"')
_PLACE: Final = re.compile(rb"(?:^|\n)id: (\S+)")
_TICK_SECONDS: Final = 0.0005


@dataclass(slots=True)
class Tally:
    """When each delivery was due, went out, was answered, and was seen at the end of its way (`time.perf_counter`)."""

    due: dict[str, float] = field(default_factory=dict)
    sent: dict[str, float] = field(default_factory=dict)
    answered: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    complete: asyncio.Event = field(default_factory=asyncio.Event)
    expected: int = 0

    def see(self, ids: Sequence[str]) -> None:
        """Note the first time that each of ours was seen."""
        now = time.perf_counter()
        for one in ids:
            if one in self.due:
                self.seen.setdefault(one, now)
        if len(self.seen) >= self.expected:
            self.complete.set()

    def figures(self, *, after: int) -> "Figures":
        """The figures without the first so many deliveries."""
        counted = list(self.due)[after:]
        latencies = sorted(self.seen[one] - self.due[one] for one in counted if one in self.seen)
        late = sum(self.sent.get(one, math.inf) - self.due[one] > LATE_SECONDS for one in counted)
        last = max((self.seen[one] for one in counted if one in self.seen), default=math.nan)
        return Figures(
            count=len(counted),
            lost=len(counted) - len(latencies),
            late=late / max(1, len(counted)),
            p50=_quantile(latencies, 0.5),
            p99=_quantile(latencies, 0.99),
            longest=_quantile(latencies, 1),
            behind=last - max(self.due[one] for one in counted),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one load met with, in seconds. `behind` is how long the last came after the last was due."""

    count: int
    lost: int
    late: float
    p50: float
    p99: float
    longest: float
    behind: float


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else math.nan


async def open_loop(ids: Sequence[str], rate: float, tally: Tally, send: Callable[[str], None]) -> None:
    """Call `send` for each id when it is due, evenly spread; returns when the last has been called."""
    tally.expected = len(ids)
    begun = time.perf_counter()
    number = 0
    while number < len(ids):
        now = time.perf_counter()
        while number < len(ids) and begun + number / rate <= now:
            tally.due[ids[number]] = begun + number / rate
            send(ids[number])
            number += 1
        await asyncio.sleep(max(_TICK_SECONDS, begun + number / rate - time.perf_counter()))


class Connections:
    """Deliveries over some kept connections; one that finds none free waits its turn."""

    def __init__(self, requests: dict[str, bytes], tally: Tally) -> None:
        """`requests` are whole HTTP requests, by the id of what they lead to."""
        self._requests = requests
        self._tally = tally
        self._free: deque[_Connection] = deque()
        self._waiting: deque[str] = deque()
        self.refused: list[bytes] = []

    async def open(self, port: int, count: int) -> None:
        """Connect so many times."""
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, connection = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", port)
            self._free.append(connection)

    def close(self) -> None:
        """Hang up what is free."""
        for connection in self._free:
            connection.close()

    def send(self, one: str) -> None:
        """Send a request now, or as soon as a connection is free."""
        if self._free:
            self._put(self._free.popleft(), one)
        else:
            self._waiting.append(one)

    def answered(self, connection: "_Connection", answer: bytes) -> None:
        """A connection has its answer: the next one."""
        self._tally.answered[connection.asked] = time.perf_counter()
        if not answer.startswith(b"HTTP/1.1 200"):
            self.refused.append(answer[:300])
        if self._waiting:
            self._put(connection, self._waiting.popleft())
        else:
            self._free.append(connection)

    def _put(self, connection: "_Connection", one: str) -> None:
        self._tally.sent[one] = time.perf_counter()
        connection.asked = one
        connection.write(self._requests[one])


class _Connection(asyncio.Protocol):
    def __init__(self, pool: Connections) -> None:
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self._answer = b""
        self.asked = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not checked: uvloop's transports do not say that they are one.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        # Answers are JSON without line ends: whole once there is a body, and every head has its length.
        self._answer += data
        if self._answer.endswith(b"}"):
            answer, self._answer = self._answer, b""
            self._pool.answered(self, answer)

    def write(self, request: bytes) -> None:
        if self._transport is not None:
            self._transport.write(request)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def listen(origin: str, path: str, token: str, *, ready: asyncio.Event, see: Callable[[list[str]], None]) -> None:
    """Follow a live stream for ever, telling the ids of the entries as soon as their bytes are there.

    Whoever is let go comes back with the last id they saw, as a browser does.
    """
    headers = {"Authorization": f"Bearer {token}"}
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(origin, headers=headers, timeout=timeout) as session:
        last: dict[str, str] = {}
        while True:
            async with session.get(path, headers=last) as answer:
                answer.raise_for_status()
                rest = b""
                async for piece in answer.content.iter_any():
                    whole, _, rest = (rest + piece).rpartition(b"\n")
                    if found := _ENTRY.findall(whole):
                        see([one.decode() for one in found])
                    if places := _PLACE.findall(whole):
                        last = {"Last-Event-ID": places[-1].decode()}
                        ready.set()
