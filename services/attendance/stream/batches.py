"""Faust in batches: the records of one partition in one poll are one message, acknowledged as a range.

Built on Faust's extension points (the setting `ConsumerScheduler`, a transport with a consumer class of its own, a
schema). It keeps a promise that Faust's own bookkeeping does not: an offset is committed only when every record before
it, of those handed to an agent since the last seek, has been acknowledged. Changelogs come in batches too: recovery
counts by the offset of a batch's last record (decision 0014).
"""

import asyncio
import contextlib
import logging
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ClassVar, Final, TypeAlias, cast

import faust
import uvloop
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from faust.app.base import BootStrategy
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT, ConsumerMessage, Message
from faust.types.transports import ConsumerT, SchedulingStrategyT
from mode.threads import ServiceThread, WorkerThread

from services.attendance.domain.errors import AttendanceError

FAUST_LOG: Final = logging.getLogger("faust.attendance")
"""Faust logs through its classes' loggers: this one lies under `faust`, so that it is as quiet as the rest of it."""
_COMMIT_SECONDS: Final = 10.0
_LONGEST_POLL_MS: Final = 250
"""aiokafka asks a broker for the partitions it has nothing of, and asks no more of it meanwhile: with Faust's 1.5 s, a
partition read while the others are quiet would wait that long for its next batch."""
_OPENING_POLL_SECONDS: Final = 0.1
"""What was fetched before it was wanted is looked at again after this."""

Record: TypeAlias = ConsumerRecord[bytes | None, bytes | None]


class CommitRefusedError(AttendanceError):
    """Kafka did not take an offset."""


class BatchScheduler(SchedulingStrategyT):
    """Hands over all records of a partition at once."""

    def __init__(self) -> None:
        """Faust makes one without arguments."""

    def iterate(self, records: Mapping[TP, list[Any]]) -> Iterator[tuple[TP, Any]]:
        """Go through one poll."""
        return ((tp, batch) for tp, batch in records.items() if batch)


class BatchSchema(faust.Schema):  # type: ignore[type-arg]  # its parameters are not subscriptable at run time
    """Hands a batch of records to the agent as it is."""

    def loads_key(self, app: AppT, message: Message, **_: object) -> None:
        """A batch has no key."""

    def loads_value(self, app: AppT, message: Message, **_: object) -> Any:  # noqa: ANN401, ARG002  (Faust's signature)
        """The records."""
        return message.value


