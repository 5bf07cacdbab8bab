"""Handover: partitions are given to this worker and taken away, and what they hold is taken to the desk.

It hangs the rounds into Faust at three places: an agent on the facts, the revocation of partitions, and the end of
recovery.
"""

import asyncio
import gc
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, cast

import structlog
from aiokafka import AIOKafkaProducer
from faust import Agent, Stream
from faust.types import TP, StreamT

from schemas import topics
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.batches import BatchApp, BatchConsumer, BatchSchema, CommitRefusedError
from services.attendance.stream.desk import Desk
from services.attendance.stream.membership import APP_ID
from services.attendance.stream.metrics import WorkerMetrics
from services.attendance.stream.opening import Opened, Opening
from services.attendance.stream.partitions import Stores
from services.attendance.stream.rounds import Rounds
from services.chassis.clock import Clock
from services.chassis.kafka import new_consumer

_INPUTS: Final = frozenset(topic.name for topic in topics.INPUTS)
_SHORT_WAIT_MS: Final = 20
_COLLECT_AFTER: Final = (50_000, 20, 100)

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the worker works with."""

    settings: AttendanceSettings
    producer: AIOKafkaProducer
    clock: Clock
    metrics: WorkerMetrics


class Handover:
    """Between Faust's consumer and the rounds."""

    def __init__(
        self,
        *,
        app: BatchApp,
        consumer: BatchConsumer,
        stores: Stores,
        tools: Tools,
        rounds: Rounds,
        desk: Desk,
        ready: asyncio.Event,
    ) -> None:
        """`ready` is set while partitions are open, and cleared while they change hands."""
        self._app = app
        self._consumer = consumer
        self._metrics = tools.metrics
        self._rounds = rounds
        self._desk = desk
        self._ready = ready
        self._began = monotonic()
        self._opening = Opening(
            stores=stores,
            producer=tools.producer,
            new_consumer=lambda: new_consumer(
                tools.settings, client_id=f"{APP_ID}-opening", longest_wait_ms=_SHORT_WAIT_MS
            ),
        )

    def connect(self) -> None:
        """Hang it in; call it before the app starts."""
        facts = self._app.topic(*_INPUTS, schema=BatchSchema(), value_type=bytes)
        # Not by `app.agent`, which for its scan of modules asks each one loaded where its source is.
        report = self._app._on_agent_error  # noqa: SLF001  (what `app.agent` gives them)
        agent = Agent(self._lay, name="fold", app=self._app, channel=facts, on_error=report)
        self._app.agents[agent.name] = agent
        self._app.on_rebalance_complete.connect(self._open, weak=False)
        self._consumer.settle = self._settle
        self._metrics.watch(behind=self._consumer.behind, rebuilding=self._rounds.rebuilding)

    async def _lay(self, stream: StreamT[Any]) -> None:
        """Lay batches on the desk; those of a partition that is being given away come again to whoever gets it."""
        async for event in cast("Stream[Any]", stream).noack().events():
            if self._consumer.flow_active:
                self._consumer.hand_over(event.message)
                await self._desk.lay(event, epoch=self._desk.epoch)

    async def _settle(self) -> None:
        self._began = monotonic()
        self._ready.clear()
        await self._rounds.settle()

    async def _open(self, *_: object, **__: object) -> None:
        """All state is recovered: verify it, and begin."""
        generation = self._app.consumer_generation_id
        numbers = {tp.partition for tp in self._consumer.assignment() if tp.topic in _INPUTS}
        committed = await self._consumer.committed() if numbers else {}
        opened = await self._opening.open(numbers, committed=committed)
        if generation != self._app.consumer_generation_id:
            return  # Given away meanwhile; this comes again.
        self._tell(opened)
        to_tell = [part.partition for part in opened if part.disagreement is not None or part.fresh]
        await self._rounds.open([part.partition for part in opened], tell=to_tell)
        # Only now: a partition that is to be rebuilt says so, before its commit says that it was never folded.
        again = {part.partition.number: part.partition for part in opened if part.disagreement is not None}
        fresh = {tp: 0 for number in numbers for topic in _INPUTS if (tp := TP(topic, number)) not in committed}
        starts = {TP(topic, n): part.offsets.get(topic, 0) for n, part in again.items() for topic in _INPUTS}
        try:
            await self._consumer.commit_start(fresh | starts)
        except CommitRefusedError:
            # The group changes: these partitions may be somebody else's by now. Whoever gets them opens them anew.
            log.info("attendance.start_refused", partitions=sorted(numbers))
            self._rounds.abandon()
            await self._consumer.rejoin()
            return
        self._metrics.opened(partitions=len(opened), seconds=monotonic() - self._began)
        log.info("attendance.partitions_opened", partitions=sorted(numbers), rebuilding=sorted(again))
        _spare_collections()
        self._ready.set()

    def _tell(self, opened: Sequence[Opened]) -> None:
        for part in opened:
            if part.disagreement is not None:
                log.warning("attendance.state_disagrees", partition=part.partition.number, reason=part.disagreement)
                self._metrics.disagreed(part.disagreement)


def _spare_collections() -> None:
    """Look for cycles less often, and never among what is here to stay: the fold makes none, and holds many objects."""
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
