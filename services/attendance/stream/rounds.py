"""Rounds: all batches at hand are folded, their outputs delivered, and only then kept and acknowledged.

The order within a round is the promise:

1. fold every record, in memory, on top of what is kept;
2. deliver the new states (`passerelle-presence`, `passerelle-attendance-context`), and wait for Kafka;
3. deliver timeline entries and dead letters, and wait for Kafka;
4. write the states to RocksDB;
5. acknowledge the batches, so that their offsets may be committed.

A death after any step repeats the round: what is on the topics is recovered, the facts come again, and the engine tells
them in the same words. An entry is told only after the state that knows its words is safe.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeAlias

import structlog
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.structs import RecordMetadata

from schemas import topics
from schemas.decode import UnreadableRecordError, decode
from services.attendance.application.engine import Outcome, process
from services.attendance.application.translation import NotAnInputError
from services.attendance.stream.tables import PartitionedStore
from services.chassis.clock import Clock
from services.chassis.dead_letters import Origin, from_record
from services.chassis.kafka import LARGEST_RECORD, encode_headers, record_headers
from services.chassis.outbox import OutboxRecord

SERVICE: Final = "attendance"
_LARGEST_PRESENCE: Final = LARGEST_RECORD - 64 * 1024
_JSON: Final = [("content-type", b"application/json")]

Record: TypeAlias = ConsumerRecord[bytes | None, bytes | None]

log = structlog.stdlib.get_logger(__name__)


class UnfitRecordError(ValueError):
    """A record that can be read and does not fit; `reason` says what is wrong without quoting it."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


class Stores(Protocol):
    """Where the worker keeps what it knows."""

    @property
    def presence(self) -> PartitionedStore:
        """Presence records, by `event_id/subject`."""

    @property
    def context(self) -> PartitionedStore:
        """Records about whole events."""


@dataclass(slots=True, kw_only=True)
class PartitionRound:
    """What one round changes in one partition, on top of what is kept: the engine's `State`."""

    partition: int
    stores: Stores
    presences: dict[bytes, bytes | None] = field(default_factory=dict)
    contexts: dict[bytes, bytes | None] = field(default_factory=dict)
    entries: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    dead: list[OutboxRecord] = field(default_factory=list)

    def presence(self, event_id: str, subject: str) -> bytes | None:
        """The presence record of a participant or guest."""
        key = f"{event_id}/{subject}".encode()
        if key in self.presences:
            return self.presences[key]
        return self.stores.presence.read(self.partition, key)

    def subjects(self, event_id: str) -> Iterable[str]:
        """All who have a presence record at an event."""
        prefix = f"{event_id}/".encode()
        keys = set(self.stores.presence.keys_with(self.partition, prefix))
        for key, record in self.presences.items():
            if key.startswith(prefix):
                (keys.discard if record is None else keys.add)(key)
        return [key[len(prefix) :].decode() for key in sorted(keys)]

    def context(self, key: str) -> bytes | None:
        """A record about a whole event."""
        encoded = key.encode()
        if encoded in self.contexts:
            return self.contexts[encoded]
        return self.stores.context.read(self.partition, encoded)

    def fold(self, record: Record) -> None:
        """Take in one record.

        Raises:
            UnreadableRecordError, NotAnInputError, UnfitRecordError: if it never can be; nothing has changed then.
        """
        if record.value is None:
            raise UnfitRecordError("value: is missing")
        try:
            fact = decode(record.value)
            event_id = fact.data.event_id
            if record.key != event_id.encode():
                raise UnfitRecordError("key: is not data.event_id")
            outcome = process(self, fact)
        except (ArithmeticError, LookupError, TypeError) as error:
            # A fault of ours, met at this fact each time: it is kept for redriving after a fix, and the others go on.
            log.exception("attendance.fold_failed", topic=record.topic, offset=record.offset)
            raise UnfitRecordError(f"fold: {type(error).__name__}") from error
        if any(len(presence or b"") > _LARGEST_PRESENCE for presence in outcome.presences.values()):
            raise UnfitRecordError("subject: has more facts than one presence record can hold")
        self._take(event_id, outcome)

    def _take(self, event_id: str, outcome: Outcome) -> None:
        self.presences |= {f"{event_id}/{subject}".encode(): value for subject, value in outcome.presences.items()}
        self.contexts |= {key.encode(): value for key, value in outcome.contexts.items()}
        self.entries[f"{event_id}/{outcome.entry.id}"] = (event_id.encode(), outcome.entry.value)


class Rounds:
    """Works off records in rounds."""

    def __init__(self, *, producer: AIOKafkaProducer, stores: Stores, clock: Clock) -> None:
        """`producer` is started, idempotent and awaits all replicas."""
        self._producer = producer
        self._stores = stores
        self._clock = clock

    async def work_off(self, batches: Sequence[tuple[int, Sequence[Record]]]) -> None:
        """Fold batches of records, each with its partition, in order; returns when all is delivered and kept."""
        parts: dict[int, PartitionRound] = {}
        for partition, records in batches:
            part = parts.setdefault(partition, PartitionRound(partition=partition, stores=self._stores))
            for record in records:
                self._fold(part, record)
        await self._deliver(parts.values())

    def _fold(self, part: PartitionRound, record: Record) -> None:
        try:
            part.fold(record)
        except (UnreadableRecordError, UnfitRecordError, NotAnInputError) as error:
            reason = str(error)
            log.warning("attendance.dead_letter", topic=record.topic, offset=record.offset, reason=reason)
            origin = Origin(topic=record.topic, partition=record.partition, offset=record.offset)
            part.dead.append(
                from_record(
                    service=SERVICE,
                    reason=reason,
                    now=self._clock(),
                    origin=origin,
                    key=record.key,
                    value=record.value,
                    headers=record.headers,
                )
            )

    async def _deliver(self, parts: Collection[PartitionRound]) -> None:
        kept = []
        for part in parts:
            for store, topic, records, headers in (
                (self._stores.presence, topics.PRESENCE, part.presences, record_headers()),
                (self._stores.context, topics.ATTENDANCE_CONTEXT, part.contexts, _JSON),
            ):
                sent = [
                    await self._producer.send(topic.name, value, key=key, partition=part.partition, headers=headers)
                    for key, value in records.items()
                ]
                if sent:
                    kept.append((store, part.partition, records, asyncio.gather(*sent)))
        # Kafka gives no offset (-1) for a batch that it had already, when only its answer was lost.
        offsets = [max(place.offset for place in await sent) for _, _, _, sent in kept]
        await asyncio.gather(*[sent for part in parts for sent in await self._tell(part)])
        for (store, partition, records, _), offset in zip(kept, offsets, strict=True):
            store.keep(partition, records, offset=offset if offset >= 0 else None)

    async def _tell(self, part: PartitionRound) -> list[asyncio.Future[RecordMetadata]]:
        said = record_headers()
        entries = [
            await self._producer.send(topics.TIMELINE.name, value, key=key, partition=part.partition, headers=said)
            for key, value in part.entries.values()
        ]
        letters = [
            await self._producer.send(
                letter.topic, letter.value, key=letter.key, headers=encode_headers(letter.headers)
            )
            for letter in part.dead
        ]
        return entries + letters
