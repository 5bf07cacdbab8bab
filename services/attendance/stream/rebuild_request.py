"""Have one event told anew from the log: the worker is asked to fold its partition again, and the read model follows.

The worker is asked in a way that works whether it runs or not: its partition gets a checkpoint that says that the state
is not to be trusted. The next worker to open the partition finds it. One that has it open finds at its next round that
its own checkpoint came to stand behind a stranger's; so that there is a next round, a fact is told a second time.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from aiokafka import AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.timeline import TimelineEntry
from schemas.topics import ATTENDANCE_CONTEXT, PRESENCE, TIMELINE
from services.attendance.adapters.forgetting import forget_event
from services.attendance.application.rebuild import rebuilt
from services.attendance.stream.checkpoints import DOUBT, KEY
from services.attendance.stream.event_log import read_event
from services.attendance.stream.fact_sources import FactSource
from services.attendance.stream.places import place_of
from services.attendance.stream.rebuild_check import Tell, ends_of, lost
from services.attendance.stream.told_ends import withdrawn
from services.attendance.stream.told_log import read_told
from services.chassis.errors import OperatorError
from services.chassis.kafka import new_producer, record_headers
from services.chassis.settings import CommonSettings

_CLIENT: Final = "passerelle-rebuild"
_JSON: Final = [("content-type", b"application/json")]


class NothingToRebuildError(OperatorError):
    """The log has no fact of the event."""

    def __init__(self, event_id: str) -> None:
        """Name it."""
        super().__init__(f"The log has no fact of {event_id}.")


class IncompleteLogError(OperatorError):
    """Records of the log are gone: a rebuild would forget what they said."""

    def __init__(self, count: int) -> None:
        """Say how many."""
        super().__init__(
            f"{count} records are gone from the log's partitions (deleted or compacted): a rebuild would forget what "
            "they said. Nothing was changed. Give the archive that has them (--archive), or restore the topics from a "
            "backup first"
        )
        self.count = count


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """What was asked for: the event's partition is folded again, and so many entries that nothing leads to are gone."""

    partition: int
    facts: int
    withdrawn: int


async def request_rebuild(
    settings: CommonSettings, engine: AsyncEngine, *, event_id: str, source: FactSource, now: datetime, tell: Tell
) -> Requested:
    """Ask for it; the worker and the read model do it afterwards, in some seconds if they run.

    `source` tells what there is to be told; all of it has to stand in the log.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the topics are not there.
        NothingToRebuildError, IncompleteLogError: if there is no log, or not all of it; nothing has changed then.
    """
    ends = await ends_of(settings, event_id)
    # The topics first: whatever they tell rests on facts that are in the log when that is read.
    told = await read_told(settings, event_id, progress=lambda done, total: tell("Reading the topics", done, total))
    read = await read_event(source, event_id, progress=lambda done, total: tell("Reading the log", done, total))
    if read.latest is None:
        raise NothingToRebuildError(event_id)
    if gone := lost(ends, read):
        raise IncompleteLogError(gone)
    untrue = told.entries.keys() - rebuilt(event_id, read.facts).facts.keys()
    context = place_of(ATTENDANCE_CONTEXT, event_id, settings)
    async with new_producer(settings, client_id=_CLIENT) as producer:
        await _withdraw(producer, [told.entries[one] for one in sorted(untrue)], now=now)
        await producer.send_and_wait(context.topic, DOUBT.write(), key=KEY, partition=context.partition, headers=_JSON)
        partitions = [(topic.name, context.partition) for topic in (PRESENCE, TIMELINE)]
        await forget_event(engine, event_id, partitions=partitions)
        topic, record = read.latest
        await producer.send_and_wait(topic, record, key=event_id.encode(), headers=record_headers())
    return Requested(partition=context.partition, facts=len({fact.id for fact in read.facts}), withdrawn=len(untrue))


async def _withdraw(producer: AIOKafkaProducer, entries: Iterable[TimelineEntry], *, now: datetime) -> None:
    """A worker that lost its state no longer knows that it told them."""
    for entry in entries:
        key, record = entry.data.event_id.encode(), withdrawn(entry, at=now)
        await producer.send_and_wait(TIMELINE.name, record, key=key, headers=record_headers())
