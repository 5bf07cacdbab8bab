"""Partitions read from their beginning to where they end, on a real broker."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from deploy.local.kafka import EmbeddedKafka
from schemas.topics import Topic
from services.chassis.kafka import new_producer
from services.chassis.log_reading import read_batches, read_to_end
from services.chassis.log_requests import MissingPartitionError
from services.chassis.settings import CommonSettings
from services.chassis.topics import KafkaAwayError, ensure_topics
from tests.builders import settings_for


async def test_every_record_comes_once_and_in_order(kafka: str, tmp_path: Path) -> None:
    settings = await _written(kafka, tmp_path, "log-in-order", count=5000)
    places = _places(settings, "log-in-order")
    passed: list[tuple[int, int]] = []
    values: dict[int, list[bytes]] = {}
    async for batch in read_batches(
        settings, places, client_id="test", progress=lambda done, total: passed.append((done, total))
    ):
        values.setdefault(batch.partition, []).extend(record.value for record in batch.records)
    assert {number: len(each) for number, each in values.items()} == {0: 2500, 1: 2500}
    assert all(each == sorted(each) for each in values.values())
    assert passed[-1] == (5000, 5000)


async def test_a_record_says_where_it_stands_and_what_it_carries(kafka: str, tmp_path: Path) -> None:
    settings = await _written(kafka, tmp_path, "log-of-records", count=2)
    records = [record async for record in read_to_end(settings, _places(settings, "log-of-records"), client_id="test")]
    assert [(r.topic, r.partition, r.offset, r.timestamp, r.key, r.value, list(r.headers)) for r in records] == [
        ("log-of-records", 0, 0, 1000, b"key", b"000000", [("named", b"0")]),
        ("log-of-records", 1, 0, 1001, b"key", b"000001", [("named", b"1")]),
    ]


async def test_what_was_deleted_is_not_waited_for(kafka: str, tmp_path: Path) -> None:
    settings = await _written(kafka, tmp_path, "log-cut", count=20)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.delete_records({TopicPartition("log-cut", 0): RecordsToDelete(before_offset=7)})
    await admin.close()
    records = [record async for record in read_to_end(settings, _places(settings, "log-cut"), client_id="test")]
    assert sorted((r.partition, r.offset) for r in records) == [
        *((0, offset) for offset in range(7, 10)),
        *((1, offset) for offset in range(10)),
    ]


async def test_what_is_written_meanwhile_is_not_read(kafka: str, tmp_path: Path) -> None:
    settings = await _written(kafka, tmp_path, "log-growing", count=10)
    reading = read_to_end(settings, _places(settings, "log-growing"), client_id="test")
    first = await anext(reading)
    await _written(kafka, tmp_path, "log-growing", count=10)
    assert len([first, *[record async for record in reading]]) == 10


async def test_a_partition_that_does_not_exist_is_named(kafka: str, tmp_path: Path) -> None:
    settings = await _written(kafka, tmp_path, "log-of-two", count=1)
    with pytest.raises(MissingPartitionError, match="partition 2 of topic log-of-two"):
        await anext(read_to_end(settings, [TopicPartition("log-of-two", 2)], client_id="test"))


async def test_a_kafka_that_is_away_is_named(tmp_path: Path) -> None:
    settings = settings_for(CommonSettings, data_dir=tmp_path, kafka="127.0.0.1:1")
    with pytest.raises(KafkaAwayError, match=r"127\.0\.0\.1:1"):
        await anext(read_to_end(settings, [TopicPartition("any", 0)], client_id="test"))


async def test_a_broker_that_restarts_in_the_middle_is_waited_for(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    settings = await _written(own_kafka.bootstrap_servers, tmp_path, "log-interrupted", count=300, size=100_000)
    seen = 0
    async for batch in read_batches(settings, _places(settings, "log-interrupted"), client_id="test"):
        if not seen:
            await own_kafka.kill()
            await own_kafka.start()
        seen += len(list(batch.records))
    assert seen == 300


async def _written(kafka: str, tmp_path: Path, topic: str, *, count: int, size: int = 0) -> CommonSettings:
    """Numbered records, in two partitions in turn."""
    settings = settings_for(CommonSettings, data_dir=tmp_path, kafka=kafka, partitions=2)
    await ensure_topics(kafka, [Topic(name=topic, summary="", producers=(), consumers=())], partitions=2)
    async with new_producer(settings, client_id="test") as producer:
        sent = [
            await producer.send(
                topic,
                f"{number:06}".encode() + bytes(size),
                key=b"key",
                partition=number % 2,
                timestamp_ms=1000 + number,
                headers=[("named", str(number).encode())],
            )
            for number in range(count)
        ]
        await asyncio.gather(*sent)
    return settings


def _places(settings: CommonSettings, topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for number in range(settings.partitions)]
