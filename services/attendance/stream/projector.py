"""From Kafka to the read model: `passerelle-timeline` and `passerelle-presence`, in batches, each once.

The consumer has no group: it reads every partition from the offsets that stand in the read model's own database, which
move in the transaction that writes the rows. A crash anywhere is then a batch that never was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Never

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError

from schemas import topics
from schemas.decode import UnreadableRecordError
from services.attendance.adapters.projection import Batch, OffsetsMovedError, Partition, SqlProjection, Stored
from services.attendance.stream.own_topics import read_record
from services.chassis.clock import Clock
from services.chassis.database import is_away
from services.chassis.dead_letters import from_consumed

log = structlog.stdlib.get_logger(__name__)

_READS: Final = (topics.TIMELINE.name, topics.PRESENCE.name)
_POLL_MS: Final = 1000
_MOST_RECORDS: Final = 1000
_FOLLOWING_MS: Final = 20
_PAUSE_SECONDS: Final = 1.0


class BehindError(Exception):
    """The read model has not come to where the topics ended when the projector started."""

    def __init__(self) -> None:
        """Say so to whoever asks whether the service is ready."""
        super().__init__("the read model is catching up with Kafka")


class InterruptedProjectionError(Exception):
    """The projector waits for what it needs, and goes on from where it stood."""

    def __init__(self, reason: str) -> None:
        """Say why to whoever asks whether the service is ready."""
        super().__init__(f"the read model waits: {reason}")
        self.reason = reason


class Projector:
    """Reads from where SQL says, stores, then tells `notify` which events have news, and what is new.

    While Kafka or the database is away, or the disk full, it tries again from where SQL says. What cannot be read
    becomes a dead letter in the same transaction. Nothing is skipped, and nothing stops a partition.
    """

    def __init__(
        self,
        *,
        new_consumer: Callable[[], AIOKafkaConsumer],
        projection: SqlProjection,
        partitions: int,
        notify: Callable[[frozenset[str], Stored | None], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """`new_consumer` gives one without a group that commits nothing; it is called again after each failure."""
        self._new_consumer = new_consumer
        self._projection = projection
        self._parts = [TopicPartition(topic, number) for topic in _READS for number in range(partitions)]
        self._notify = notify
        self._clock = clock
        self._next: dict[Partition, int] = {}
        self._goals: dict[TopicPartition, int] | None = None
        self._trouble: str | None = None

    async def run(self) -> Never:
        """Project until cancelled."""
        while True:
            consumer = self._new_consumer()
            try:
                await consumer.start()
                consumer.assign(self._parts)
                await self._seek(consumer)
                if self._goals is None:
                    self._goals = await consumer.end_offsets(self._parts)
                while True:
                    await self._project(consumer)
                    # Only now: a full disk can still be read, and a broker that answers may have nothing to give.
                    self._note_recovery()
            except Exception as error:
                if not isinstance(error, KafkaError | DBAPIError) and not is_away(error):
                    raise
                self._note_trouble(error)
                await asyncio.sleep(_PAUSE_SECONDS)
            finally:
                await consumer.stop()

    async def check(self) -> None:
        """For readiness.

        Raises:
            InterruptedProjectionError: while the read model cannot be written, or Kafka not be read.
            BehindError: until what was in Kafka when the projector started is in the read model.
        """
        if self._trouble is not None:
            raise InterruptedProjectionError(self._trouble)
        if self._goals is None or self._goals:
            raise BehindError

    async def _project(self, consumer: AIOKafkaConsumer) -> None:
        if records := await self._poll(consumer):
            batch = self._read(records)
            stored: Stored | None = None
            try:
                stored = await self._projection.apply(batch)
            except OffsetsMovedError:
                # Another process keeps the same read model: what it stored is news for the watchers of this one.
                await self._seek(consumer)
            else:
                self._next |= batch.ends
            await self._notify(batch.event_ids, stored)
        if self._goals:
            self._goals = {part: goal for part, goal in self._goals.items() if await consumer.position(part) < goal}

    async def _poll(self, consumer: AIOKafkaConsumer) -> list[ConsumerRecord]:
        """The records of one poll; presences wait a moment for the entries that follow them, to be stored with them."""
        polled = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
        records = [record for part in polled.values() for record in part]
        if records and all(part.topic == topics.PRESENCE.name for part in polled):
            following = await consumer.getmany(timeout_ms=_FOLLOWING_MS, max_records=_MOST_RECORDS)
            records += [record for part in following.values() for record in part]
        return records

    async def _seek(self, consumer: AIOKafkaConsumer) -> None:
        self._next = dict(await self._projection.start())
        for part in self._parts:
            consumer.seek(part, self._next.get((part.topic, part.partition), 0))

    def _note_trouble(self, error: Exception) -> None:
        """Log it once, and not at each try: it can last for hours, and readiness shows it all that time."""
        # The driver's own words name no value: "database or disk is full".
        reason = str(error.orig) if isinstance(error, DBAPIError) else type(error).__name__
        if reason != self._trouble:
            log.warning("projection.away", error=type(error).__name__, reason=reason)
        self._trouble = reason

    def _note_recovery(self) -> None:
        if self._trouble is not None:
            log.info("projection.back", after=self._trouble)
        self._trouble = None

    def _read(self, records: Sequence[ConsumerRecord]) -> Batch:
        batch = Batch()
        for record in records:
            place = (record.topic, record.partition)
            batch.begins.setdefault(place, self._next.get(place, 0))
            batch.ends[place] = record.offset + 1
            try:
                read_record(batch, record.topic, record.key, record.value)
            except UnreadableRecordError as error:
                log.warning(
                    "projection.unreadable", topic=record.topic, partition=record.partition, offset=record.offset
                )
                letter = from_consumed(record, service="attendance", reason=error.reason, now=self._clock())
                batch.dead.append(letter)
        return batch
