"""Opening a partition: after its state is recovered, see whether it is the state that the log leads to.

What disagrees is rebuilt: the facts are folded again from the first, as if nothing were kept, and what they do not lead
to again is removed. Nobody has to ask for it; the log of the worker says that it happened, and why.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from faust.types import TP

from schemas import topics
from services.attendance.application.partition_fold import PartitionFold
from services.attendance.stream.batches import Record
from services.attendance.stream.checkpoints import (
    DOUBT,
    KEY,
    PREVIOUS,
    Checkpoint,
    digest_of,
    read_checkpoint,
    record_id,
)
from services.attendance.stream.outlets import Outlet
from services.attendance.stream.partitions import Kept, Partition, Rebuild, Stores
from services.attendance.stream.told_ends import ToldEnds

_POLL_MS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A partition as it is found: where its topics end, what is committed of it, what its stores say."""

    number: int
    ends: Mapping[str, int]
    committed: Mapping[str, int]
    checkpoint: Checkpoint | None
    digest: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An open partition; `disagreement` is why it will be rebuilt, if it will; `fresh` if it has no checkpoint yet."""

    partition: Partition
    disagreement: str | None
    fresh: bool


class Opening:
    """Opens the partitions that a worker is given."""

    def __init__(
        self, *, stores: Stores, producer: AIOKafkaProducer, new_consumer: Callable[[], AIOKafkaConsumer]
    ) -> None:
        """`new_consumer` gives one without a group; each opening that has to read a topic has its own."""
        self._stores = stores
        self._producer = producer
        self._new_consumer = new_consumer

    async def open(self, numbers: Iterable[int], *, committed: Mapping[TP, int]) -> list[Opened]:
        """Open partitions whose state is recovered, in order."""
        consumer = self._new_consumer()
        await consumer.start()
        try:
            return [await self._open(consumer, number, committed) for number in sorted(numbers)]
        finally:
            await consumer.stop()

    async def _open(self, consumer: AIOKafkaConsumer, number: int, committed: Mapping[TP, int]) -> Opened:
        found = await self._find(consumer, number, committed)
        reason = await self._disagreement(consumer, found)
        kept = Kept(self._stores, number)
        rebuild = None if reason is None else await self._rebuild(consumer, found, kept)
        partition = Partition(
            number=number,
            kept=kept,
            fold=PartitionFold(kept),
            presence=self._outlet(topics.PRESENCE, found),
            context=self._outlet(topics.ATTENDANCE_CONTEXT, found),
            timeline=Outlet(self._producer, topics.TIMELINE.name, number),
            digest=0 if rebuild else found.digest,
            offsets=_folded(found, rebuild),
            presence_end=found.ends[topics.PRESENCE.name],
            rebuild=rebuild,
        )
        return Opened(partition=partition, disagreement=reason, fresh=found.checkpoint is None)

    def _outlet(self, topic: topics.Topic, found: _Found) -> Outlet:
        return Outlet(self._producer, topic.name, found.number, end=found.ends[topic.name])

    async def _find(self, consumer: AIOKafkaConsumer, number: int, committed: Mapping[TP, int]) -> _Found:
        names = [topic.name for topic in (*topics.INPUTS, topics.PRESENCE, topics.ATTENDANCE_CONTEXT)]
        ends = await consumer.end_offsets([TopicPartition(name, number) for name in names])
        digest = records = 0
        for _, record in self._stores.presence.all(number):
            digest ^= digest_of((record_id(record),))
            records += 1
        return _Found(
            number=number,
            ends={part.topic: end for part, end in ends.items()},
            committed={tp.topic: offset for tp, offset in committed.items() if tp.partition == number},
            checkpoint=self._checkpoint(number),
            digest=digest,
            records=records + any(key != KEY for key, _ in self._stores.context.all(number)),
        )

    def _checkpoint(self, number: int) -> Checkpoint | None:
        record = self._stores.context.read(number, KEY)
        try:
            return None if record is None else read_checkpoint(record)
        except (ValueError, LookupError, TypeError):
            return DOUBT  # Whatever stands there, it is no reason to trust the state.

    async def _disagreement(self, consumer: AIOKafkaConsumer, found: _Found) -> str | None:
        """Why the state cannot be trusted; None if it can."""
        checkpoint, number = found.checkpoint, found.number
        if (
            self._stores.presence.end(number) > found.ends[topics.PRESENCE.name]
            or self._stores.context.end(number) > found.ends[topics.ATTENDANCE_CONTEXT.name]
        ):
            return "store_ahead_of_topic"
        if checkpoint is None:
            return "checkpoint_missing" if found.records or any(found.committed.values()) else None
        reason = _contradiction(checkpoint, found)
        if reason is None and await self._digest_at(consumer, found, checkpoint.presence_end) != checkpoint.digest:
            return "digest_differs"
        return reason

    async def _digest_at(self, consumer: AIOKafkaConsumer, found: _Found, end: int) -> int:
        """The digest of all presence records when their topic ended there."""
        before: dict[bytes, bytes | None] = {}
        if end == found.ends[topics.PRESENCE.name]:
            return found.digest  # as after a clean stop: nothing is asked of Kafka, which would wait for a record
        async for record in _records(consumer, topics.PRESENCE, found.number, start=end):
            if record.key is not None:
                before.setdefault(record.key, dict(record.headers).get(PREVIOUS))
        digest = found.digest
        for key, previous in before.items():
            now = self._stores.presence.read(found.number, key)
            digest ^= digest_of(id_ for id_ in (previous, now and record_id(now)) if id_ is not None)
        return digest

    async def _rebuild(self, consumer: AIOKafkaConsumer, found: _Found, kept: Kept) -> Rebuild:
        stale: list[set[bytes]] = []
        for store, topic in (
            (self._stores.presence, topics.PRESENCE),
            (self._stores.context, topics.ATTENDANCE_CONTEXT),
        ):
            keys = {key for key, _ in store.all(found.number)}
            async for record in _records(consumer, topic, found.number, start=0):
                if record.key is not None:
                    (keys.discard if record.value is None else keys.add)(record.key)
            keys.discard(KEY)
            kept.hidden |= keys
            stale.append(keys)
        told_ends = ToldEnds()
        async for record in _records(consumer, topics.TIMELINE, found.number, start=0):
            told_ends.tell(record.value or b"")
        inputs = [TopicPartition(topic.name, found.number) for topic in topics.INPUTS]
        return Rebuild(
            starts={part.topic: start for part, start in (await consumer.beginning_offsets(inputs)).items() if start},
            targets={topic.name: found.ends[topic.name] for topic in topics.INPUTS},
            stale_presences=stale[0],
            stale_contexts=stale[1],
            told_ends=told_ends,
        )


def _folded(found: _Found, rebuild: Rebuild | None) -> dict[str, int]:
    """Up to where the facts are folded, by topic."""
    if rebuild is not None:
        return dict(rebuild.starts)
    return {} if found.checkpoint is None else dict(found.checkpoint.offsets)


def _contradiction(checkpoint: Checkpoint, found: _Found) -> str | None:
    """What a checkpoint says that is not so, its digest aside."""
    if checkpoint.rebuilding:
        return "rebuild_unfinished"
    if checkpoint.presence_end > found.ends[topics.PRESENCE.name]:
        return "records_lost"
    for topic in topics.INPUTS:
        folded, committed = checkpoint.offsets.get(topic.name, 0), found.committed.get(topic.name)
        if folded and committed is None:
            # The topic was made anew, or Kafka has forgotten the group: from here they are alike.
            return "commit_missing"
        if folded < (committed or 0):
            return "checkpoint_behind_commit"
        if folded > found.ends[topic.name]:
            return "facts_lost"
    return None


async def _records(
    consumer: AIOKafkaConsumer, topic: topics.Topic, number: int, *, start: int
) -> AsyncIterator[Record]:
    """The records of a partition from an offset to its end as it is now."""
    part = TopicPartition(topic.name, number)
    consumer.assign([part])
    end = (await consumer.end_offsets([part]))[part]
    first = (await consumer.beginning_offsets([part]))[part]
    consumer.seek(part, max(start, first))
    while await consumer.position(part) < end:
        for record in (await consumer.getmany(part, timeout_ms=_POLL_MS)).get(part, []):
            yield record
