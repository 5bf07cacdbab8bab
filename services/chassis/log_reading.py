"""Read partitions from their beginning to where they end now, for commands that look at the log itself.

Whole fetches are read, not a record at a time as a consumer gives them: for a log that is a tenth of the work.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    CorruptRecordException,
    KafkaConnectionError,
    KafkaError,
    NoError,
    OffsetOutOfRangeError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.memory_records import MemoryRecords

from services.chassis.errors import OperatorError
from services.chassis.kafka import LARGEST_RECORD
from services.chassis.settings import CommonSettings
from services.chassis.topics import KafkaAwayError

_FETCH_BYTES: Final = 16 * 1024 * 1024
_PARTITION_BYTES: Final = 2 * LARGEST_RECORD
_REQUEST_TIMEOUT_MS: Final = 15_000
_PATIENCE_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 0.2
_EARLIEST: Final = -2
_LATEST: Final = -1

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


class MissingPartitionError(OperatorError):
    """The cluster has no such partition."""

    def __init__(self, place: TopicPartition, *, servers: str) -> None:
        """Say it in one line that names the settings."""
        super().__init__(
            f"there is no partition {place.partition} of topic {place.topic} at {servers} "
            "(PASSERELLE_KAFKA, PASSERELLE_PARTITIONS)"
        )
        self.topic = place.topic
        self.partition = place.partition


class LogCutError(OperatorError):
    """Old records were deleted while they were being read."""

    def __init__(self) -> None:
        """Say what helps."""
        super().__init__("Kafka deleted old records of the log while it was read: try again")


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
) -> AsyncIterator[Batch]:
    """Give every record that stands in the partitions at this moment, in the order of each, a batch at a time.

    The next fetch is under way while a batch is looked at.

    Raises:
        KafkaAwayError: if no Kafka answers, or if it goes away in the middle and does not come back.
        MissingPartitionError: if the cluster has no such partition.
        LogCutError: if records are deleted before they are read.
    """
    log = _Log(settings, client_id)
    try:
        await log.open(partitions)
        begins, ends = await log.offsets(partitions, _EARLIEST), await log.offsets(partitions, _LATEST)
        reading = _Reading(begins, ends)
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


async def end_offsets(
    settings: CommonSettings, partitions: Sequence[TopicPartition], *, client_id: str
) -> dict[TopicPartition, int]:
    """The offset that the next record of each partition will have.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the cluster has no such partition.
    """
    log = _Log(settings, client_id)
    try:
        await log.open(partitions)
        return await log.offsets(partitions, _LATEST)
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

    def take(self, fetched: Mapping[TopicPartition, bytes]) -> list[Batch]:
        """The batches of a fetch; the partitions are read on behind them."""
        batches = []
        for place, content in fetched.items():
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


class _Log:
    """The requests, each to the brokers that lead its partitions; tried again while leaders change."""

    def __init__(self, settings: CommonSettings, client_id: str) -> None:
        self._servers = settings.kafka
        self._client = AIOKafkaClient(
            bootstrap_servers=settings.kafka, client_id=client_id, request_timeout_ms=_REQUEST_TIMEOUT_MS
        )

    async def open(self, partitions: Iterable[TopicPartition]) -> None:
        """Connect, and learn who leads what."""
        try:
            await self._client.bootstrap()
        except KafkaConnectionError:
            raise KafkaAwayError(servers=self._servers, within_seconds=0) from None
        await self._client.set_topics({place.topic for place in partitions})

    async def close(self) -> None:
        """Disconnect."""
        await self._client.close()

    async def offsets(self, partitions: Sequence[TopicPartition], which: int) -> dict[TopicPartition, int]:
        """The first (`_EARLIEST`) or the next (`_LATEST`) offset of each partition."""
        found: dict[TopicPartition, int] = {}

        async def ask(node: int, places: Sequence[TopicPartition]) -> None:
            named = [(topic, [(number, which) for number in numbers]) for topic, numbers in _by_topic(places)]
            answer = await self._client.send(node, OffsetRequest(-1, 0, named))
            for topic, parts in answer.topics:
                for number, code, *_, offset in parts:
                    _raise_for(code)
                    found[TopicPartition(topic, number)] = offset

        await self._patiently(partitions, ask)
        return found

    async def fetch(self, wanted: Mapping[TopicPartition, int]) -> dict[TopicPartition, bytes]:
        """What comes next in each partition: whole batches, of all of them or of some."""
        fetched: dict[TopicPartition, bytes] = {}

        async def ask(node: int, places: Sequence[TopicPartition]) -> None:
            named = [
                (topic, [(number, wanted[TopicPartition(topic, number)], _PARTITION_BYTES) for number in numbers])
                for topic, numbers in _by_topic(places)
            ]
            answer = await self._client.send(node, FetchRequest(500, 1, _FETCH_BYTES, 0, named))
            for topic, parts in answer.topics:
                for number, code, *_, content in parts:
                    _raise_for(code)
                    if content:
                        fetched[TopicPartition(topic, number)] = content

        await self._patiently(list(wanted), ask)
        return fetched

    async def _patiently(self, partitions: Sequence[TopicPartition], ask: "_Ask") -> None:
        deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
        while True:
            try:
                await asyncio.gather(*(ask(node, places) for node, places in self._by_leader(partitions)))
            except OffsetOutOfRangeError:
                raise LogCutError from None
            except (KafkaError, OSError) as error:
                if asyncio.get_running_loop().time() >= deadline:
                    raise KafkaAwayError(servers=self._servers, within_seconds=_PATIENCE_SECONDS) from error
                await asyncio.sleep(_PAUSE_SECONDS)
                await self._client.force_metadata_update()
            else:
                return

    def _by_leader(self, partitions: Sequence[TopicPartition]) -> Iterable[tuple[int, list[TopicPartition]]]:
        led: dict[int, list[TopicPartition]] = {}
        for place in partitions:
            if place.partition not in (self._client.cluster.partitions_for_topic(place.topic) or ()):
                raise MissingPartitionError(place, servers=self._servers)
            leader = self._client.cluster.leader_for_partition(place)
            if leader is None or leader < 0:
                raise UnknownTopicOrPartitionError
            led.setdefault(leader, []).append(place)
        return led.items()


_Ask = Callable[[int, Sequence[TopicPartition]], Any]


def _by_topic(partitions: Iterable[TopicPartition]) -> Iterable[tuple[str, list[int]]]:
    numbers: dict[str, list[int]] = {}
    for place in partitions:
        numbers.setdefault(place.topic, []).append(place.partition)
    return numbers.items()


def _raise_for(code: int) -> None:
    error = for_code(code)
    if error is not NoError:
        raise error
