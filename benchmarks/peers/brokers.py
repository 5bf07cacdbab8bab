"""One broker a round, each with the same facts: they are produced once, and a round begins with a copy of the files."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks.workload import Arrival
from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from services.chassis.kafka import new_producer
from services.chassis.settings import CommonSettings, load_settings
from services.chassis.topics import ensure_topics

_AT_ONCE: Final = 10_000


async def prepare(template: Path, arrivals: Sequence[Arrival]) -> None:
    """Write the arrivals to the topics of a broker whose files stay in `template`."""
    async with EmbeddedKafka(template, port=0).running() as servers:
        settings = load_settings(CommonSettings, data_dir=template, kafka=servers)
        await ensure_topics(servers, topics.ALL, partitions=settings.partitions)
        producer = new_producer(settings, client_id="benchmark")
        await producer.start()
        for start in range(0, len(arrivals), _AT_ONCE):
            sent = [await producer.send(a.topic, a.value, key=a.key) for a in arrivals[start : start + _AT_ONCE]]
            await asyncio.gather(*sent)
        await producer.stop()


@asynccontextmanager
async def copy_of(template: Path) -> AsyncIterator[tuple[str, Path]]:
    """A running broker on a copy of `template`: its bootstrap servers, and a directory that lives as long."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        directory = Path(folder)
        await asyncio.to_thread(shutil.copytree, template / "kafka", directory / "kafka")
        async with EmbeddedKafka(directory, port=0).running() as servers:
            yield servers, directory
