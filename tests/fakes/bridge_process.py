"""The bridge as a real process, to be killed; and what of its facts is on Kafka."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiokafka import AIOKafkaProducer, TopicPartition

from schemas.decode import KnownFact, decode
from schemas.envelope import Fact
from schemas.topics import ALL, PARTICIPATION, REGISTRATION
from services.chassis.clock import system_clock
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.settings import CommonSettings
from services.chassis.topics import ensure_topics
from services.streaming_bridge.bootstrap import built
from services.streaming_bridge.settings import BridgeSettings
from tests.builders import SECRET_KEY, settings_for
from tests.fakes.bridge import ORGANIZER, KnownTokens
from tests.fakes.passerelle import Started, start
from tests.fakes.platforms import Request, Shapes

DEADLINE_SECONDS = 60.0


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


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


@dataclass(slots=True, kw_only=True)
class BridgeProcess:
    """`passerelle run streaming_bridge` on a data directory, at one port over all its lives."""

    data_dir: Path
    kafka: str
    port: int = field(default_factory=free_port)
    process: Started | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it, and return when it takes deliveries."""
        settings = {
            "PASSERELLE_DATA_DIR": str(self.data_dir),
            "PASSERELLE_KAFKA": self.kafka,
            "PASSERELLE_PORT": str(self.port),
            "PASSERELLE_SECRET_KEY": SECRET_KEY,
            "PASSERELLE_LOG_LEVEL": "warning",
        }
        log = self.data_dir / "bridge.log"
        self.process = await start("run", "streaming_bridge", settings=settings, out=log, said=log)
        async with aiohttp.ClientSession() as session, asyncio.timeout(DEADLINE_SECONDS):
            while not await self._ready(session):
                assert self.process.returncode is None
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """`kill -9`."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Stop it in good order; gives its exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, number: signal.Signals) -> int:
        process = self.process
        if process is None:
            return 0
        process.send_signal(number)
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await process.wait()

    async def _ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.url}/health/ready") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def bridge_process(data_dir: Path, kafka: str) -> AsyncIterator[BridgeProcess]:
    """A bridge that runs, and is gone at the end."""
    bridge = BridgeProcess(data_dir=data_dir, kafka=kafka)
    try:
        await bridge.start()
        yield bridge
    finally:
        await bridge.kill()


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
    settings: CommonSettings, event_id: str, until: Callable[[list[KnownFact]], bool]
) -> list[KnownFact]:
    """The facts of an event on the participation topic, in order, once the condition holds for them."""
    consumer = new_consumer(settings, client_id="test-participation")
    await consumer.start()
    found: list[KnownFact] = []
    try:
        partitions = [TopicPartition(PARTICIPATION.name, number) for number in range(settings.partitions)]
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
