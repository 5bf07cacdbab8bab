"""The whole log, folded as fast as it goes: each partition by itself, in processes of their own, past Faust."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from aiokafka import TopicPartition

from schemas.topics import INPUTS
from services.attendance.application.log_fold import LogFold
from services.attendance.domain.fold import EventPresence
from services.chassis.log_reading import read_batches
from services.chassis.settings import CommonSettings

Result = TypeVar("Result")


async def fold_whole_log(
    settings: CommonSettings, work: Callable[[Mapping[str, EventPresence]], Result], *, executor: Executor
) -> Sequence[Result]:
    """Fold every event that the log speaks of; what `work` makes of the events of each partition, by its number.

    With an executor of processes, `work` runs there and what it gives comes back: make it small.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the topics are not there.
    """
    loop = asyncio.get_running_loop()
    folding = partial(fold_partition, settings, work)
    return await asyncio.gather(*(loop.run_in_executor(executor, folding, n) for n in range(settings.partitions)))


def fold_partition(
    settings: CommonSettings, work: Callable[[Mapping[str, EventPresence]], Result], number: int
) -> Result:
    """Fold the events of one partition, in a thread or process that has no event loop."""
    return asyncio.run(_folded(settings, work, number))


async def _folded(
    settings: CommonSettings, work: Callable[[Mapping[str, EventPresence]], Result], number: int
) -> Result:
    fold = LogFold()
    places = [TopicPartition(topic.name, number) for topic in INPUTS]
    async for batch in read_batches(settings, places, client_id="passerelle-whole-log"):
        for record in batch.records:
            fold.take(record.key, record.value)
    return work(fold.presences())
