"""What the worker reads and commits: from the first that is not folded, without a gap, and only what Kafka took."""

from collections.abc import AsyncIterator, Mapping
from typing import cast

import pytest_asyncio
from aiokafka import ConsumerRecord
from faust.types import TP, Message

from services.attendance.application.partition_fold import PartitionFold
from services.attendance.stream.batches import BatchApp, BatchConsumer, BatchScheduler
from services.attendance.stream.outlets import Outlet
from services.attendance.stream.partitions import Gap, Kept, Partition

PART = TP("passerelle-checkin", 3)


class CoordinatorOfTests(BatchConsumer):
    """A consumer whose Kafka takes commits, or refuses them as while a group rebalances."""

    takes = True

    def __init__(self, app: BatchApp) -> None:
        super().__init__(app.transport, nothing, nothing, nothing)
        self.taken: dict[TP, int] = {}
        self.sought: dict[TP, int] = {}

    def hand_over_poll(self, first: int, last: int) -> Message:
        records = [record(offset) for offset in range(first, last + 1)]
        ((part, taken),) = BatchScheduler().iterate({PART: records})
        message = self._to_message(part, taken)
        self.hand_over(message)
        return message

    def assignment(self) -> set[TP]:
        return {PART}

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        if self.takes:
            self.taken |= offsets
        return self.takes

    async def seek_to_committed(self) -> Mapping[TP, int]:
        self.sought |= self.taken
        return self.taken

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        self.sought |= partitions


async def nothing(*_: object) -> None:
    pass


@pytest_asyncio.fixture
async def consumer() -> AsyncIterator[CoordinatorOfTests]:
    app = BatchApp("test", broker="aiokafka://127.0.0.1:1", ConsumerScheduler=BatchScheduler, store="memory://")
    made = CoordinatorOfTests(app)
    yield made
    made._thread.thread_loop.close()  # noqa: SLF001  (its thread never ran)


def record(offset: int) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(PART.topic, PART.partition, offset, 0, 0, b"evt", b"{}", None, 3, 2, ())


async def test_a_poll_is_one_message_and_its_end_is_committed(consumer: CoordinatorOfTests) -> None:
    consumer.ack(consumer.hand_over_poll(0, 41))

    await consumer.commit()

    assert consumer.taken == {PART: 42}


async def test_a_first_record_alone_is_committed_and_what_follows_too(consumer: CoordinatorOfTests) -> None:
    consumer.ack(consumer.hand_over_poll(0, 0))
    await consumer.commit()
    consumer.ack(consumer.hand_over_poll(1, 7))
    await consumer.commit()

    assert consumer.taken == {PART: 8}


async def test_nothing_is_committed_before_what_came_earlier(consumer: CoordinatorOfTests) -> None:
    earlier, later = consumer.hand_over_poll(0, 9), consumer.hand_over_poll(10, 19)

    consumer.ack(later)
    await consumer.commit()
    assert consumer.taken == {}

    consumer.ack(earlier)
    await consumer.commit()
    assert consumer.taken == {PART: 20}


async def test_a_refused_commit_is_made_again_though_nothing_more_comes(consumer: CoordinatorOfTests) -> None:
    consumer.ack(consumer.hand_over_poll(0, 9))
    consumer.takes = False
    await consumer.commit()

    consumer.takes = True
    await consumer.commit()

    assert consumer.taken == {PART: 10}


async def test_a_partition_is_read_from_its_start_though_a_commit_of_before_came_late(
    consumer: CoordinatorOfTests,
) -> None:
    await consumer.commit_start({PART: 0})
    consumer.taken = {PART: 57}

    await consumer.perform_seek()

    assert consumer.sought == {PART: 0}


def test_facts_that_were_passed_over_are_noticed() -> None:
    part = Partition(
        number=PART.partition,
        kept=cast("Kept", None),
        fold=cast("PartitionFold", None),
        presence=cast("Outlet", None),
        context=cast("Outlet", None),
        timeline=cast("Outlet", None),
        digest=0,
        offsets={PART.topic: 10},
        presence_end=0,
    )
    again = [record(offset) for offset in range(5, 14)]
    assert part.passed_over([again, [record(14)]]) is None
    part.passed(again)
    part.passed(again[:2])

    gap = part.passed_over([[record(14)], [record(16)]])

    assert gap == Gap(topic=PART.topic, partition=PART.partition, begin=15, end=16)
