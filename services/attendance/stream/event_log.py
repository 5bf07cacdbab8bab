"""The facts of one event, read straight from Kafka's log: what the worker and the read model answer to."""

import structlog
from aiokafka import TopicPartition
from aiokafka.partitioner import murmur2

from schemas.decode import KnownFact, UnreadableRecordError, decode
from schemas.topics import INPUTS
from services.chassis.log_reading import read_to_end
from services.chassis.settings import CommonSettings

log = structlog.stdlib.get_logger(__name__)


async def read_event(settings: CommonSettings, event_id: str) -> list[KnownFact]:
    """Every readable fact of the event that stands in the log now, in the order of each topic; repeated ones too.

    Raises:
        KafkaAwayError: if no Kafka answers.
    """
    key = event_id.encode()
    # Where Kafka's default partitioner puts the key, as all writers do: one partition of each topic is enough.
    number = (murmur2(key) & 0x7FFFFFFF) % settings.partitions
    partitions = [TopicPartition(topic.name, number) for topic in INPUTS]
    facts: list[KnownFact] = []
    async for record in read_to_end(settings, partitions, client_id="passerelle-event-log"):
        if record.key == key and record.value is not None:
            try:
                facts.append(decode(record.value))
            except UnreadableRecordError as error:
                log.warning("event_log.unreadable", offset=record.offset, reason=error.reason)
    return facts
