"""A stream that flows at its pace straight onto the topics, whatever happens to the broker meanwhile."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.workload import Arrival
from services.chassis.kafka import new_producer
from services.chassis.settings import CommonSettings

_TICK_SECONDS: Final = 0.05


@dataclass(slots=True, kw_only=True)
class Flow:
    """Produces the records in order, so many a second; what waits for a broker is sent when it is back."""

    settings: CommonSettings
    arrivals: Sequence[Arrival]
    a_second: float
    sent: int = 0
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def run(self) -> None:
        """Send everything; returns when Kafka has it all."""
        producer = new_producer(self.settings, client_id="test-flow")
        await producer.start()
        try:
            waiting = []
            loop = asyncio.get_running_loop()
            began = loop.time()
            for number, arrival in enumerate(self.arrivals):
                while (ahead := began + number / self.a_second - loop.time()) > 0:
                    await asyncio.sleep(max(ahead, _TICK_SECONDS))
                waiting.append(await producer.send(arrival.topic, arrival.value, key=arrival.key))
                self.sent = number + 1
                if number % 10 == 0:
                    await self._tell()
            await self._tell()
            await asyncio.gather(*waiting)
        finally:
            await producer.stop()

    async def until(self, sent: int) -> None:
        """Return once so many records are on their way."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.sent >= min(sent, len(self.arrivals)))

    async def _tell(self) -> None:
        async with self._moved:
            self._moved.notify_all()
        await asyncio.sleep(0)  # a stream that has to catch up would let nobody else have a turn
