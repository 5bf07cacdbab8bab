"""The requests behind reading a log: each to the brokers that lead its partitions, tried again while leaders change."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    NoError,
    OffsetOutOfRangeError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest

from services.chassis.errors import OperatorError
from services.chassis.kafka import LARGEST_RECORD
from services.chassis.settings import CommonSettings
from services.chassis.topics import KafkaAwayError, check_cluster

EARLIEST: Final = -2
LATEST: Final = -1
_FETCH_BYTES: Final = 16 * 1024 * 1024
_PARTITION_BYTES: Final = 2 * LARGEST_RECORD
_REQUEST_TIMEOUT_MS: Final = 15_000
_PATIENCE_SECONDS: Final = 30.0
_PAUSE_SECONDS: Final = 0.2


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


class Fetched(NamedTuple):
    """Whole batches, of all partitions or of some; and of those that have no record before an offset, that offset."""

    content: dict[TopicPartition, bytes]
    nothing_before: dict[TopicPartition, int]


class Log:
    """A connection to the cluster, for one command."""

    def __init__(self, settings: CommonSettings, client_id: str) -> None:
        self._settings = settings
        self._servers = settings.kafka
        self._client = AIOKafkaClient(
            bootstrap_servers=settings.kafka, client_id=client_id, request_timeout_ms=_REQUEST_TIMEOUT_MS
        )

    async def open(self, partitions: Iterable[TopicPartition]) -> None:
        """Connect, and learn who leads what.

        Raises:
            KafkaAwayError: if no Kafka answers, or another one than that whose id is set.
        """
        await check_cluster(self._settings)
        try:
            await self._client.bootstrap()
        except KafkaConnectionError:
            raise KafkaAwayError(servers=self._servers, within_seconds=0) from None
        await self._client.set_topics({place.topic for place in partitions})

    async def close(self) -> None:
        """Disconnect."""
        await self._client.close()

    async def offsets(self, partitions: Sequence[TopicPartition], which: int) -> dict[TopicPartition, int]:
        """The first (`EARLIEST`), the next (`LATEST`), or the first since an instant, in milliseconds; -1 if none."""
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

    async def fetch(self, wanted: Mapping[TopicPartition, int]) -> Fetched:
        """What comes next in each partition."""
        fetched = Fetched({}, {})

        async def ask(node: int, places: Sequence[TopicPartition]) -> None:
            named = [
                (topic, [(number, wanted[TopicPartition(topic, number)], _PARTITION_BYTES) for number in numbers])
                for topic, numbers in _by_topic(places)
            ]
            answer = await self._client.send(node, FetchRequest(500, 1, _FETCH_BYTES, 0, named))
            empty: dict[TopicPartition, int] = {}
            for topic, parts in answer.topics:
                for number, code, end, *_, content in parts:
                    _raise_for(code)
                    if content:
                        fetched.content[TopicPartition(topic, number)] = content
                    else:
                        empty[TopicPartition(topic, number)] = end
            # Else the answer was full, or Kafka slows us down.
            if len(empty) == len(places) and not answer.throttle_time_ms:
                fetched.nothing_before.update(empty)

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
