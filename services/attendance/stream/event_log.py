"""The facts of one event, read straight from Kafka's log: what the worker and the read model answer to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiokafka import TopicPartition

from schemas.decode import KnownFact, UnreadableRecordError, decode
from schemas.presence import PresenceChanged, PresenceEarlier
from schemas.timeline import TimelineEntry
from services.attendance.application.translation import copy_key, digest
from services.attendance.stream.fact_sources import FactSource
from services.chassis.dead_letters import Origin
from services.chassis.log_reading import Progress

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLog:
    """What stands in the log about one event: its facts in the order of each topic, repeated ones too.

    Of copies of a fact that differ, only the one that counts is there. `unfit` records could not be read, or are none
    that the worker takes: it has put them among the dead letters. `places` are those of the facts, each with its id,
    `seen` is how many offsets of each partition are accounted for, by records of whatever event.
    """

    facts: Sequence[KnownFact]
    unfit: int = 0
    places: Mapping[Origin, str] = field(default_factory=dict)
    seen: Mapping[TopicPartition, int] = field(default_factory=dict)
    latest: tuple[str, bytes] | None = None
    """The topic of the last fact that was read, and its record."""


async def read_event(source: FactSource, event_id: str, *, progress: Progress = lambda _done, _total: None) -> EventLog:
    """Read every fact of the event that the source has now.

    Raises what reading the source does.
    """
    key = event_id.encode()
    found: list[tuple[KnownFact, tuple[datetime, bytes]]] = []
    stands: dict[Origin, str] = {}
    latest: tuple[str, bytes] | None = None
    unfit = 0
    seen = Counter[TopicPartition]()
    async for batch in source.batches(progress):
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
    seen.update(source.vouched)
    return EventLog(facts=_that_count(found), unfit=unfit, places=stands, seen=seen, latest=latest)


def _that_count(found: Sequence[tuple[KnownFact, tuple[datetime, bytes]]]) -> list[KnownFact]:
    """Those of which no other copy goes before: the order of `services.attendance.domain.copies`."""
    first: dict[tuple[str, str], tuple[datetime, bytes]] = {}
    for fact, order in found:
        first[copy_key(fact)] = min(order, first.get(copy_key(fact), order))
    return [fact for fact, order in found if order == first[copy_key(fact)]]


def _fact(value: bytes | None, event_id: str) -> KnownFact | None:
    try:
        fact = decode(value or b"")
    except UnreadableRecordError:
        return None
    if isinstance(fact, PresenceChanged | PresenceEarlier | TimelineEntry) or fact.data.event_id != event_id:
        return None
    return fact
