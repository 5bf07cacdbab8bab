"""The floor: produce → consume → produce → consume with nothing in between, as far as two hops over Kafka can be seen.

The relay is a process of its own, as the worker is; clients are the project's own (idempotent, `acks=all`).
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from uuid import uuid4

import uvloop
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.latency_load import Figures, Tally, open_loop
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.settings import CommonSettings, load_settings

_PATIENCE_SECONDS: Final = 30.0
_RECORD: Final = b"x" * 250


async def floor(kafka: str, *, rate: float, seconds: float, warm_up: float) -> Figures:
    """The latency of two hops at a rate."""
    settings = load_settings(CommonSettings, kafka=kafka)
    topics = tuple(f"latency-floor-{uuid4().hex[:6]}-{way}" for way in ("there", "back"))
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1) for name in topics])
        with _relay(kafka, *topics):
            figures = await _through(settings, topics, rate=rate, seconds=seconds, warm_up=warm_up)
        await admin.delete_topics(list(topics))
    finally:
        await admin.close()
    return figures


async def _through(
    settings: CommonSettings, topics: tuple[str, ...], *, rate: float, seconds: float, warm_up: float
) -> Figures:
    there, back = topics
    tally = Tally()
    async with new_producer(settings, client_id="floor") as producer, _following(settings, back, tally):
        await _until_relayed(producer, there, tally)
        sending: set[asyncio.Task[None]] = set()

        def send(one: str) -> None:
            async def accepted() -> None:
                await producer.send(there, _RECORD, key=one.encode())

            tally.sent[one] = tally.due[one]
            task = asyncio.get_running_loop().create_task(accepted())
            sending.add(task)
            task.add_done_callback(sending.discard)

        ids = [str(number) for number in range(int(rate * (seconds + warm_up)))]
        await open_loop(ids, rate, tally, send)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await tally.complete.wait()
    return tally.figures(after=int(rate * warm_up))


@asynccontextmanager
async def _following(settings: CommonSettings, topic: str, tally: Tally) -> AsyncIterator[None]:
    async def follow() -> None:
        async with new_consumer(settings, topic, client_id="floor") as consumer:
            while True:
                for records in (await consumer.getmany(timeout_ms=1000)).values():
                    tally.see([record.key.decode() for record in records])

    following = asyncio.create_task(follow())
    try:
        yield
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _until_relayed(producer: AIOKafkaProducer, topic: str, tally: Tally) -> None:
    """Wait until the relay is there: the first record has come back."""
    tally.due["hello"], tally.expected = 0, 1
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await producer.send_and_wait(topic, _RECORD, key=b"hello")
        await tally.complete.wait()
    tally.due.clear()
    tally.seen.clear()
    tally.complete.clear()


@contextmanager
def _relay(*arguments: str) -> Iterator[None]:
    with subprocess.Popen([sys.executable, "-m", "benchmarks.latency_floor", *arguments]) as process:
        try:
            yield
        finally:
            process.kill()


async def relay(kafka: str, there: str, back: str) -> None:
    """Pass on whatever comes, for ever."""
    settings = load_settings(CommonSettings, kafka=kafka)
    async with (
        new_producer(settings, client_id="relay") as producer,
        new_consumer(settings, there, client_id="relay") as consumer,
    ):
        while True:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                for record in records:
                    await producer.send(back, record.value, key=record.key)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(relay(*sys.argv[1:]))
