"""confluent-kafka (librdkafka) and nothing else: polls of many records, state in memory.

Offsets are committed behind the outputs. There is no durable state: a restart would have to begin at the first record.
"""

from collections import defaultdict

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from benchmarks.peers.programs.arguments import Arguments, arguments
from benchmarks.peers.programs.folding import Folding, folding

_RECORDS_A_POLL = 8000
_PATIENCE_SECONDS = 60.0


def run(told: Arguments) -> None:
    """Run until stopped."""
    consumer = Consumer(
        {
            "bootstrap.servers": told.servers,
            "group.id": told.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe(list(told.inputs))
    producer = Producer(
        {"bootstrap.servers": told.servers, "enable.idempotence": True, "queue.buffering.max.messages": 1_000_000}
    )
    folds: defaultdict[int, Folding] = defaultdict(lambda: folding(told))
    while True:
        messages = consumer.consume(_RECORDS_A_POLL, timeout=0.1)
        partitions = set()
        for message in messages:
            if message.error():
                raise KafkaException(message.error())
            partitions.add(message.partition())
            folds[message.partition()].take(message.key(), message.value())
        for partition in partitions:
            for topic, records in zip((told.presence, told.entries), folds[partition].flush(), strict=True):
                for key, value in records:
                    producer.produce(topic, value, key, partition=partition, on_delivery=_delivered)
        if messages:
            if producer.flush(_PATIENCE_SECONDS):
                raise TimeoutError
            consumer.commit(offsets=_ends(messages), asynchronous=False)


def _delivered(error: KafkaError | None, _: Message) -> None:
    if error is not None:
        raise KafkaException(error)


def _ends(messages: list[Message]) -> list[TopicPartition]:
    ends = {(message.topic(), message.partition()): message.offset() + 1 for message in messages}
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in ends.items()]


if __name__ == "__main__":
    run(arguments())
