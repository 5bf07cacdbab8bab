"""Read partitions from their beginning to where they end now, for commands that look at the log itself.

Whole fetches are read, not a record at a time as a consumer gives them: for a log that is a tenth of the work.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords

from services.chassis.log_requests import EARLIEST, LATEST, Fetched, Log
from services.chassis.settings import CommonSettings

Progress = Callable[[int, int], None]
"""Is told how many of how many records have been passed."""


class Record(NamedTuple):
    """One record, and where it stands."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Batch(NamedTuple):
    """Consecutive records of one partition; each has `offset`, `timestamp`, `key`, `value` and `headers`."""

    topic: str
    partition: int
    records: Iterable[Any]


async def read_to_end(
    settings: CommonSettings, partitions: Sequence[TopicPartition], *, client_id: str
) -> AsyncIterator[Record]:
    """Give every record that stands in the partitions at this moment, in the order of each.

    Raises what `read_batches` does.
    """
    async for topic, partition, records in read_batches(settings, partitions, client_id=client_id):
        for record in records:
            yield Record(
                topic=topic,
                partition=partition,
                offset=record.offset,
                timestamp=record.timestamp,
                key=record.key,
                value=record.value,
                headers=record.headers,
            )


async def read_batches(
    settings: CommonSettings,
    partitions: Sequence[TopicPartition],
    *,
    client_id: str,
    progress: Progress = lambda _done, _total: None,
    begins: Mapping[TopicPartition, int] = MappingProxyType({}),
    ends: Mapping[TopicPartition, int] = MappingProxyType({}),
) -> AsyncIterator[Batch]:
    """Give every record that stands in the partitions at this moment, in the order of each, a batch at a time.

    Where `begins` and `ends` name an offset of a partition, what stands before it, or from it on, is left out.

    The next fetch is under way while a batch is looked at.

    Raises:
        KafkaAwayError: if no Kafka answers, or if it goes away in the middle and does not come back.
        MissingPartitionError: if the cluster has no such partition.
        LogCutError: if records are deleted before they are read.
    """
    log = Log(settings, client_id)
    try:
        await log.open(partitions)
        first, last = await log.offsets(partitions, EARLIEST), await log.offsets(partitions, LATEST)
        until = {place: min(end, ends.get(place, end)) for place, end in last.items()}
        reading = _Reading(
            {place: min(max(begin, begins.get(place, 0)), until[place]) for place, begin in first.items()}, until
        )
        fetching = asyncio.ensure_future(log.fetch(reading.wanted()))
        try:
            while reading.wanted():
                batches = reading.take(await fetching)
                fetching = asyncio.ensure_future(log.fetch(reading.wanted()))
                for batch in batches:
                    yield batch
                progress(reading.done, reading.total)
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)
    finally:
        await log.close()


async def bounds(
    settings: CommonSettings, partitions: Sequence[TopicPartition], *, client_id: str
) -> dict[TopicPartition, tuple[int, int]]:
    """The first offset at which a record may stand in each partition, and the one that the next record will have.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the cluster has no such partition.
    """
    log = Log(settings, client_id)
    try:
        await log.open(partitions)
        first, last = await log.offsets(partitions, EARLIEST), await log.offsets(partitions, LATEST)
        return {place: (first[place], last[place]) for place in partitions}
    finally:
        await log.close()


async def offsets_at(
    settings: CommonSettings, partitions: Sequence[TopicPartition], milliseconds: int, *, client_id: str
) -> dict[TopicPartition, int]:
    """The first offset of each partition that was written at an instant (since the epoch) or after it; -1 if none was.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the cluster has no such partition.
    """
    log = Log(settings, client_id)
    try:
        await log.open(partitions)
        return await log.offsets(partitions, milliseconds)
    finally:
        await log.close()


async def end_offsets(
    settings: CommonSettings, partitions: Sequence[TopicPartition], *, client_id: str
) -> dict[TopicPartition, int]:
    """The offset that the next record of each partition will have.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the cluster has no such partition.
    """
    log = Log(settings, client_id)
    try:
        await log.open(partitions)
        return await log.offsets(partitions, LATEST)
    finally:
        await log.close()


async def with_records(
    settings: CommonSettings, begins: Mapping[TopicPartition, int], *, client_id: str
) -> set[TopicPartition]:
    """Those of the partitions in which a record stands at or behind an offset.

    The end of a partition does not tell that: what stood before it may have been compacted away.

    Raises what `read_batches` does.
    """
    log, places = Log(settings, client_id), list(begins)
    try:
        await log.open(places)
        first = await log.offsets(places, EARLIEST)
        starts = {place: max(first[place], begin) for place, begin in begins.items()}
        reading = _Reading(starts, await log.offsets(places, LATEST))
        found: set[TopicPartition] = set()
        while wanted := {place: offset for place, offset in reading.wanted().items() if place not in found}:
            batches = reading.take(await log.fetch(wanted))
            found |= {TopicPartition(topic, number) for topic, number, records in batches if any(True for _ in records)}
        return found
    finally:
        await log.close()


class _Reading:
    """How far each partition has been read."""

    def __init__(self, begins: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> None:
        self._next = dict(begins)
        self._ends = ends
        self.total: int = sum(ends[place] - begins[place] for place in ends)

    @property
    def done(self) -> int:
        """How many offsets have been passed."""
        left: int = sum(max(0, end - self._next[place]) for place, end in self._ends.items())
        return self.total - left

    def wanted(self) -> dict[TopicPartition, int]:
        """Where to read on, for the partitions that are not at their end."""
        return {place: offset for place, offset in self._next.items() if offset < self._ends[place]}

    def take(self, fetched: Fetched) -> list[Batch]:
        """The batches of a fetch; the partitions are read on behind them."""
        batches = []
        for place, end in fetched.nothing_before.items():
            # The last records of a compacted partition may be gone.
            if end >= self._ends[place]:
                self._next[place] = self._ends[place]
        for place, content in fetched.content.items():
            memory = MemoryRecords(content)
            while memory.has_next():
                batch = memory.next_batch()
                if not batch.validate_crc():
                    raise CorruptRecordException
                begin, self._next[place] = self._next[place], batch.next_offset
                if not batch.is_control_batch:
                    records = _within(batch, begin, self._ends[place])
                    batches.append(Batch(topic=place.topic, partition=place.partition, records=records))
        return batches


def _within(batch: Any, begin: int, end: int) -> Iterable[Any]:  # noqa: ANN401  (aiokafka has no types)
    """The records of a batch that stand from `begin` to before `end`: a fetch may begin inside a batch."""
    if batch.base_offset >= begin and batch.next_offset <= end:
        return batch  # type: ignore[no-any-return]
    return _cut(batch, begin, end)


def _cut(batch: Any, begin: int, end: int) -> Iterator[Any]:  # noqa: ANN401
    return (record for record in batch if begin <= record.offset < end)
