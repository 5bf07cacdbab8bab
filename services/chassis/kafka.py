"""Kafka clients with the settings that the promises need.

Importing this makes every aiokafka client of the process take a connection that uvloop has closed for a broken one.
"""

import asyncio
import contextlib
import functools
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError
from aiokafka.structs import RecordMetadata

from schemas.envelope import CONTENT_TYPE
from services.chassis.settings import CommonSettings

LARGEST_RECORD: Final = 2 * 1024 * 1024
"""Bytes of key, value and headers together: a body of 1 MiB, sealed, fits."""
_REQUEST_TIMEOUT_MS: Final = 15_000
_BATCH_BYTES: Final = 256 * 1024
_STOP_SECONDS: Final = 3
_LONGEST_WAIT_MS: Final = 500

log = structlog.stdlib.get_logger(__name__)


def _broken_if_closed(send: Callable[..., Any]) -> Callable[..., Any]:
    """Let a `send` of aiokafka tell of a connection that was just reset as of any that is broken.

    asyncio's own event loop lets such a write pass; uvloop raises RuntimeError, which aiokafka does not expect (its
    issue 1038): what it happens to ends, and that may be what others wait for, the update of metadata for one (decision
    0044).
    """

    @functools.wraps(send)
    def sent(connection: Any, *request: Any, **more: Any) -> Any:  # noqa: ANN401  (aiokafka's)
        try:
            return send(connection, *request, **more)
        except RuntimeError as error:
            connection.close(reason=CloseReason.CONNECTION_BROKEN, exc=error)
            message = f"Connection at {connection.host}:{connection.port} broken: {error}"
            raise KafkaConnectionError(message) from error

    return sent


AIOKafkaConnection.send = _broken_if_closed(AIOKafkaConnection.send)
AIOKafkaConnection._send_sasl_token = _broken_if_closed(AIOKafkaConnection._send_sasl_token)  # noqa: SLF001


class PatientProducer(AIOKafkaProducer):  # type: ignore[misc]  # aiokafka has no types
    """A producer that waits for as long as Kafka is away, to accept and to deliver, and can be stopped meanwhile."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401  (aiokafka's)
        """Give no batch up: aiokafka would, once its partition has had no leader for the time of a request."""
        super().__init__(**settings)
        self._message_accumulator._batch_ttl = math.inf  # noqa: SLF001

    async def send(self, *record: Any, **more: Any) -> "asyncio.Future[RecordMetadata]":  # noqa: ANN401  (aiokafka's)
        """Accept a record as soon as there is room for it: aiokafka would refuse it if that takes long."""
        while True:
            with contextlib.suppress(KafkaTimeoutError):
                accepted: asyncio.Future[RecordMetadata] = await super().send(*record, **more)
                return accepted

    async def send_batch(self, *batch: Any, **more: Any) -> "asyncio.Future[RecordMetadata]":  # noqa: ANN401  (aiokafka's)
        """Accept a batch as soon as there is room for it."""
        while True:
            with contextlib.suppress(KafkaTimeoutError):
                accepted: asyncio.Future[RecordMetadata] = await super().send_batch(*batch, **more)
                return accepted

    async def stop(self) -> None:
        """Send what is pending, for three seconds at most, and close, so that a process can end without Kafka."""
        try:
            await asyncio.wait_for(super().stop(), _STOP_SECONDS)
        except TimeoutError:
            log.warning("kafka.records_abandoned", within_seconds=_STOP_SECONDS)
            # aiokafka's own close would wait for the records for ever: an idempotent producer never lets one expire.
            self._sender.sender_task.cancel()
            await self.client.close()


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka has no types
    """A consumer whose stop tells nobody that they were cancelled, unless they were."""

    async def stop(self) -> None:
        """Close. aiokafka lets out the cancellation of its own fetches, and a task group would take it for its own."""
        task = asyncio.current_task()
        try:
            await super().stop()
        except asyncio.CancelledError:
            await self._client.close()
            if task is not None and task.cancelling():
                raise


def new_producer(settings: CommonSettings, *, client_id: str, batch_bytes: int = _BATCH_BYTES) -> PatientProducer:
    """Make a producer that neither loses, doubles nor reorders what it has accepted; needs a running event loop.

    It does not wait to fill a batch of `batch_bytes`. Look at each future of `send`: `flush` swallows errors of
    delivery.
    """
    return PatientProducer(
        bootstrap_servers=settings.kafka,
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        linger_ms=0,
        max_batch_size=batch_bytes,
        max_request_size=LARGEST_RECORD,
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
    )


def new_consumer(
    settings: CommonSettings,
    *topics: str,
    client_id: str,
    group_id: str | None = None,
    longest_wait_ms: int = _LONGEST_WAIT_MS,
) -> Consumer:
    """Make a consumer that begins at the oldest record and commits nothing by itself; needs a running event loop.

    Without topics, `assign` partitions and `seek`. Without a group, the reader keeps its offsets beside its rows.
    A broker that has nothing new keeps it waiting for up to `longest_wait_ms`, with all that it asks of this broker:
    who reads one partition to its end and then another wants this short.
    """
    return Consumer(
        *topics,
        bootstrap_servers=settings.kafka,
        client_id=client_id,
        group_id=group_id,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=_REQUEST_TIMEOUT_MS,
        max_partition_fetch_bytes=2 * LARGEST_RECORD,
        fetch_max_wait_ms=longest_wait_ms,
    )


def record_headers(more: Mapping[str, str] | None = None) -> list[tuple[str, bytes]]:
    """Give the headers of a record that holds a CloudEvent, as aiokafka takes them."""
    return encode_headers({"content-type": CONTENT_TYPE, **(more or {})})


def encode_headers(headers: Mapping[str, str]) -> list[tuple[str, bytes]]:
    """Turn text headers into Kafka's; what `decode_headers` read comes out as it was."""
    return [(name, value.encode("utf-8", "surrogateescape")) for name, value in headers.items()]


def decode_headers(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Read Kafka's headers as text; bytes that are not UTF-8 survive the way back."""
    return {name: (value or b"").decode("utf-8", "surrogateescape") for name, value in headers}
