"""aiokafka and nothing else: polls of many records, state in memory, whole batches out to the partition they came from.

Offsets are committed behind the outputs. There is no durable state: a restart would have to begin at the first record.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.producer.message_accumulator import BatchBuilder

from benchmarks.peers.programs.arguments import Arguments, arguments
from benchmarks.peers.programs.fold import State, entry, is_movement, presence, state_key, take

_RECORDS_A_POLL = 8000
_BATCH_BYTES = 512 * 1024


class Out:
    """Batches for one partition of one topic."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, partition: int) -> None:
        self._producer = producer
        self._to = (topic, partition)
        self._batch: BatchBuilder | None = None
        self.sent: list[asyncio.Future[Any]] = []

    async def add(self, key: bytes, value: bytes) -> None:
        """Add a record; a full batch is on its way at once."""
        batch = self._batch = self._batch or self._producer.create_batch()
        if batch.append(key=key, value=value, timestamp=None) is None:
            await self.close()
            self._batch = self._producer.create_batch()
            self._batch.append(key=key, value=value, timestamp=None)

    async def close(self) -> None:
        """Send what is left."""
        if self._batch is not None:
            self._batch.close()
            topic, partition = self._to
            self.sent.append(await self._producer.send_batch(self._batch, topic, partition=partition))
            self._batch = None


class Fold:
    """The fold, with its state in a dict."""

    def __init__(self, told: Arguments, producer: AIOKafkaProducer) -> None:
        self._told = told
        self._producer = producer
        self._states: dict[str, State] = {}

    async def work_off(self, partition: int, records: Sequence[Any]) -> list[asyncio.Future[Any]]:
        """Fold one partition's records; gives the deliveries to wait for."""
        presences = Out(self._producer, self._told.presence, partition)
        entries = Out(self._producer, self._told.entries or "", partition)
        for record in records:
            fact = orjson.loads(record.value)
            if not is_movement(fact):
                continue
            key = state_key(fact)
            state = take(self._states.get(key), fact)
            if state is None:
                continue
            self._states[key] = state
            if state["changed"]:
                await presences.add(key.encode(), orjson.dumps(presence(key, state)))
            if self._told.entries:
                await entries.add(record.key, orjson.dumps(entry(fact, state)))
        await presences.close()
        await entries.close()
        return presences.sent + entries.sent


async def main(told: Arguments) -> None:
    """Run until stopped."""
    consumer = AIOKafkaConsumer(
        *told.inputs,
        bootstrap_servers=told.servers,
        group_id=told.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    producer = AIOKafkaProducer(
        bootstrap_servers=told.servers, enable_idempotence=True, acks="all", max_batch_size=_BATCH_BYTES
    )
    await consumer.start()
    await producer.start()
    fold = Fold(told, producer)
    while True:
        polled = await consumer.getmany(timeout_ms=1000, max_records=_RECORDS_A_POLL)
        sent = [future for tp, records in polled.items() for future in await fold.work_off(tp.partition, records)]
        await asyncio.gather(*sent)
        if polled:
            await consumer.commit({tp: records[-1].offset + 1 for tp, records in polled.items()})


if __name__ == "__main__":
    uvloop.run(main(arguments()))
