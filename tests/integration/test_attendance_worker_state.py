"""A state that is not what the log leads to: the worker says so and builds it anew, by itself."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from benchmarks.workload import Arrival, Workload
from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from schemas.publish import FROZEN
from schemas.timeline import END_INFERRED
from services.attendance.stream.checkpoints import PREVIOUS, record_id
from services.chassis.kafka import new_producer
from services.chassis.topics import ensure_topics
from tests.fakes.attendance_worker import Log, expected, log_of, told, worker_process

EXAMPLES: Final = FROZEN.parent / "examples"
SMALL: Final = Workload(events=4, participants=20, guests=0.3)


async def _recreate(log: Log, *names: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=log.settings.kafka)
    await admin.start()
    try:
        await admin.delete_topics(list(names))
    finally:
        await admin.close()
    await ensure_topics(log.settings.kafka, topics.ALL, partitions=log.settings.partitions)


async def _lose_presences(log: Log) -> None:
    """The presence topic is emptied; the worker's own store is ahead of it."""
    await _recreate(log, topics.PRESENCE.name)


async def _lose_everything_known(log: Log) -> None:
    await _recreate(log, topics.PRESENCE.name, topics.ATTENDANCE_CONTEXT.name)


async def _lose_the_end(log: Log) -> None:
    """The presence topic is made anew with all but its last records."""
    records = await log.read(topics.PRESENCE.name)
    await _recreate(log, topics.PRESENCE.name)
    await _write(log, topics.PRESENCE.name, [(r.key, r.value, r.partition) for r in records[: len(records) // 2]])


async def _write_a_stale_presence(log: Log) -> None:
    """A worker that was thought dead wakes up and delivers what it had in hand."""
    records = await log.read(topics.PRESENCE.name)
    last = {record.key: record for record in records}
    stale = next(record for record in records if record.value != last[record.key].value)
    await _write(log, topics.PRESENCE.name, [(stale.key, stale.value, stale.partition)])


async def _tell_an_untrue_end(log: Log) -> None:
    """A worker whose state was wrong told of an end that is none."""
    record = (await log.read(topics.TIMELINE.name))[0]
    entry = json.loads((EXAMPLES / "passerelle.timeline.entry.v1.end_inferred.json").read_text())
    event_id = record.key.decode()
    entry["id"], entry["data"]["event_id"] = "an-untrue-end", event_id
    del entry["data"]["withdrawn_at"]
    await _write(log, topics.TIMELINE.name, [(record.key, json.dumps(entry).encode(), record.partition)])


async def _standing_ends(log: Log) -> set[str]:
    """The ids of the inferred ends told that stand, by the last word on each."""
    entries = [json.loads(record.value) for record in await log.read(topics.TIMELINE.name)]
    ends = [entry for entry in entries if entry["data"]["fact"]["type"] == END_INFERRED]
    last = {entry["id"]: entry["data"].get("withdrawn_at") for entry in ends}
    return {one for one, withdrawn_at in last.items() if withdrawn_at is None}


async def _break_the_presences(log: Log) -> None:
    """They are as they were, by their ids, and what the worker remembers in them cannot be read."""
    last = {record.key: record for record in await log.read(topics.PRESENCE.name)}
    producer = new_producer(log.settings, client_id="test-breaker")
    await producer.start()
    try:
        for record in last.values():
            await producer.send_and_wait(
                topics.PRESENCE.name,
                record.value.replace(b'"stays":[', b'"stays":0,"was":['),
                key=record.key,
                partition=record.partition,
                headers=[(PREVIOUS, record_id(record.value))],
            )
    finally:
        await producer.stop()


async def _write(log: Log, topic: str, records: list[tuple[bytes, bytes | None, int]]) -> None:
    producer = new_producer(log.settings, client_id="test-spoiler")
    await producer.start()
    try:
        for key, value, partition in records:
            await producer.send_and_wait(topic, value, key=key, partition=partition)
    finally:
        await producer.stop()


@pytest.mark.faults
@pytest.mark.timeout(400)
async def test_a_state_that_disagrees_with_the_log_or_cannot_be_read_is_noticed_and_rebuilt(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    arrivals = list(SMALL.arrivals())
    first, second = len(arrivals) // 3, 2 * len(arrivals) // 3
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    await log.produce(arrivals[:first])
    async with worker_process(tmp_path, own_kafka.bootstrap_servers) as worker:
        await log.worked_off()
        await _write_a_stale_presence(log)  # while it works
        await log.produce(arrivals[first:second])
        await log.worked_off()
        assert await worker.metric("passerelle_worker_state_disagreements_total")
        await log.worked_off()
        assert told(await log.presences()) == expected(arrivals[:second])

        ends = await _standing_ends(log)
        await _tell_an_untrue_end(log)
        assert await _standing_ends(log) == {*ends, "an-untrue-end"}
        for spoil in (_write_a_stale_presence, _lose_the_end, _lose_presences, _lose_everything_known):
            assert await worker.stop() == 0
            await spoil(log)
            await worker.start()
            await worker.ready()
            await log.worked_off()
            assert await worker.metric("passerelle_worker_state_disagreements_total"), spoil.__name__
            assert told(await log.presences()) == expected(arrivals[:second]), spoil.__name__
        assert await _standing_ends(log) == ends  # Each partition was built anew, and took back what nothing led to.

        assert await worker.stop() == 0
        await _break_the_presences(log)
        await worker.start()
        await worker.ready()
        await log.produce(arrivals[second:])
        await log.worked_off()

    assert told(await log.presences()) == expected(arrivals)
    assert set(await log.entries()) >= {json.loads(arrival.value)["id"] for arrival in arrivals}


@pytest.mark.faults
async def test_a_log_made_anew_leads_to_a_state_of_its_own(own_kafka: EmbeddedKafka, tmp_path: Path) -> None:
    before = list(SMALL.arrivals())
    after = [_of_another_event(arrival) for arrival in before if b"room" not in arrival.value]
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    await log.produce(before)
    async with worker_process(tmp_path, own_kafka.bootstrap_servers) as worker:
        await log.worked_off()
        assert await worker.stop() == 0

        await _recreate(log, *[topic.name for topic in topics.INPUTS])
        await log.produce(after)
        await worker.start()
        await worker.ready()
        await log.worked_off()

    assert told(await log.presences()) == expected(after)


@pytest.mark.faults
async def test_a_rebuild_does_not_wait_for_facts_that_are_on_the_log_no_more(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    gone = list(SMALL.arrivals())
    there = [_of_another_event(arrival) for arrival in gone if b"room" not in arrival.value]
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    await log.produce(gone)
    async with worker_process(tmp_path, own_kafka.bootstrap_servers) as worker:
        await log.worked_off()
        assert await worker.stop() == 0
        await _delete_facts(log)
        await _lose_everything_known(log)
        await worker.start()
        await worker.ready()
        assert await worker.metric("passerelle_worker_state_disagreements_total")
        assert await worker.metric("passerelle_worker_partitions_rebuilding") == 0
        await log.produce(there)
        await log.worked_off()

    assert told(await log.presences()) == expected(there)


async def _delete_facts(log: Log) -> None:
    """As an operator can, or a retention that was set."""
    ends = {TopicPartition(r.topic, r.partition): r.offset + 1 for t in topics.INPUTS for r in await log.read(t.name)}
    admin = AIOKafkaAdminClient(bootstrap_servers=log.settings.kafka)
    await admin.start()
    try:
        await admin.delete_records({part: RecordsToDelete(before_offset=end) for part, end in ends.items()})
    finally:
        await admin.close()


def _of_another_event(arrival: Arrival) -> Arrival:
    return replace(arrival, value=arrival.value.replace(b'"gst_', b'"gst_f').replace(b'"par_', b'"par_f'))
