"""Compare what is told of one event, on the topics and in the read model, with what its log leads to."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.topics import INPUTS, PRESENCE, TIMELINE
from services.attendance.adapters.told import PRESENCE_FIELDS, offsets_of, read_model_of
from services.attendance.application.rebuild import Difference, compare, listed, rebuilt, told_by
from services.attendance.stream.event_log import EventLog, read_event
from services.attendance.stream.fact_sources import FactSource
from services.attendance.stream.membership import APP_ID
from services.attendance.stream.places import place_of
from services.attendance.stream.told_log import read_told
from services.chassis.dead_letter_log import read_all
from services.chassis.dead_letters import Origin
from services.chassis.log_reading import end_offsets, with_records
from services.chassis.settings import CommonSettings

_TRIES: Final = 5
_PATIENCE: Final = 10
_PAUSE_SECONDS: Final = 0.5
_CLIENT: Final = "passerelle-rebuild"

Tell = Callable[[str, int, int], None]
"""Is told what is being done, and how far: of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lag:
    """How many records of the event's partitions wait: facts for the worker, its own records for the read model."""

    worker: int = 0
    read_model: int = 0

    @property
    def total(self) -> int:
        """Both together."""
        return self.worker + self.read_model

    def __bool__(self) -> bool:
        return self.total > 0


class Remedy(StrEnum):
    """What is to be done about the differences of a verdict."""

    WAIT = "wait"
    """For the worker and the read model: they have not caught up, or do not run."""
    CHECK_AGAIN = "check_again"
    """Facts came in while it was compared."""
    RESTORE_LOG = "restore_log"
    """A part of the log is gone: what it said cannot be computed again, and a rebuild would forget it."""
    REBUILD = "rebuild"
    """Have it told anew from the log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came out: nothing was found wrong if there are no `differences`.

    With a `lag`, or where facts kept coming in (`moving`), a difference may be one of time alone. `refused` facts stand
    in the log and count for nothing: the worker has put them among the dead letters. `lost` records are gone from the
    log's partitions.
    """

    facts: int
    people: int
    differences: Sequence[Difference]
    lag: Lag = Lag()
    moving: bool = False
    refused: int = 0
    lost: int = 0

    @property
    def remedy(self) -> Remedy:
        """What helps, if anything differs."""
        if self.lag:
            return Remedy.WAIT
        if self.moving:
            return Remedy.CHECK_AGAIN
        return Remedy.RESTORE_LOG if self.lost else Remedy.REBUILD


async def check_event(
    settings: CommonSettings, engine: AsyncEngine, *, event_id: str, source: Callable[[], FactSource], tell: Tell
) -> Verdict:
    """Compare an event with what its facts lead to, which a new `source` gives each time.

    What differs is looked at again once the worker and the read model have caught up, if they do.

    Raises:
        KafkaAwayError: if no Kafka answers.
        MissingPartitionError: if the topics are not there.
    """
    check = _Check(settings, engine, event_id, source, tell)
    verdict = await check.compared()
    for _ in range(_TRIES):
        if not verdict.differences or not (verdict.lag or verdict.moving) or not await check.caught_up():
            break
        verdict = await check.compared()
    return verdict


class _Check:
    def __init__(
        self,
        settings: CommonSettings,
        engine: AsyncEngine,
        event_id: str,
        source: Callable[[], FactSource],
        tell: Tell,
    ) -> None:
        self._source = source
        self._settings = settings
        self._engine = engine
        self._event_id = event_id
        self._tell = tell
        self._inputs = [place_of(topic, event_id, settings) for topic in INPUTS]
        self._outputs = [place_of(topic, event_id, settings) for topic in (PRESENCE, TIMELINE)]

    async def compared(self) -> Verdict:
        """Read it all, and compare."""
        begin = await ends_of(self._settings, self._event_id)
        read = await read_event(self._source(), self._event_id, progress=partial(self._tell, "Reading the log"))
        topics = await read_told(self._settings, self._event_id, progress=partial(self._tell, "Reading the topics"))
        model = await read_model_of(self._engine, self._event_id)
        self._tell("Comparing", 0, 1)
        log, refused = rebuilt(self._event_id, read.facts), set[str]()
        if untold := log.facts.keys() - topics.entries.keys():
            refused = await self._refused(read, untold)
            log = rebuilt(self._event_id, [fact for fact in read.facts if fact.id not in refused])
        differences = [
            *compare(log, told_by(topics.presences, topics.facts), place="topics"),
            *compare(
                listed(self._event_id, log),
                told_by(model.presences, model.entries, fields=PRESENCE_FIELDS),
                place="read model",
            ),
        ]
        return Verdict(
            facts=len({fact.id for fact in read.facts}) - len(refused),
            people=len(log.presences),
            differences=differences,
            lag=await self._lag() if differences else Lag(),
            moving=begin != await ends_of(self._settings, self._event_id),
            refused=len(refused),
            lost=lost(begin, read),
        )

    async def caught_up(self) -> bool:
        """Wait until nothing of the event waits for anybody; False if nobody works on it."""
        worst = least = (await self._lag()).total
        stalled = 0
        while least and stalled < _PATIENCE:
            self._tell("Waiting for the worker and the read model", worst - least, worst)
            await asyncio.sleep(_PAUSE_SECONDS)
            now = (await self._lag()).total
            stalled = 0 if now < least else stalled + 1
            worst, least = max(worst, now), min(least, now)
        return not least

    async def _refused(self, read: EventLog, untold: Collection[str]) -> set[str]:
        """Of the facts that the timeline does not tell, those that the worker has put among the dead letters."""
        letters = await read_all(self._settings)
        places = [kept.letter.origin for kept in letters if isinstance(kept.letter.origin, Origin)]
        return {read.places[place] for place in places if place in read.places}.intersection(untold)

    async def _lag(self) -> Lag:
        committed = await committed_by_worker(self._settings)
        stored = {TopicPartition(*place): offset for place, offset in (await offsets_of(self._engine)).items()}
        return Lag(
            worker=await self._waiting({place: committed.get(place, 0) for place in self._inputs}),
            read_model=await self._waiting({place: stored.get(place, 0) for place in self._outputs}),
        )

    async def _waiting(self, begins: Mapping[TopicPartition, int]) -> int:
        """How many offsets lie before somebody who goes on at `begins`; none where no record stands there any more."""
        ends = await end_offsets(self._settings, list(begins), client_id=_CLIENT)
        # Kafka says -1 where nothing was committed yet.
        before = {place: max(0, begin) for place, begin in begins.items() if ends[place] > max(0, begin)}
        standing = await with_records(self._settings, before, client_id=_CLIENT) if before else set()
        return sum(ends[place] - before[place] for place in standing)


async def ends_of(settings: CommonSettings, event_id: str) -> dict[TopicPartition, int]:
    """Where the partitions of the log end that hold an event."""
    return await end_offsets(settings, [place_of(topic, event_id, settings) for topic in INPUTS], client_id=_CLIENT)


def lost(ends: Mapping[TopicPartition, int], read: EventLog) -> int:
    """How many records are gone from partitions of the log that ended there before they were read."""
    return sum(max(0, end - read.seen[place]) for place, end in ends.items())


async def committed_by_worker(settings: CommonSettings) -> dict[TopicPartition, int]:
    """Up to where the worker has folded each partition, where it has said so."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, client_id=_CLIENT)
    try:
        await admin.start()
        committed = await admin.list_consumer_group_offsets(APP_ID)
    except KafkaError:
        return {}
    finally:
        await admin.close()
    return {place: found.offset for place, found in committed.items()}
