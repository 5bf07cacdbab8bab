"""Rounds: all batches at hand are folded, their outputs delivered, and only then kept and acknowledged.

The order within a round is the promise:

1. fold every record, in memory, on top of what is known;
2. deliver the new states (`passerelle-presence`, `passerelle-attendance-context`), and wait for Kafka;
3. deliver timeline entries, dead letters and a checkpoint, and wait for Kafka;
4. write the states to RocksDB;
5. acknowledge the batches, so that their offsets may be committed.

A death after any step repeats the round: what is on the topics is recovered, the facts come again, and the fold tells
them in the same words. An entry is told only after the state that knows its words is safe.

Rounds follow each other without waiting: while one is delivered, the next is folded. Each step of a round comes after
the same step of the round before, so that every topic has the outputs in the order of the facts.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import monotonic
from typing import Any, Final, Never, cast

import structlog
from aiokafka import AIOKafkaProducer
from faust.types import EventT

from schemas import topics
from schemas.decode import UnreadableRecordError
from services.attendance.application.partition_fold import UnfitRecordError, UnreadableStateError
from services.attendance.application.translation import NotAnInputError
from services.attendance.stream.batches import Record
from services.attendance.stream.checkpoints import KEY
from services.attendance.stream.desk import Desk, as_they_came
from services.attendance.stream.doubts import Doubt, DoubtfulError, check, leave_word, passed_over
from services.attendance.stream.metrics import WorkerMetrics
from services.attendance.stream.partitions import Gap, Partition, PartitionRound
from services.chassis.clock import Clock
from services.chassis.dead_letters import from_consumed
from services.chassis.kafka import encode_headers
from services.chassis.outbox import OutboxRecord

SERVICE: Final = "attendance"
_ROUNDS_AT_ONCE: Final = 3
_LOOK_ON_SECONDS: Final = 1.0
_RECORDS_AT_A_STRETCH: Final = 64  # About a millisecond; then the event loop has its turn, and rounds are delivered.
_JSON: Final = [("content-type", b"application/json")]

log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class Round:
    """One round, from the desk to the acknowledgement; `began` is when it was taken, by the monotonic clock.

    `doubts` are the partitions that could not be folded on: if there are any, nothing of the round counts.
    """

    events: list[EventT[Any]]
    began: float
    parts: list[PartitionRound] = field(default_factory=list)
    told: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    doubts: list[Doubt] = field(default_factory=list)


class Rounds:
    """Works off what lies on the desk, for the partitions that this worker has now."""

    def __init__(
        self,
        *,
        desk: Desk,
        producer: AIOKafkaProducer,
        clock: Clock,
        metrics: WorkerMetrics,
        fence: Callable[[], Awaitable[bool]],
        look_again: Callable[[], Awaitable[None]],
    ) -> None:
        """`producer` is started, idempotent and awaits all replicas.

        `fence` says whether the partitions are still ours; `look_again` has them assigned and verified anew.
        """
        self._desk = desk
        self._producer = producer
        self._clock = clock
        self._metrics = metrics
        self._fence = fence
        self._look_again = look_again
        self._partitions: dict[int, Partition] = {}
        self._broken = False
        self._gaps: set[Gap] = set()  # Looked at again once: what still does not come is on the log no more.
        self._sending_states = asyncio.Lock()
        self._sending_entries = asyncio.Lock()

    async def settle(self) -> None:
        """Throw away what waits, return when no round is in work, and forget all partitions."""
        await self._desk.clear()
        self._partitions = {}

    async def open(self, partitions: Sequence[Partition], *, tell: Sequence[Partition]) -> None:
        """Work for these partitions from here on; of some of them, `tell` first how they stand."""
        self._partitions = {partition.number: partition for partition in partitions}
        self._broken = False
        if tell:
            await self._deliver(Round(events=[], began=monotonic(), parts=[part.flush() for part in tell]), None)

    def abandon(self) -> None:
        """Nothing that is folded counts any more, until partitions are opened again."""
        self._broken = True

    def rebuilding(self) -> int:
        """How many partitions are being folded again from the first."""
        return sum(partition.rebuild is not None for partition in self._partitions.values())

    async def run(self) -> Never:
        """Work off rounds for ever.

        Raises:
            KafkaError: if something cannot be delivered. Nothing of it is acknowledged then.
        """
        slots = asyncio.Semaphore(_ROUNDS_AT_ONCE)
        before: Round | None = None
        async with asyncio.TaskGroup() as tasks:
            while True:
                await slots.acquire()
                round_ = Round(events=await self._take_from_desk(), began=monotonic())
                await self._fold(round_)
                tasks.create_task(self._work_off(round_, before, slots))
                before = round_

    async def _take_from_desk(self) -> list[EventT[Any]]:
        """All that waits of open partitions; what came while they change hands is read again by whoever gets them."""
        return [event for event in await self._desk.take() if event.message.partition in self._partitions]

    async def _fold(self, round_: Round) -> None:
        touched, round_.doubts = await self._take_all(round_.events)
        if not round_.doubts:
            round_.parts = [partition.flush() for partition in touched]
            return
        # Whatever broke one state may have broken others: what is at hand next tells, before all is looked at again.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_ON_SECONDS):
                while True:
                    events = await self._take_from_desk()
                    try:
                        _, more = await self._take_all(events)
                    finally:
                        await self._desk.finished()
                    round_.doubts.extend(doubt for doubt in more if doubt not in round_.doubts)

    async def _take_all(self, events: Sequence[EventT[Any]]) -> tuple[list[Partition], list[Doubt]]:
        """Fold batches; gives the partitions they are of, and those that could not be folded on."""
        batches: defaultdict[int, list[list[Record]]] = defaultdict(list)
        for event in events:
            batches[event.message.partition].append(cast("list[Record]", event.value))
        touched, doubts = [self._partitions[number] for number in batches], list[Doubt]()
        for partition, taken in zip(touched, batches.values(), strict=True):
            gap = partition.passed_over(taken)
            if gap is not None and gap not in self._gaps:
                self._gaps.add(gap)
                doubts.append(passed_over(gap))
                continue
            try:
                await self._take(partition, taken)
            except UnreadableStateError:
                doubts.append(Doubt(partition=partition.number, topic=topics.PRESENCE.name, reason="state_unreadable"))
        return touched, doubts

    async def _take(self, partition: Partition, taken: Sequence[list[Record]]) -> None:
        for batch in taken:
            partition.passed(batch)
        records = as_they_came(taken)
        while stretch := list(islice(records, _RECORDS_AT_A_STRETCH)):
            for record in stretch:
                if record.key == KEY:  # The place of the checkpoint, among the records about events.
                    partition.set_aside(self._letter(record, "key: no event can be called so"))
                    continue
                try:
                    for _ in partition.fold.begin(record.key, record.value) or ():
                        await asyncio.sleep(0)
                except (UnreadableRecordError, UnfitRecordError, NotAnInputError) as error:
                    partition.set_aside(self._letter(record, str(error)))
            await asyncio.sleep(0)

    async def _work_off(self, round_: Round, before: Round | None, slots: asyncio.Semaphore) -> None:
        try:
            await self._deliver(round_, before)
        except BaseException:
            # The next round may wake before it is cancelled: it must not keep what rests on this one.
            self._broken = True
            raise
        finally:
            round_.told.set()
            round_.over.set()
            slots.release()
            await self._desk.finished()

    async def _deliver(self, round_: Round, before: Round | None) -> None:
        if not await self._may_tell(round_, before):
            return
        try:
            await self._tell_states(round_, before)
            if self._given_up():
                return
            ends = await self._tell_entries(round_)
        except DoubtfulError as error:
            await self._give_up(before, error.doubts)
            return
        if before is not None:
            await before.over.wait()
        if self._given_up():
            return
        for part, end in zip(round_.parts, ends, strict=True):
            part.partition.keep(part, presence_end=part.presence_end, context_end=end)
        for event in round_.events:
            event.ack()
        facts = sum(len(event.value) for event in round_.events)
        self._metrics.round_over(facts=facts, seconds=monotonic() - round_.began)

    async def _may_tell(self, round_: Round, before: Round | None) -> bool:
        """Whether the partitions are still ours, and what was folded rests on a state that could be read."""
        if not await self._fence():
            log.warning("attendance.membership_lost")
            self._broken = True
            await self._look_again()
            return False
        if round_.doubts:
            if before is not None:
                await before.over.wait()
            if not self._given_up():
                await self._give_up(before, round_.doubts)
        return not self._given_up()

    async def _tell_states(self, round_: Round, before: Round | None) -> None:
        async with self._sending_states:
            sendings = await asyncio.gather(
                *[part.partition.presence.send(part.presences) for part in round_.parts],
                *[part.partition.context.send(part.contexts()) for part in round_.parts],
            )
        ends = [await sending.delivered() for sending in sendings]
        if before is not None:
            await before.told.wait()
        check(part.partition for part in round_.parts)
        for part, sending, end in zip(round_.parts, sendings, ends, strict=False):
            if sending.records and end is not None:
                part.partition.presence_end = end
            part.presence_end = part.partition.presence_end
        round_.told.set()
        self._metrics.produced(sum(sending.records for sending in sendings))

    async def _tell_entries(self, round_: Round) -> list[int | None]:
        """Gives where each checkpoint ends.

        Raises:
            DoubtfulError: if one does not stand where it should: before it may stand one that asks for a rebuild.
        """
        async with self._sending_entries:
            await asyncio.gather(*[part.take_back() for part in round_.parts])
            checkpoints = await asyncio.gather(
                *[part.partition.context.send([(KEY, part.checkpoint().write(), _JSON)]) for part in round_.parts]
            )
            entries = await asyncio.gather(*[part.partition.timeline.send(part.entries()) for part in round_.parts])
            letters = [
                await self._producer.send(
                    letter.topic, letter.value, key=letter.key, headers=encode_headers(letter.headers)
                )
                for part in round_.parts
                for letter in part.letters
            ]
        ends = [await sending.delivered() for sending in checkpoints]
        for sending in entries:
            await sending.delivered()
        await asyncio.gather(*letters)
        check(part.partition for part in round_.parts)
        self._metrics.produced(len(checkpoints) + sum(sending.records for sending in entries) + len(letters))
        return ends

    def _given_up(self) -> bool:
        """Whether nothing counts any more that is in work."""
        return self._broken

    async def _give_up(self, before: Round | None, doubts: Sequence[Doubt]) -> None:
        """Leave word that these partitions' states are not to be trusted, and have them looked at again, once."""
        self._broken = True
        for doubt in (one for one in doubts if one.rebuild):
            log.warning("attendance.state_disagrees", partition=doubt.partition, topic=doubt.topic, reason=doubt.reason)
            self._metrics.disagreed(doubt.reason)
        if before is not None:
            await before.over.wait()
        await leave_word(self._producer, doubts)
        await self._look_again()

    def _letter(self, record: Record, reason: str) -> OutboxRecord:
        log.warning("attendance.dead_letter", topic=record.topic, offset=record.offset, reason=reason)
        self._metrics.dead_letter()
        return from_consumed(record, service=SERVICE, reason=reason, now=self._clock())
