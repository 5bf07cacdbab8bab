"""The facts of one event, read straight from Kafka's log: what the worker and the read model answer to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiokafka import TopicPartition
from aiokafka.partitioner import murmur2

from schemas.decode import KnownFact, UnreadableRecordError, decode
from schemas.presence import PresenceChanged, PresenceEarlier
from schemas.timeline import TimelineEntry
from schemas.topics import INPUTS, Topic
from services.attendance.application.translation import copy_key, digest
from services.chassis.dead_letters import Origin
from services.chassis.log_reading import Progress, read_batches
from services.chassis.settings import CommonSettings

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLog:
    """What stands in the log about one event: its facts in the order of each topic, repeated ones too.

    Of copies of a fact that differ, only the one that counts is there. `unfit` records could not be read, or are none
    that the worker takes: it has put them among the dead letters. `places` are those of the facts, each with its id,
    `seen` is how many records, of whatever event, stand in each partition.
    """

    facts: Sequence[KnownFact]
    unfit: int = 0
    places: Mapping[Origin, str] = field(default_factory=dict)
    seen: Mapping[TopicPartition, int] = field(default_factory=dict)
    latest: tuple[str, bytes] | None = None
    """The topic of the last fact that was read, and its record."""


async def read_event(
    settings: CommonSettings, event_id: str, *, progress: Progress = lambda _done, _total: None
) -> EventLog:
    """Read every fact of the event that stands in the log now.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the topics are not there.
    """
    key = event_id.encode()
    found: list[tuple[KnownFact, tuple[datetime, bytes]]] = []
    stands: dict[Origin, str] = {}
    latest: tuple[str, bytes] | None = None
    unfit = 0
    places = [place_of(topic, event_id, settings) for topic in INPUTS]
    seen = dict.fromkeys(places, 0)
    async for batch in read_batches(settings, places, client_id="passerelle-event-log", progress=progress):
        here = TopicPartition(batch.topic, batch.partition)
        for record in batch.records:
            seen[here] += 1
            if record.key == key:
                place = Origin(topic=batch.topic, partition=batch.partition, offset=record.offset)
                fact = _fact(record.value, event_id)
                if fact is None:
                    unfit += 1
                    log.warning("event_log.unfit", topic=place.topic, partition=place.partition, offset=place.offset)
                else:
                    found.append((fact, (fact.recordedtime, digest(record.value))))
                    stands[place], latest = fact.id, (batch.topic, record.value)
    return EventLog(facts=_that_count(found), unfit=unfit, places=stands, seen=seen, latest=latest)


def _that_count(found: Sequence[tuple[KnownFact, tuple[datetime, bytes]]]) -> list[KnownFact]:
    """Those of which no other copy goes before: the order of `services.attendance.domain.copies`."""
    first: dict[tuple[str, str], tuple[datetime, bytes]] = {}
    for fact, order in found:
        first[copy_key(fact)] = min(order, first.get(copy_key(fact), order))
    return [fact for fact, order in found if order == first[copy_key(fact)]]


def place_of(topic: Topic, event_id: str, settings: CommonSettings) -> TopicPartition:
    """The one partition of a topic that holds all of an event: where Kafka's default partitioner puts its key."""
    number = (murmur2(event_id.encode()) & 0x7FFFFFFF) % settings.partitions
    return TopicPartition(topic.name, number)


def _fact(value: bytes | None, event_id: str) -> KnownFact | None:
    try:
        fact = decode(value or b"")
    except UnreadableRecordError:
        return None
    if isinstance(fact, PresenceChanged | PresenceEarlier | TimelineEntry) or fact.data.event_id != event_id:
        return None
    return fact
