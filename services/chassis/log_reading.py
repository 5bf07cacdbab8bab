"""Read partitions from their beginning to where they end now, for commands that look at the log itself."""

from collections.abc import AsyncIterator, Sequence
from typing import TypeAlias

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaConnectionError

from services.chassis.kafka import new_consumer
from services.chassis.settings import CommonSettings
from services.chassis.topics import KafkaAwayError

Record: TypeAlias = ConsumerRecord[bytes | None, bytes | None]


async def read_to_end(
    settings: CommonSettings, partitions: Sequence[TopicPartition], *, client_id: str
) -> AsyncIterator[Record]:
    """Give every record that stands in the partitions at this moment, in the order of each.

    Raises:
        KafkaAwayError: if no Kafka answers.
    """
    consumer = new_consumer(settings, client_id=client_id)
    try:
        try:
            await consumer.start()
        except KafkaConnectionError:
            raise KafkaAwayError(servers=settings.kafka, within_seconds=0) from None
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        while behind := [place for place in partitions if await consumer.position(place) < ends[place]]:
            for records in (await consumer.getmany(*behind, timeout_ms=1000)).values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()
