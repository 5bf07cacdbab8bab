"""Topics on a real broker."""

import asyncio
import socket
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from structlog.testing import capture_logs

from deploy.local.kafka import EmbeddedKafka
from schemas.topics import ALL, Topic
from services.chassis.kafka import LARGEST_RECORD
from services.chassis.topics import (
    KafkaAwayError,
    OtherClusterError,
    TopicMismatchError,
    TopicRefusedError,
    ensure_topics,
)


def a_topic(**settings: str) -> Topic:
    """A topic that no other test knows."""
    settings = {name.replace("_", "."): value for name, value in settings.items()}
    return Topic(name=f"test-{uuid.uuid4().hex}", summary="", producers=(), consumers=(), settings=settings)


async def settings_of(servers: str, topic: Topic) -> dict[str, str]:
    """What the broker says of a topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name)])
    finally:
        await admin.close()
    return {entry[0]: entry[1] for entry in answer.resources[0][4]}


async def test_missing_topics_are_created_with_their_settings(kafka: str) -> None:
    topic = a_topic(cleanup_policy="compact", retention_ms="-1")
    await ensure_topics(kafka, [topic], partitions=3)

    settings = await settings_of(kafka, topic)
    assert settings["cleanup.policy"] == "compact"
    assert settings["retention.ms"] == "-1"
    assert settings["min.insync.replicas"] == "1"
    assert int(settings["max.message.bytes"]) >= LARGEST_RECORD


async def test_the_topics_of_the_project_can_be_created_and_checked_again(kafka: str) -> None:
    await ensure_topics(kafka, ALL, partitions=8)
    await ensure_topics(kafka, ALL, partitions=8)


async def test_services_that_start_together_all_find_the_topics(kafka: str) -> None:
    topics = [a_topic() for _ in range(3)]

    await asyncio.gather(*(ensure_topics(kafka, topics, partitions=2) for _ in range(4)))


async def test_the_first_record_can_be_sent_at_once(kafka: str) -> None:
    topic = a_topic()
    await ensure_topics(kafka, [topic], partitions=8)

    async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all", max_request_size=LARGEST_RECORD) as producer:
        sent = [await producer.send(topic.name, b"x" * 1_900_000, partition=number) for number in (0, 7)]
        for future in sent:
            await future


async def test_another_number_of_partitions_is_one_clear_line(kafka: str) -> None:
    topic = a_topic()
    await ensure_topics(kafka, [topic], partitions=2)

    with pytest.raises(TopicMismatchError) as raised:
        await ensure_topics(kafka, [a_topic(), topic], partitions=8)

    assert (raised.value.topic, raised.value.expected, raised.value.found) == (topic.name, 8, 2)
    assert str(raised.value) == (
        f"topic {topic.name} has 2 partitions and PASSERELLE_PARTITIONS says 8: "
        "set PASSERELLE_PARTITIONS=2, or use another cluster"
    )


async def test_a_setting_that_differs_is_told_and_left_alone(kafka: str) -> None:
    short = a_topic(retention_ms="60000")
    await ensure_topics(kafka, [short], partitions=1)
    with capture_logs() as logs:
        await ensure_topics(kafka, [replace(short, settings={"retention.ms": "-1"})], partitions=1)

    assert [(line["event"], line["setting"], line["found"]) for line in logs] == [
        ("topics.setting_differs", "retention.ms", "60000")
    ]


async def test_more_replicas_than_brokers_is_refused_with_kafkas_reason(kafka: str) -> None:
    topic = a_topic()

    with pytest.raises(TopicRefusedError, match=topic.name) as raised:
        await ensure_topics(kafka, [topic], partitions=1, replication=3)

    assert "\n" not in str(raised.value)


async def test_a_setting_that_kafka_does_not_know_is_refused_with_its_reason(kafka: str) -> None:
    with pytest.raises(TopicRefusedError, match=r"no\.such\.setting"):
        await ensure_topics(kafka, [a_topic(no_such_setting="1")], partitions=1)


async def test_without_kafka_it_says_where_it_looked() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        servers = f"127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(KafkaAwayError, match=servers):
        await ensure_topics(servers, [a_topic()], partitions=1, within_seconds=1)


async def test_another_cluster_than_the_one_expected_is_left_alone(kafka: str) -> None:
    topic = a_topic()
    with pytest.raises(OtherClusterError, match=r"not ours \(.*PASSERELLE_KAFKA_CLUSTER\)") as raised:
        await ensure_topics(kafka, [topic], partitions=1, cluster="ours", within_seconds=0)

    await ensure_topics(kafka, [a_topic()], partitions=1, cluster=raised.value.found)
    async with AIOKafkaProducer(bootstrap_servers=kafka, request_timeout_ms=1000) as producer:
        with pytest.raises(KafkaError):
            await producer.partitions_for(topic.name)


async def test_it_waits_for_kafka_to_come(tmp_path: Path) -> None:
    broker = EmbeddedKafka(tmp_path, port=0)
    with broker.claimed():
        await asyncio.to_thread(broker.prepare)
        waiting = asyncio.create_task(ensure_topics(broker.bootstrap_servers, [a_topic()], partitions=1))
        try:
            await broker.start()
            await waiting
        finally:
            await broker.stop()
