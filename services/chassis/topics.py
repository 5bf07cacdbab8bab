"""Topics: created with their settings before anything subscribes, and checked at each start."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, LeaderNotAvailableError, TopicAlreadyExistsError, for_code

from schemas.topics import Topic
from services.chassis.errors import OperatorError
from services.chassis.kafka import LARGEST_RECORD
from services.chassis.settings import CommonSettings

_LARGEST_BATCH: Final = LARGEST_RECORD + 64 * 1024
_PAUSE_SECONDS: Final = 0.5
_REMIND_SECONDS: Final = 10

log = structlog.stdlib.get_logger(__name__)


class TopicMismatchError(OperatorError):
    """A topic exists with another number of partitions; records of one event would not stay together."""

    def __init__(self, *, topic: str, expected: int, found: int) -> None:
        """Say it in one line that names the ways out."""
        super().__init__(
            f"topic {topic} has {found} partitions and PASSERELLE_PARTITIONS says {expected}: "
            f"set PASSERELLE_PARTITIONS={found}, or use another cluster"
        )
        self.topic = topic
        self.expected = expected
        self.found = found


class TopicRefusedError(OperatorError):
    """Kafka answered that a topic cannot be made so; `reason` is its answer."""

    def __init__(self, *, topic: str, reason: str) -> None:
        """Say it in one line."""
        super().__init__(f"topic {topic} cannot be created: {reason}")
        self.topic = topic
        self.reason = reason


class KafkaAwayError(OperatorError):
    """Kafka did not answer in time."""

    def __init__(self, *, servers: str, within_seconds: float) -> None:
        """Say it in one line that names the setting."""
        within = f" within {within_seconds:g} seconds" if within_seconds else ""
        super().__init__(f"no Kafka answered at {servers} (PASSERELLE_KAFKA){within}")
        self.servers = servers


class OtherClusterError(KafkaAwayError):
    """Where Kafka should be another Kafka answers: what belongs on ours must not get there."""

    def __init__(self, *, servers: str, expected: str, found: str) -> None:
        """Say it in one line that names the setting."""
        OperatorError.__init__(
            self,
            f"another Kafka answers at {servers}: it is cluster {found}, not {expected} (PASSERELLE_KAFKA, "
            "PASSERELLE_KAFKA_CLUSTER)",
        )
        self.servers = servers
        self.expected = expected
        self.found = found


async def ensure_topics(
    servers: str,
    topics: Sequence[Topic],
    *,
    partitions: int,
    replication: int = 1,
    cluster: str | None = None,
    within_seconds: float = 120,
) -> None:
    """Create the topics that are missing and check those that are there; waits for Kafka to come.

    With `cluster`, only the Kafka of this id is Kafka: another one that answers there is left alone.

    A setting that differs is the operator's choice, and logged: with a shorter retention, facts are lost to replays.

    With a replication of 3 or more, a write is acknowledged when all replicas but one have it (`min.insync.replicas`).

    Raises:
        KafkaAwayError: if no Kafka answers before the deadline (`OtherClusterError`: if only another one does).
        TopicMismatchError: if a topic has another number of partitions.
        TopicRefusedError: if Kafka refuses to create one, e.g. because there are too few brokers.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_seconds
    remind_at = loop.time()
    while True:
        try:
            async with _admin(servers) as admin:
                await _check_cluster(admin, servers, expected=cluster)
                await _create_missing(admin, topics, partitions=partitions, replication=replication)
                await _check(admin, topics, partitions=partitions, deadline=deadline)
                await _warn_of_other_settings(admin, topics)
        except OtherClusterError as error:
            if loop.time() >= deadline:
                raise
            found: str | None = error.found
        except (KafkaError, OSError):
            # Away, or just coming up: it may accept a connection and refuse the first request.
            if loop.time() >= deadline:
                raise KafkaAwayError(servers=servers, within_seconds=within_seconds) from None
            found = None
        else:
            return
        if loop.time() >= remind_at:
            log.info("kafka.awaited", servers=servers, another_cluster=found)
            remind_at += _REMIND_SECONDS
        await asyncio.sleep(_PAUSE_SECONDS)


