"""From Kafka to the read model: `passerelle-timeline` and `passerelle-presence`, in batches, each once.

The consumer has no group: it reads every partition from the offsets that stand in the read model's own database, which
move in the transaction that writes the rows. A crash anywhere is then a batch that never was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Protocol

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from schemas import topics
from schemas.decode import UnreadableRecordError, decode
from schemas.presence import PresenceChanged
from schemas.registration import EventData
from schemas.timeline import TimelineEntry
from services.attendance.adapters.projection import Batch, OffsetsMovedError, Partition, SqlProjection, tells_of_event
from services.chassis.clock import Clock
from services.chassis.dead_letters import Origin, from_record
from services.chassis.outbox import OutboxRecord

log = structlog.get_logger(__name__)

_READS: Final = (topics.TIMELINE.name, topics.PRESENCE.name)
_POLL_MS: Final = 1000
_MOST_RECORDS: Final = 2000
_RETRY_SECONDS: Final = 1.0


class Record(Protocol):
    """What the projector looks at in a record of Kafka."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Projector:
    """Reads from where SQL says, stores, then tells `notify` which events have news.

    While the database is away it keeps its batch and tries again; what cannot be read becomes a dead letter in the same
    transaction. Nothing is skipped.
    """

    def __init__(
        self,
        *,
        consumer: AIOKafkaConsumer,
        projection: SqlProjection,
        partitions: int,
        notify: Callable[[frozenset[str]], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`consumer` is started, has no group and does not commit."""
        self._consumer = consumer
        self._projection = projection
        self._partitions = [TopicPartition(topic, number) for topic in _READS for number in range(partitions)]
        self._notify = notify
        self._clock = clock
        self._next: dict[Partition, int] = {}

    async def run(self) -> None:
        """Project until cancelled."""
        self._consumer.assign(self._partitions)
        await self._persist(self._seek)
        while True:
            polled = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
            records = [record for part in polled.values() for record in part]
            if records:
                batch = self._read(records)
                await self._persist(partial(self._store, batch))
                await self._notify(batch.event_ids)

    async def lag(self) -> int:
        """How many records stand between the read model and the end of the topics."""
        ends = await self._consumer.end_offsets(self._partitions)
        begins = await self._consumer.beginning_offsets(self._partitions)
        return sum(
            max(0, end - self._next.get((part.topic, part.partition), begins[part])) for part, end in ends.items()
        )

    async def _store(self, batch: Batch) -> None:
        try:
            await self._projection.apply(batch)
        except OffsetsMovedError:
            log.info("projection.shared")
            await self._seek()
        else:
            self._next |= batch.ends

    async def _seek(self) -> None:
        self._next = dict(await self._projection.start())
        for part in self._partitions:
            offset = self._next.get((part.topic, part.partition), 0)
            self._consumer.seek(part, offset)

    async def _persist(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await step()
            except OperationalError as error:
                log.warning("projection.database_away", error=type(error.orig).__name__)
                await asyncio.sleep(_RETRY_SECONDS)

    def _read(self, records: Sequence[Record]) -> Batch:
        batch = Batch()
        for record in records:
            place = (record.topic, record.partition)
            batch.begins.setdefault(place, self._next.get(place, 0))
            batch.ends[place] = record.offset + 1
            try:
                read_record(batch, record)
            except UnreadableRecordError as error:
                log.warning(
                    "projection.unreadable", topic=record.topic, partition=record.partition, offset=record.offset
                )
                batch.dead.append(self._dead_letter(record, error.reason))
        return batch

    def _dead_letter(self, record: Record, reason: str) -> OutboxRecord:
        origin = Origin(topic=record.topic, partition=record.partition, offset=record.offset)
        return from_record(
            service="attendance",
            reason=reason,
            now=self._clock(),
            origin=origin,
            key=record.key,
            value=record.value,
            headers=record.headers,
        )


def read_record(batch: Batch, record: Record) -> None:
    """Add what one record asks for to a batch.

    Raises:
        UnreadableRecordError: if its value or its key is none that these topics can have.
    """
    if record.topic == topics.PRESENCE.name:
        key = _presence_key(record.key)
        if record.value is None:
            batch.presence[key] = None
            return
        fact = decode(record.value)
        if not isinstance(fact, PresenceChanged):
            raise UnreadableRecordError("type: a presence was expected here")
        batch.presence[fact.data.event_id, fact.subject] = fact
        return
    if record.value is None:
        return
    entry = decode(record.value)
    if not isinstance(entry, TimelineEntry):
        raise UnreadableRecordError("type: a timeline entry was expected here")
    if tells_of_event(entry):
        try:
            batch.events.append((entry, EventData.model_validate(entry.data.fact.get("data"))))
        except ValidationError:
            raise UnreadableRecordError("data.fact.data: not the data of an event") from None
    batch.entries[entry.data.event_id, entry.id] = entry


def _presence_key(key: bytes | None) -> tuple[str, str]:
    event_id, slash, subject = (key or b"").decode(errors="replace").partition("/")
    if not (event_id and slash and subject):
        raise UnreadableRecordError("key: event_id/subject was expected")
    return event_id, subject
