"""Outlets: the way of one partition's records to one topic, in whole batches.

aiokafka's `send` makes a future a record; a batch that is built here and handed over whole makes one. The producer is
idempotent: it tries again what it may try again, with the same sequence number, for as long as it takes, and keeps the
batches of a partition in the order they were handed over. Any other failure comes out of the batch's future.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from services.attendance.domain.errors import AttendanceError

UNKNOWN_OFFSET: Final = -1
"""What Kafka answers for a batch that it had already, when it has forgotten where."""

Produced: TypeAlias = tuple[bytes, bytes | None, Sequence[tuple[str, bytes]]]
"""A record to be produced: key, value, headers."""


class NotOnlyWriterError(AttendanceError):
    """Records came to stand where they should not: somebody else wrote to the partition, or it lost records."""

    def __init__(self, *, topic: str, partition: int, expected: int, found: int) -> None:
        """Say where."""
        super().__init__(f"{topic}/{partition}: offset {found} instead of {expected}")
        self.topic = topic
        self.partition = partition
        self.reason = "foreign_write" if found > expected else "records_lost"


class Outlet:
    """One partition of one topic, to which this worker alone writes, if `end` is given: its next offset."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int, *, end: int | None = None) -> None:
        """`producer` is started, idempotent and awaits all replicas."""
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._end = end
        self._sent: deque[tuple[asyncio.Future[RecordMetadata], int]] = deque()

    async def send(self, records: Iterable[Produced]) -> "Sending":
        """Hand over records, in order; returns before they are delivered."""
        sending = Sending()
        batch = self._producer.create_batch()
        for key, value, headers in records:
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                await self._hand_over(batch, sending)
                batch = self._producer.create_batch()
                batch.append(key=key, value=value, timestamp=None, headers=headers)
        if batch.record_count():
            await self._hand_over(batch, sending)
        return sending

    def check(self) -> None:
        """See that what is delivered so far stands where it should.

        Raises:
            NotOnlyWriterError: if it does not.
        """
        while self._sent and self._sent[0][0].done():
            future, count = self._sent.popleft()
            found = future.result().offset
            expected, self._end = self._end, None if found == UNKNOWN_OFFSET else found + count
            if expected is not None and self._end is not None and found != expected:
                raise NotOnlyWriterError(topic=self._topic, partition=self._partition, expected=expected, found=found)

    async def _hand_over(self, batch: BatchBuilder, sending: "Sending") -> None:
        batch.close()  # Open, it might get records of others.
        while True:
            # It waits for room behind the batch before for some seconds only; an outage of Kafka may take longer.
            with contextlib.suppress(KafkaTimeoutError):
                future = await self._producer.send_batch(batch, self._topic, partition=self._partition)
                break
        sending.add(future, batch.record_count())
        if self._end is not None:
            self._sent.append((future, batch.record_count()))


class Sending:
    """Batches on their way."""

    def __init__(self) -> None:
        """None yet."""
        self.records = 0
        self._batches: list[tuple[asyncio.Future[RecordMetadata], int]] = []

    def add(self, future: asyncio.Future[RecordMetadata], count: int) -> None:
        """One more batch, of `count` records."""
        self._batches.append((future, count))
        self.records += count

    async def delivered(self) -> int | None:
        """Wait for Kafka's answer to all; gives the offset after the last record, where there is one and it is known.

        Raises:
            KafkaError: if one cannot be delivered.
        """
        end = None
        for future, count in self._batches:
            offset = (await future).offset
            end = None if offset == UNKNOWN_OFFSET else offset + count
        return end