async def check_cluster(settings: CommonSettings) -> None:
    """See that the Kafka that answers is the one whose id is set, if one is.

    Raises:
        KafkaAwayError: if none answers (`OtherClusterError`: if another one does).
    """
    if settings.kafka_cluster is None:
        return
    try:
        async with _admin(settings.kafka) as admin:
            await _check_cluster(admin, settings.kafka, expected=settings.kafka_cluster)
    except (KafkaError, OSError):
        raise KafkaAwayError(servers=settings.kafka, within_seconds=0) from None


async def cluster_id(settings: CommonSettings) -> str:
    """The id of the cluster that answers.

    Raises:
        KafkaAwayError: if none answers (`OtherClusterError`: if another one does than is set).
    """
    try:
        async with _admin(settings.kafka) as admin:
            await _check_cluster(admin, settings.kafka, expected=settings.kafka_cluster)
            return str((await admin.describe_cluster())["cluster_id"])
    except (KafkaError, OSError):
        raise KafkaAwayError(servers=settings.kafka, within_seconds=0) from None


async def await_topics(settings: CommonSettings, topics: Sequence[Topic]) -> None:
    """Make sure of the topics for a service that answers without Kafka too: waits for it as long as it takes.

    Raises:
        TopicMismatchError: if a topic has another number of partitions.
        TopicRefusedError: if Kafka refuses to create one.
    """
    while True:
        try:
            await ensure_topics(
                settings.kafka,
                topics,
                partitions=settings.partitions,
                replication=settings.replication,
                cluster=settings.kafka_cluster,
            )
        except KafkaAwayError as error:
            log.warning("kafka.away", servers=error.servers)
        else:
            return


@asynccontextmanager
async def _admin(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, client_id="passerelle-topics")
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


async def _check_cluster(admin: AIOKafkaAdminClient, servers: str, *, expected: str | None) -> None:
    if expected is None:
        return
    found = str((await admin.describe_cluster())["cluster_id"])
    if found != expected:
        raise OtherClusterError(servers=servers, expected=expected, found=found)


async def _create_missing(
    admin: AIOKafkaAdminClient, topics: Sequence[Topic], *, partitions: int, replication: int
) -> None:
    present = set(await admin.list_topics())
    missing = [topic for topic in topics if topic.name not in present]
    if not missing:
        return
    response = await admin.create_topics(
        [
            NewTopic(
                name=topic.name,
                num_partitions=partitions,
                replication_factor=replication,
                topic_configs={
                    "max.message.bytes": str(_LARGEST_BATCH),
                    "min.insync.replicas": str(max(1, replication - 1)),
                    **topic.settings,
                },
            )
            for topic in missing
        ]
    )
    for name, code, *reason in response.topic_errors:
        # Another service, starting at the same time, may have been first.
        if code in {0, TopicAlreadyExistsError.errno}:
            continue
        if for_code(code).retriable:
            raise for_code(code)
        raise TopicRefusedError(topic=name, reason=str((reason and reason[0]) or for_code(code).__name__))
    log.info("topics.created", topics=[topic.name for topic in missing], partitions=partitions)


async def _check(admin: AIOKafkaAdminClient, topics: Sequence[Topic], *, partitions: int, deadline: float) -> None:
    """Compare the number of partitions, once every topic has a leader for each: only then can anyone write or read."""
    while True:
        described = {entry["topic"]: entry for entry in await admin.describe_topics([topic.name for topic in topics])}
        for name, entry in described.items():
            found = len(entry["partitions"])
            if found and found != partitions:
                raise TopicMismatchError(topic=name, expected=partitions, found=found)
        led = [part["leader"] >= 0 for entry in described.values() for part in entry["partitions"]]
        if len(led) == partitions * len(topics) and all(led):
            return
        if asyncio.get_running_loop().time() >= deadline:
            raise LeaderNotAvailableError
        await asyncio.sleep(_PAUSE_SECONDS / 5)


async def _warn_of_other_settings(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    found = {
        name: {entry[0]: entry[1] for entry in entries}
        for answer in await admin.describe_configs(resources)
        for _error, _message, _kind, name, entries in answer.resources
    }
    for topic in topics:
        for setting, expected in topic.settings.items():
            value = found.get(topic.name, {}).get(setting, expected)
            if value != expected:
                log.warning("topics.setting_differs", topic=topic.name, setting=setting, expected=expected, found=value)
