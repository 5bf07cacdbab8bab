"""What the worker commits: the end of what is acknowledged without a gap, and only what Kafka took."""

from collections.abc import AsyncIterator, Mapping

import pytest_asyncio
from aiokafka import ConsumerRecord
from faust.types import TP, Message

from services.attendance.stream.batches import BatchApp, BatchConsumer, BatchScheduler

PART = TP("passerelle-checkin", 3)


class CoordinatorOfTests(BatchConsumer):
    """A consumer whose Kafka takes commits, or refuses them as while a group rebalances."""

    takes = True

    def __init__(self, app: BatchApp) -> None:
        super().__init__(app.transport, nothing, nothing, nothing)
        self.taken: dict[TP, int] = {}

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