class BatchConsumer(driver.Consumer):
    """Commits the end of what was acknowledged, batch after batch in the order they were handed over."""

    logger = FAUST_LOG

    _thread: "_ConsumerThread"

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (Faust's signature)
        super().__init__(*args, **kwargs)
        self.settle: Callable[[], Awaitable[None]] | None = None
        """Called before partitions are given away; returns when no batch of theirs is in work."""
        self._in_hand: defaultdict[TP, deque[Message]] = defaultdict(deque)
        self._done: dict[TP, int] = {}
        self._starts: Mapping[TP, int] = {}
        self._is_positioned = False

    def hand_over(self, message: Message) -> None:
        """An agent has taken a batch: nothing after it is committed before it is acknowledged."""
        self._in_hand[message.tp].append(message)

    def ack(self, message: Message) -> bool:
        """All outputs of a batch are delivered."""
        message.acked = True
        self._unacked_messages.discard(message)
        in_hand = self._in_hand[message.tp]
        while in_hand and in_hand[0].acked:
            self._done[message.tp] = in_hand.popleft().offset + 1
            self._acked[message.tp] = []  # Faust asks `_new_offset` about the partitions that stand here.
        return True

    async def committed(self) -> dict[TP, int]:
        """What the group has committed of the partitions that are assigned; those without a commit are left out."""
        found = await self.seek_to_committed()
        return {
            TP(tp.topic, tp.partition): offset
            for tp, offset in cast("dict[TP, int | None]", found).items()  # Faust says that there are no None.
            if offset is not None
        }

    async def commit_start(self, offsets: Mapping[TP, int]) -> None:
        """Commit that nothing from these offsets on is folded: partitions are read from there, now and later.

        Raises:
            CommitRefusedError: if Kafka does not take it, as while the group changes.
        """
        self._starts = offsets
        if offsets and not await self._commit(offsets):
            raise CommitRefusedError

    async def perform_seek(self) -> None:
        """Go back to what is committed; where nothing is, to the beginning, which Faust leaves out.

        Where a start was set, that counts: a commit of before, tried again by aiokafka, may have come after it.
        """
        flowed, generation = self.flow_active, self.app.consumer_generation_id
        self._in_hand.clear()
        self._done.clear()
        await super().perform_seek()
        changelogs = self.app.tables.changelog_topics
        inputs = [tp for tp in self.assignment() if tp.topic not in changelogs]
        starts = {tp: self._starts.get(tp, 0) for tp in inputs if tp in self._starts or not self._committed_offset[tp]}
        if starts:
            await self.seek_wait(starts)
        # Faust seeks while the flow is stopped, too: the partitions are being given away then, and this comes again.
        if flowed and self.flow_active and generation == self.app.consumer_generation_id:
            self._is_positioned = True

    def is_wanted(self, tp: TP) -> bool:
        """Whether records of a partition may be taken now: facts only from where they are to be read."""
        return self.flow_active and (self._is_positioned or tp.topic in self.app.tables.changelog_topics)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what is done, and forget what is no longer ours."""
        self.stop_flow()
        self._is_positioned = False
        self.app.flow_control.suspend()
        self.app.flow_control.clear()
        if self.settle is not None:
            await self.settle()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.commit(), _COMMIT_SECONDS)
        await super().on_partitions_revoked(revoked)
        self._starts = {}
        for tp in revoked:
            self._in_hand.pop(tp, None)
            self._done.pop(tp, None)

    async def rejoin(self) -> None:
        """Have all partitions revoked and assigned again: for a state that has to be looked at again."""
        await self._thread.rejoin()

    async def is_member(self) -> bool:
        """Whether Kafka says that this process is still a member of the group; False too if it cannot be asked."""
        return await self._thread.is_member()

    def lost_coordinator(self) -> object | None:
        """None while it is known which broker takes heartbeats and commits; else an object for each loss."""
        return self._thread.lost_coordinator()

    def behind(self) -> int:
        """How many facts of the partitions assigned are not acknowledged yet."""
        inputs = [tp for tp in self.assignment() if tp.topic not in self.app.tables.changelog_topics]
        done = {tp: self._done.get(tp) or self._committed_offset[tp] or 0 for tp in inputs}
        return sum(max(0, (self.highwater(tp) or 0) - offset) for tp, offset in done.items())

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ANN401, ASYNC109  (Faust's signature)
        wanted = None if active_partitions is None else _Wanted(self, active_partitions)
        timeout = timeout if self._is_positioned else min(timeout, _OPENING_POLL_SECONDS)
        return await super()._getmany(cast("set[TP] | None", wanted), timeout)

    def _to_message(self, tp: TP, record: Any) -> ConsumerMessage:  # noqa: ANN401  (Faust's signature)
        last = record[-1]
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000,
            last.timestamp_type,
            None,
            None,
            record,
            None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    def _new_offset(self, tp: TP) -> int | None:
        return self._done.get(tp)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Keep no gaps: between two messages lie the records of the second."""

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: FBT001, FBT002  (Faust's signature)
        before = {tp: self._committed_offset[tp] for tp in offsets}
        committed = await super()._commit_offsets(offsets, start_new_transaction=start_new_transaction)
        if not committed:
            # Faust believes that it was; then it would not try again until there is more to commit.
            self._committed_offset.update(before)
        return committed

    def _new_consumer_thread(self) -> "_ConsumerThread":
        return _ConsumerThread(
            self, loop=self.loop, thread_loop=uvloop.new_event_loop(), beacon=self.beacon, Worker=_DaemonThread
        )


class _Wanted:
    """The partitions whose records are wanted in the very moment they are taken from what was fetched.

    aiokafka takes no partitions for all of them, and a call may outlast a rebalance. What is taken and thrown away then
    is passed over: what follows it was folded and committed before Faust sought back to it.
    """

    def __init__(self, consumer: BatchConsumer, active: set[TP]) -> None:
        self._consumer = consumer
        self._active = active
        self._generation = consumer.app.consumer_generation_id

    def __contains__(self, tp: object) -> bool:
        consumer = self._consumer
        is_same = consumer.app.consumer_generation_id == self._generation
        return is_same and tp in self._active and consumer.is_wanted(tp)


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    """aiokafka's consumer, in a thread and an event loop of its own."""

    async def rejoin(self) -> None:
        """Join the group again, as after a change of its members."""

        async def join_again() -> None:
            self._ensure_consumer()._coordinator.request_rejoin()  # noqa: SLF001  (aiokafka has no public way)

        await self.call_thread(join_again)

    async def is_member(self) -> bool:
        """Send a heartbeat out of turn."""

        async def beat() -> bool:
            return bool(await self._ensure_consumer()._coordinator._do_heartbeat())  # noqa: SLF001  (as above)

        return bool(await self.call_thread(beat))

    def lost_coordinator(self) -> object | None:
        """Look from outside of the thread; aiokafka makes this future anew with each coordinator that it finds."""
        coordinator = self._consumer and self._consumer._coordinator  # noqa: SLF001  (as above)
        if coordinator is None or coordinator.coordinator_id is not None:
            return None
        return cast("object", coordinator._coordinator_dead_fut)  # noqa: SLF001  (as above)

    def _create_worker_consumer(self, transport: driver.Transport) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = _LONGEST_POLL_MS  # noqa: SLF001  (Faust has no setting for it)
        return consumer


class _DaemonThread(WorkerThread):
    """Does not hold up the end of the process when Kafka is away."""

    def __init__(self, service: ServiceThread, **kwargs: Any) -> None:  # noqa: ANN401  (mode's signature)
        super().__init__(service, **kwargs)
        self.daemon = True


class BatchTransport(driver.Transport):
    """Kafka through `BatchConsumer`."""

    Consumer: ClassVar[type[ConsumerT]] = BatchConsumer


class _Boot(BootStrategy):
    """No web server, and no producer: what a batch leads to is sent by a producer that is idempotent."""

    enable_kafka_producer = False
    enable_web = False


class BatchApp(faust.App):
    """A Faust app whose agents get batches."""

    logger = FAUST_LOG

    BootStrategy = _Boot

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)
