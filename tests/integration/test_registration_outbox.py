"""The outbox of registration, on a real Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from aiokafka import AIOKafkaConsumer

from schemas.decode import KnownFact, decode
from schemas.topics import CHECKIN, REGISTRATION
from services.chassis.kafka import new_consumer
from services.registration.bootstrap import publish
from tests.integration.running_registration import RunningRegistration, running_registration

DEADLINE_SECONDS = 60


@asynccontextmanager
async def draining(service: RunningRegistration) -> AsyncIterator[None]:
    task = asyncio.create_task(publish(service.settings, service.parts.drain))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def drained(service: RunningRegistration) -> None:
    async with asyncio.timeout(DEADLINE_SECONDS):
        while await service.outbox():
            await asyncio.sleep(0.05)


async def on_the_topics(service: RunningRegistration, event_id: str, *, count: int) -> list[KnownFact]:
    """The facts of an event, topic by topic, each in the order of its partition."""
    consumer: AIOKafkaConsumer = new_consumer(service.settings, REGISTRATION.name, CHECKIN.name, client_id="test")
    await consumer.start()
    try:
        facts: list[tuple[str, KnownFact]] = []
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(facts) < count:
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        if record.key == event_id.encode():
                            assert ("content-type", b"application/cloudevents+json") in record.headers
                            facts.append((record.topic, decode(record.value)))
    finally:
        await consumer.stop()
    return [fact for topic in (REGISTRATION.name, CHECKIN.name) for where, fact in facts if where == topic]


async def test_facts_reach_kafka_in_the_order_of_their_event(kafka: str, tmp_path: Path) -> None:
    async with running_registration(tmp_path, kafka=kafka) as service, draining(service):
        event_id = await service.event()
        people = [await service.register(event_id) for _ in range(20)]
        for who in people[:5]:
            await service.check_in(event_id, ticket=who["ticket"])
        await service.api("POST", f"/events/{event_id}/close")
        await drained(service)
        facts = await on_the_topics(service, event_id, count=28)
    assert [fact.subject for fact in facts] == [
        None,
        None,
        *[who["participant_id"] for who in people],
        None,
        *[who["participant_id"] for who in people[:5]],
    ]


async def test_what_waits_survives_a_restart_and_leaves_first(kafka: str, tmp_path: Path) -> None:
    async with running_registration(tmp_path, kafka=kafka) as before:
        event_id = await before.event()
        registered = await before.register(event_id)
        waiting = await before.outbox()
    assert len(waiting) == 3
    async with running_registration(tmp_path, kafka=kafka) as after:
        assert await after.outbox() == waiting
        assert (await after.check_in(event_id, ticket=registered["ticket"]))["outcome"] == "checked_in"
        async with draining(after):
            await drained(after)
        facts = await on_the_topics(after, event_id, count=4)
    assert facts[:3] == waiting
