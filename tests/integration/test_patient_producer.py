"""The producer that all services share, while its broker is away for longer than a request may take."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from deploy.local.kafka import EmbeddedKafka
from schemas.topics import Topic
from services.chassis.kafka import PatientProducer, new_consumer
from services.chassis.settings import CommonSettings
from services.chassis.topics import ensure_topics
from tests.builders import settings_for

REQUEST_TIMEOUT_MS = 400
RECORDS = 300
TOPIC = Topic(name="patience", summary="", producers=(), consumers=())


@pytest.mark.faults
async def test_everything_accepted_arrives_in_order_after_a_long_absence(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    settings = settings_for(CommonSettings, data_dir=tmp_path, kafka=own_kafka.bootstrap_servers)
    await ensure_topics(settings.kafka, [TOPIC], partitions=4)
    async with PatientProducer(
        bootstrap_servers=settings.kafka,
        enable_idempotence=True,
        acks="all",
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        max_batch_size=1000,
    ) as producer:
        sending = asyncio.create_task(_send(producer))
        await asyncio.sleep(0)
        await own_kafka.kill()
        await asyncio.sleep(4 * REQUEST_TIMEOUT_MS / 1000)
        # A broker that just came back says that partitions have no leader.
        await own_kafka.start()
        answers = await asyncio.wait_for(asyncio.gather(*await sending), 60)

    assert len(answers) == RECORDS
    assert await _in_kafka(settings) == {number: list(range(number, RECORDS, 4)) for number in range(4)}


async def _send(producer: PatientProducer) -> "list[asyncio.Future[object]]":
    """More than there is room for while nobody takes it."""
    return [await producer.send(TOPIC.name, b"%d" % n + b" " * 100, partition=n % 4) for n in range(RECORDS)]


async def _in_kafka(settings: CommonSettings) -> dict[int, list[int]]:
    consumer = new_consumer(settings, client_id="test-patience")
    await consumer.start()
    try:
        parts = [TopicPartition(TOPIC.name, number) for number in range(4)]
        consumer.assign(parts)
        found: dict[int, list[int]] = {number: [] for number in range(4)}
        while sum(map(len, found.values())) < RECORDS:
            for part, records in (await consumer.getmany(timeout_ms=1000)).items():
                found[part.partition] += [int(record.value) for record in records]
        return found
    finally:
        await consumer.stop()
