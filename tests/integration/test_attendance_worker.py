"""The worker on a real Kafka: whatever happens to it, what it tells is the fold of the facts."""

import json
import random
from dataclasses import replace
from pathlib import Path

from benchmarks.workload import Arrival, Workload
from deploy.local.kafka import EmbeddedKafka
from schemas import topics
from services.attendance.stream.checkpoints import KEY
from services.chassis.dead_letters import Origin, read_dead_letter
from services.chassis.kafka import LARGEST_RECORD
from tests.fakes.attendance_worker import expected, log_of, told, worker_process

BAD = {
    b"not json": "value: Invalid JSON",
    b"{}": "value: Unable to extract tag",
    b'{"data":' + b"[" * 10_000: "value: Invalid JSON: recursion limit",
    b'{"type":"somebody.teleported"}': "version",
    b'{"type":"passerelle.participation.joined.v2"}': "type: passerelle.participation.joined.v2 needs a version of",
    b'{"type":"passerelle.participation.room.opened.v1","id":"x"}': ".source: Field required",
}
SMALL = Workload(events=6, participants=25, guests=0.3)


def facts(load: Workload) -> list[Arrival]:
    return list(load.arrivals())


def ids(arrivals: list[Arrival]) -> set[str]:
    return {json.loads(arrival.value)["id"] for arrival in arrivals}


async def test_facts_in_any_order_lead_to_their_fold_in_the_partition_of_their_event(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    arrivals = facts(SMALL)
    random.Random(3).shuffle(arrivals)
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    await log.produce(arrivals)

    async with worker_process(tmp_path, own_kafka.bootstrap_servers):
        await log.worked_off()

    assert told(await log.presences()) == expected(arrivals)
    entries = await log.entries()
    assert set(entries) >= ids(arrivals)
    assert {len(words) for words in entries.values()} == {1}
    partition = {record.key: record.partition for record in await log.read(topics.REGISTRATION.name)}
    for topic in (topics.TIMELINE, topics.PRESENCE):
        for record in await log.read(topic.name):
            assert dict(record.headers)["content-type"] == b"application/cloudevents+json"
            assert record.partition == partition[record.key.partition(b"/")[0]]


async def test_commits_go_on_after_a_first_record_alone_and_after_a_restart_without_telling_again(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    arrivals = facts(SMALL)
    await log.produce(arrivals[:1])
    async with worker_process(tmp_path, own_kafka.bootstrap_servers) as worker:
        await log.worked_off()
        await log.produce(arrivals[1:])
        await log.worked_off()
        assert await worker.stop() == 0
        before = [len(await log.read(topic.name)) for topic in (topics.PRESENCE, topics.TIMELINE)]

        more = replace(arrivals[-1], key=b"evt_new", value=arrivals[-1].value.replace(arrivals[-1].key, b"evt_new"))
        await worker.start()
        await log.produce([more])
        await log.worked_off()

    after = [len(await log.read(topic.name)) for topic in (topics.PRESENCE, topics.TIMELINE)]
    assert after[1] == before[1] + 1
    assert after[0] <= before[0] + 1


async def test_what_cannot_be_read_is_kept_aside_and_the_partition_goes_on(
    own_kafka: EmbeddedKafka, tmp_path: Path
) -> None:
    good = facts(Workload(events=1, participants=10))
    half = len(good) // 2
    fact = good[half]
    document = json.loads(fact.value)
    bad = {
        **BAD,
        json.dumps(
            document | {"data": {**document["data"], "event_id": "evt_other"}}
        ).encode(): "key: is not data.event_id",
        json.dumps(
            document | {"time": "0001-01-01T00:00:00+14:00"}
        ).encode(): ".time: Value error, must be within the years",
        json.dumps(document | {"time": "2026-11-22T09:00:00"}).encode(): ".time: must be an instant with its offset",
    }
    tombstone = replace(fact, value=None)  # type: ignore[arg-type]  # what compaction makes, never a fact
    reserved = replace(
        fact, key=KEY, value=json.dumps(document | {"data": {**document["data"], "event_id": KEY.decode()}}).encode()
    )
    huge = replace(fact, value=b"x" * (LARGEST_RECORD - 1000))
    arrivals = [*good[:half], *[replace(fact, value=value) for value in bad], tombstone, reserved, huge, *good[half:]]
    bad[reserved.value] = "key: no event can be called so"
    bad[huge.value[: 1024 * 1024]] = "value: Invalid JSON"
    log = log_of(own_kafka.bootstrap_servers, tmp_path)
    await log.produce(arrivals)

    async with worker_process(tmp_path, own_kafka.bootstrap_servers):
        await log.worked_off()

    assert told(await log.presences()) == expected(good)
    letters = {}
    for record in await log.read(topics.DEAD_LETTER.name):
        letter = read_dead_letter(key=record.key, value=record.value, headers=record.headers)
        assert isinstance(letter.origin, Origin)
        key = KEY if letter.value == reserved.value else fact.key
        assert (letter.service, letter.origin.topic, letter.key) == ("attendance", fact.topic, key)
        letters[letter.value] = letter.reason
    assert set(letters) == {*bad, None}
    for value, reason in bad.items():
        assert reason in letters[value]
