"""aiokafka and nothing else: polls of many records, state in memory, whole batches out to the partition they came from.

Offsets are committed behind the outputs. There is no durable state: a restart would have to begin at the first record.
"""

import asyncio
from collections import defaultdict
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.peers.programs.arguments import Arguments, arguments
from benchmarks.peers.programs.folding import Folding, Told, folding

_RECORDS_A_POLL = 8000
_BATCH_BYTES = 512 * 1024


async def send(producer: AIOKafkaProducer, topic: str | None, partition: int, told: Told) -> list[asyncio.Future[Any]]:
    """Send records in whole batches; gives the deliveries to wait for."""
    sent = []
    batch = producer.create_batch()
    for key, value in told:
        if batch.append(key=key, value=value, timestamp=None) is None:
            batch.close()
            sent.append(await producer.send_batch(batch, topic, partition=partition))
            batch = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)
    if batch.record_count():
        batch.close()
        sent.append(await producer.send_batch(batch, topic, partition=partition))
    return sent


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
    folds: defaultdict[int, Folding] = defaultdict(lambda: folding(told))
    while True:
        polled = await consumer.getmany(timeout_ms=1000, max_records=_RECORDS_A_POLL)
        sent = []
        for tp, records in polled.items():
            fold = folds[tp.partition]
            for record in records:
                fold.take(record.key, record.value)
            presences, entries = fold.flush()
            sent += await send(producer, told.presence, tp.partition, presences)
            sent += await send(producer, told.entries, tp.partition, entries)
        await asyncio.gather(*sent)
        if polled:
            await consumer.commit({tp: records[-1].offset + 1 for tp, records in polled.items()})


if __name__ == "__main__":
    uvloop.run(main(arguments()))
