"""Outlets: whole batches, in order, each future looked at, and no stranger's record goes unnoticed."""

import asyncio
from collections import deque

import pytest
from aiokafka.errors import KafkaError, KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata, TopicPartition

from services.attendance.stream.outlets import UNKNOWN_OFFSET, NotOnlyWriterError, Outlet, Produced

TOPIC, NUMBER = "passerelle-presence", 2
BATCH_BYTES = 4096


class TopicOfTests:
    """The part of a producer that an outlet uses, over one partition in memory."""

    def __init__(self, *, end: int = 0) -> None:
        self.end = end
        self.batches: list[int] = []
        self.answers: deque[int | Exception] = deque()
        self.full = 0

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(BATCH_BYTES, 0)

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> asyncio.Future[RecordMetadata]:
        assert batch.closed()
        assert (topic, partition) == (TOPIC, NUMBER)
        if self.full:
            self.full -= 1
            raise KafkaTimeoutError
        future: asyncio.Future[RecordMetadata] = asyncio.get_running_loop().create_future()
        answer = self.answers.popleft() if self.answers else self.end
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(RecordMetadata(topic, partition, TopicPartition(topic, partition), answer, -1, 0, 0))
        self.batches.append(batch.record_count())
        self.end += batch.record_count()
        return future


def records(count: int, *, size: int = 100) -> list[Produced]:
    return [(b"evt/%d" % number, b"x" * size, [("content-type", b"text/plain")]) for number in range(count)]


def outlet(topic: TopicOfTests, *, end: int | None = None) -> Outlet:
    return Outlet(topic, TOPIC, NUMBER, end=end)


async def test_records_go_in_as_few_batches_as_hold_them() -> None:
    topic = TopicOfTests()

    sending = await outlet(topic).send(records(100))

    assert sum(topic.batches) == sending.records == 100
    assert len(topic.batches) == 4
    assert await sending.delivered() == 100


async def test_a_record_larger_than_a_batch_goes_alone() -> None:
    topic = TopicOfTests()

    await outlet(topic).send([*records(1), *records(1, size=2 * BATCH_BYTES), *records(1)])

    assert topic.batches == [1, 1, 1]


async def test_nothing_is_sent_for_no_records() -> None:
    topic = TopicOfTests()

    assert await (await outlet(topic).send([])).delivered() is None
    assert topic.batches == []


async def test_what_cannot_be_delivered_is_an_error() -> None:
    topic = TopicOfTests()
    topic.answers.append(KafkaError())

    sending = await outlet(topic).send(records(1))

    with pytest.raises(KafkaError):
        await sending.delivered()


async def test_an_outage_is_waited_out() -> None:
    topic = TopicOfTests()
    topic.full = 3

    assert await (await outlet(topic).send(records(2))).delivered() == 2
    assert topic.batches == [2]


async def test_the_only_writer_is_content() -> None:
    topic = TopicOfTests(end=7)
    to = outlet(topic, end=7)

    for _ in range(3):
        await (await to.send(records(5))).delivered()
        to.check()


@pytest.mark.parametrize("found, reason", [(9, "foreign_write"), (3, "records_lost")])
async def test_an_offset_that_is_not_the_next_one_is_told(found: int, reason: str) -> None:
    topic = TopicOfTests(end=found)
    to = outlet(topic, end=7)

    await (await to.send(records(5))).delivered()

    with pytest.raises(NotOnlyWriterError) as told:
        to.check()
    assert told.value.reason == reason


async def test_an_offset_that_kafka_has_forgotten_is_no_reason_for_suspicion() -> None:
    topic = TopicOfTests(end=7)
    topic.answers.append(UNKNOWN_OFFSET)
    to = outlet(topic, end=7)

    for _ in range(2):
        await (await to.send(records(5))).delivered()
        to.check()
