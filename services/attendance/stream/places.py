"""Where an event stands in the log."""

from aiokafka import TopicPartition
from aiokafka.partitioner import murmur2

from schemas.topics import Topic
from services.chassis.settings import CommonSettings


def place_of(topic: Topic, event_id: str, settings: CommonSettings) -> TopicPartition:
    """The one partition of a topic that holds all of an event: where Kafka's default partitioner puts its key."""
    number = (murmur2(event_id.encode()) & 0x7FFFFFFF) % settings.partitions
    return TopicPartition(topic.name, number)
