"""The bridge as a real process; and what of its facts is on Kafka."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaProducer, TopicPartition

from schemas.decode import KnownFact, decode
from schemas.envelope import Fact
from schemas.topics import ALL, PARTICIPATION, REGISTRATION, Topic
from services.chassis.clock import system_clock
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.settings import CommonSettings
from services.chassis.topics import ensure_topics
from services.streaming_bridge.bootstrap import built
from services.streaming_bridge.settings import BridgeSettings
from tests.builders import settings_for
from tests.fakes.bridge import ORGANIZER, KnownTokens
from tests.fakes.platforms import Request, Shapes
from tests.fakes.service_process import DEADLINE_SECONDS, ServiceProcess, free_port, service_process


async def prepare_source(data_dir: Path, shapes: Shapes) -> None:
    """Make a source in the database of a bridge that does not run yet."""
    settings = settings_for(BridgeSettings, data_dir=data_dir)
    async with built(settings, clock=system_clock, verifier=KnownTokens()) as bridge:
        runner = aiohttp.web.AppRunner(bridge.app)
        await runner.setup()
        site = aiohttp.web.TCPSite(runner, "127.0.0.1", port := free_port())
        await site.start()
        form = {"platform": shapes.platform, "name": shapes.source, shapes.proof_field: shapes.secret}
        url = f"http://127.0.0.1:{port}/api/v1/sources"
        async with aiohttp.ClientSession() as session, session.post(url, json=form, headers=ORGANIZER) as response:
            assert response.status == 201, await response.text()
        await runner.cleanup()


@asynccontextmanager
async def bridge_process(data_dir: Path, kafka: str) -> AsyncIterator[ServiceProcess]:
    """A bridge that runs, and is gone at the end."""
    async with service_process("streaming_bridge", data_dir, kafka) as bridge:
        yield bridge


async def post(session: aiohttp.ClientSession, url: str, request: Request) -> int | None:
    """The status of a delivery; None if the connection broke."""
    try:
        async with session.post(url + request.path, data=request.body, headers=request.headers) as response:
            return response.status
    except (aiohttp.ClientError, ConnectionError):
        return None


async def tell(settings: CommonSettings, fact: Fact) -> None:
    """Write a fact to the registration topic, as registration would."""
    await ensure_topics(settings.kafka, ALL, partitions=settings.partitions)
    producer: AIOKafkaProducer = new_producer(settings, client_id="test-registration")
    await producer.start()
    try:
        await producer.send_and_wait(REGISTRATION.name, value=fact.to_bytes(), key=fact.data.event_id.encode())
    finally:
        await producer.stop()


async def published(
    settings: CommonSettings, event_id: str, until: Callable[[list[KnownFact]], bool], topic: Topic = PARTICIPATION
) -> list[KnownFact]:
    """The facts of an event on a topic, in order, once the condition holds for them."""
    consumer = new_consumer(settings, client_id="test-published")
    await consumer.start()
    found: list[KnownFact] = []
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(settings.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DEADLINE_SECONDS):
                while not until(found):
                    for records in (await consumer.getmany(timeout_ms=200)).values():
                        found += [decode(record.value) for record in records if record.key == event_id.encode()]
    finally:
        await consumer.stop()
    assert until(found), len(found)
    return found
