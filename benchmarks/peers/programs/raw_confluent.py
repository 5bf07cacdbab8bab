"""confluent-kafka (librdkafka) and nothing else: polls of many records, state in memory.

Offsets are committed behind the outputs. There is no durable state: a restart would have to begin at the first record.
"""

import orjson
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from benchmarks.peers.programs.arguments import Arguments, arguments
from benchmarks.peers.programs.fold import State, entry, is_movement, presence, state_key, take

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
    states: dict[str, State] = {}
    while True:
        messages = consumer.consume(_RECORDS_A_POLL, timeout=0.1)
        for message in messages:
            _fold(told, producer, states, message)
        if messages:
            if producer.flush(_PATIENCE_SECONDS):
                raise TimeoutError
            consumer.commit(offsets=_ends(messages), asynchronous=False)


def _fold(told: Arguments, producer: Producer, states: dict[str, State], message: Message) -> None:
    if message.error():
        raise KafkaException(message.error())
    fact = orjson.loads(message.value())
    if not is_movement(fact):
        return
    key = state_key(fact)
    state = take(states.get(key), fact)
    if state is None:
        return
    states[key] = state
    if state["changed"]:
        value = orjson.dumps(presence(key, state))
        producer.produce(told.presence, value, key, partition=message.partition(), on_delivery=_delivered)
    if told.entries:
        value = orjson.dumps(entry(fact, state))
        producer.produce(told.entries, value, message.key(), partition=message.partition(), on_delivery=_delivered)


def _delivered(error: KafkaError | None, _: Message) -> None:
    if error is not None:
        raise KafkaException(error)


def _ends(messages: list[Message]) -> list[TopicPartition]:
    ends = {(message.topic(), message.partition()): message.offset() + 1 for message in messages}
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in ends.items()]


if __name__ == "__main__":
    run(arguments())
