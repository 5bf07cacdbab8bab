"""Read `passerelle-registration`, to know which event claims which room, and whom to forget."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Never

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.decode import KnownFact, UnreadableRecordError, decode
from schemas.erasures import PersonErased
from schemas.registration import (
    EventCancelled,
    EventChanged,
    EventClosed,
    EventCreated,
    EventPublished,
    IdentityLinked,
    IdentityUnlinked,
    ParticipantCancelled,
)
from schemas.topics import REGISTRATION
from services.chassis import dead_letters, outbox
from services.chassis.clock import Clock
from services.streaming_bridge.adapters.claims import SqlClaims, keep_offset, read_offsets
from services.streaming_bridge.adapters.given_up import RoomOfSource
from services.streaming_bridge.adapters.guests import SqlGuests
from services.streaming_bridge.adapters.inbox import SqlInbox
from services.streaming_bridge.adapters.recognition import forget_open_identities_of
from services.streaming_bridge.adapters.report_store import forget_reports_of
from services.streaming_bridge.adapters.storage import refuses_value, storing
from services.streaming_bridge.adapters.tables import OUTBOX
from services.streaming_bridge.adapters.viewings import cancel_seat
from services.streaming_bridge.domain.errors import StorageUnavailableError

_POLL_MS: Final = 1000
_PAUSE_SECONDS: Final = 1.0
_MOST_RECORDS: Final = 500

log = structlog.stdlib.get_logger(__name__)


class RegistrationReader:
    """Follows all partitions; offsets are kept beside the claims, in the same transaction.

    Every process of the bridge reads everything: claims are few, and what is read twice says the same.
    """

    def __init__(
        self,
        *,
        engine: AsyncEngine,
        claims: SqlClaims,
        inbox: SqlInbox,
        guests: SqlGuests,
        new_consumer: Callable[[], AIOKafkaConsumer],
        committed: Callable[[], None],
        clock: Clock,
        partitions: int,
    ) -> None:
        """`committed` is called when there is something new to publish."""
        self._partitions = partitions
        self._engine = engine
        self._claims = claims
        self._inbox = inbox
        self._guests = guests
        self._new_consumer = new_consumer
        self._committed = committed
        self._clock = clock

    async def run(self) -> Never:
        """Read, until cancelled; when Kafka or the database is away, begin again where the offsets say."""
        away = False
        while True:
            consumer = self._new_consumer()
            try:
                await consumer.start()
                await self._seek(consumer)
                if away:
                    log.info("registrations.back")
                    away = False
                while True:
                    await self._read(await consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS))
            except (KafkaError, StorageUnavailableError, IntegrityError, OSError) as error:
                # An IntegrityError: another process has read the same meanwhile; from its offset on, it is read again.
                if not away:
                    log.warning("registrations.away", error=type(error).__name__)
                    away = True
                await asyncio.sleep(_PAUSE_SECONDS)
            finally:
                await consumer.stop()

    async def _seek(self, consumer: AIOKafkaConsumer) -> None:
        offsets = await read_offsets(self._engine, REGISTRATION.name)
        assigned = [TopicPartition(REGISTRATION.name, number) for number in range(self._partitions)]
        consumer.assign(assigned)
        for partition in assigned:
            consumer.seek(partition, offsets.get(partition.partition, 0))

    async def _read(self, polled: Mapping[TopicPartition, Sequence[Any]]) -> None:
        if not any(polled.values()):
            return
        now = self._clock()
        async with storing(self._engine) as connection:
            rooms: list[RoomOfSource] = []
            for partition, records in polled.items():
                for record in records:
                    rooms += await self._take(connection, record, now)
                await keep_offset(connection, partition.topic, partition.partition, records[-1].offset + 1)
            published = await self._inbox.publish_claimed(connection, now=now, rooms=list(dict.fromkeys(rooms)))
        if published:
            log.info("inbox.claimed", deliveries=published)
        self._committed()

    async def _take(
        self,
        connection: AsyncConnection,
        record: Any,  # noqa: ANN401  (aiokafka is untyped)
        now: datetime,
    ) -> list[RoomOfSource]:
        if record.value is None:
            return []
        try:
            fact = decode(record.value)
            async with connection.begin_nested():
                return await self._apply(connection, fact, now)
        except UnreadableRecordError as error:
            reason = error.reason
        except DBAPIError as error:
            if not refuses_value(error):
                raise
            reason = "it holds a value that the database refuses"
        letter = dead_letters.from_consumed(record, service="streaming_bridge", reason=reason, now=now)
        await outbox.add(connection, OUTBOX, [letter], now=now)
        log.warning("registrations.unreadable", partition=record.partition, offset=record.offset)
        return []

    async def _apply(self, connection: AsyncConnection, fact: KnownFact, now: datetime) -> list[RoomOfSource]:
        match fact:
            case EventCreated() | EventChanged() | EventPublished() | EventClosed() | EventCancelled():
                return await self._claims.apply(connection, fact.data, time=fact.time, fact_id=fact.id)
            case IdentityLinked() | IdentityUnlinked():
                said, settled = fact.data, isinstance(fact, IdentityLinked)
                await self._guests.settle(connection, said.guest_id, said.event_id, now=now, settled=settled)
            case ParticipantCancelled():
                await cancel_seat(connection, fact.subject, at=fact.time)
            case PersonErased():
                await self._guests.forget_these(connection, fact.data.guests, now=now)
                await forget_reports_of(connection, fact.data.event_id, now=now)
                await forget_open_identities_of(connection, fact.data.event_id, now=now)
        return []
