"""From real Kafka into the read model: rows and offsets together, once each, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import select

from schemas import topics
from schemas.envelope import Fact
from schemas.identifiers import new_event_id
from schemas.presence import PresenceChanged
from schemas.registration import Mode
from schemas.timeline import TimelineEntry
from services.attendance.adapters.tables import MIGRATIONS, offsets
from services.attendance.adapters.timeline import Filter, Moment, SqlTimeline
from services.attendance.bootstrap import Parts, assembled, project, read_model
from services.attendance.domain.fold import Status
from services.attendance.domain.reading import Entry
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.projector import BehindError
from services.chassis.dead_letter_log import read_all
from services.chassis.kafka import new_producer
from services.chassis.settings import load_settings
from services.chassis.topics import ensure_topics
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.attendance_facts import EventFacts, colloquium, participant
from tests.fakes.attendance_log import told

ANNE = participant(1)
PARTITION = 3


@pytest.fixture
async def settings(kafka: str, tmp_path: Path, new_database: NewDatabase) -> AttendanceSettings:
    database = await new_database(MIGRATIONS)
    loaded = load_settings(AttendanceSettings, kafka=kafka, data_dir=tmp_path, attendance_database=database)
    await ensure_topics(kafka, topics.ALL, partitions=loaded.partitions)
    return loaded


@pytest.fixture
async def producer(settings: AttendanceSettings) -> AsyncIterator[AIOKafkaProducer]:
    async with new_producer(settings, client_id="test-worker") as started:
        yield started


@asynccontextmanager
async def projecting(settings: AttendanceSettings) -> AsyncIterator[Parts]:
    """A web side whose projector runs, until the block ends."""
    async with assembled(settings) as parts:
        running = asyncio.create_task(project(settings, parts))
        try:
            yield parts
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Poll for a condition, and fail at the deadline."""
    async with asyncio.timeout(60):
        while not await condition():
            await asyncio.sleep(0.02)


async def tell(producer: AIOKafkaProducer, facts: Sequence[Fact], *, only: int | None = None) -> None:
    """Write what the worker would write of facts; with `only`, the entries of the last so many of them."""
    log = told(facts)
    await write(producer, log.entries if only is None else log.entries[-only:], log.presences)


async def write(
    producer: AIOKafkaProducer, entries: Sequence[TimelineEntry], presences: Sequence[PresenceChanged]
) -> None:
    for entry in entries:
        key = entry.data.event_id.encode()
        await producer.send_and_wait(topics.TIMELINE.name, entry.to_bytes(), key, PARTITION)
    for presence in presences:
        key = f"{presence.data.event_id}/{presence.subject}".encode()
        await producer.send_and_wait(topics.PRESENCE.name, presence.to_bytes(), key, PARTITION)


async def timeline_of(timeline: SqlTimeline, event_id: str) -> list[Entry]:
    return await timeline.forward(event_id, after=None, limit=10_000, wanted=Filter())


def holds(timeline: SqlTimeline, facts: EventFacts) -> Callable[[], Awaitable[object]]:
    """Whether every fact has its entry, and everybody stands where the last of them leads."""
    subjects = {record.subject for record in told(facts.written).presences}

    async def condition() -> bool:
        known = {entry.id for entry in await timeline_of(timeline, facts.event_id)}
        standing = {person.subject for person in await timeline.standings(facts.event_id)}
        return known == {fact.id for fact in facts.written} and standing == subjects

    return condition


def moved_on(timeline: SqlTimeline, before: Moment) -> Callable[[], Awaitable[object]]:
    """Whether any entry was stored since."""

    async def condition() -> bool:
        return (await timeline.moment()).position > before.position

    return condition


def small_event() -> EventFacts:
    facts = EventFacts(event_id=new_event_id())
    facts.event()
    facts.registered(ANNE, Mode.IN_PERSON)
    facts.checked_in(ANNE, 0)
    return facts


@ON_BOTH
async def test_what_the_worker_tells_is_in_the_read_model(
    settings: AttendanceSettings, producer: AIOKafkaProducer
) -> None:
    facts = small_event()
    await tell(producer, facts.written)
    async with projecting(settings) as parts:
        await until(holds(parts.timeline, facts))
        assert [entry.id for entry in await timeline_of(parts.timeline, facts.event_id)] == [
            fact.id for fact in facts.written
        ]
        (standing,) = await parts.timeline.standings(facts.event_id)
        assert (standing.subject, standing.presence.status) == (ANNE, Status.ON_SITE)
        event = await parts.timeline.event(facts.event_id)
        assert event is not None
        assert event.capacity.in_person == 200


async def test_a_restart_goes_on_from_the_offsets_in_the_database(
    settings: AttendanceSettings, producer: AIOKafkaProducer
) -> None:
    facts = small_event()
    await tell(producer, facts.written)
    async with projecting(settings) as parts:
        await until(holds(parts.timeline, facts))
        before = await parts.timeline.moment()
    facts.checked_out(ANNE, 60)
    await tell(producer, facts.written, only=1)
    async with projecting(settings) as parts:
        await until(holds(parts.timeline, facts))
        after = await parts.timeline.moment()
    assert after.epoch == before.epoch
    assert after.position > before.position + 1, "a power cut may have taken positions that readers know"


@ON_BOTH
async def test_a_projector_cut_off_at_any_moment_leaves_no_gap_and_no_double(
    settings: AttendanceSettings, producer: AIOKafkaProducer
) -> None:
    facts = colloquium(new_event_id(), people=20)
    log = told(facts.written)
    for part in range(4):
        async with projecting(settings) as parts:
            # It has its connections: one that is being opened when it is cut off, aiokafka would forget.
            await until(partial(_ready, parts))
            before = await parts.timeline.moment()
            telling = asyncio.create_task(write(producer, log.entries[part::4], log.presences[part::4]))
            # Cut off in mid-work: something is stored, and more is on its way.
            await until(moved_on(parts.timeline, before))
        await telling
    async with projecting(settings) as parts:
        await until(holds(parts.timeline, facts))
        entries = await timeline_of(parts.timeline, facts.event_id)
        assert len({entry.position for entry in entries}) == len(entries)
        stored = {person.subject: person.presence for person in await parts.timeline.standings(facts.event_id)}
        expected = {record.subject: (record.data.status.value, len(record.data.intervals)) for record in log.presences}
        assert {who: (presence.status.value, len(presence.intervals)) for who, presence in stored.items()} == expected


@ON_BOTH
async def test_the_same_entry_again_changes_nothing(settings: AttendanceSettings, producer: AIOKafkaProducer) -> None:
    facts = small_event()
    await tell(producer, facts.written)
    async with projecting(settings) as parts:
        await until(holds(parts.timeline, facts))
        before = await timeline_of(parts.timeline, facts.event_id)
        await tell(producer, facts.written)
        later = small_event()
        await tell(producer, later.written)
        await until(holds(parts.timeline, later))
        assert await timeline_of(parts.timeline, facts.event_id) == before


async def test_a_record_without_a_value_takes_the_presence_away(
    settings: AttendanceSettings, producer: AIOKafkaProducer
) -> None:
    facts = small_event()
    await tell(producer, facts.written)
    async with projecting(settings) as parts:
        await until(holds(parts.timeline, facts))
        await producer.send_and_wait(
            topics.PRESENCE.name, None, f"{facts.event_id}/{ANNE}".encode(), partition=PARTITION
        )

        async def gone() -> bool:
            return await parts.timeline.standings(facts.event_id) == []

        await until(gone)


@pytest.mark.parametrize(
    "topic, key, value, reason",
    [
        (topics.TIMELINE.name, b"evt", b"not json", "value: Invalid JSON"),
        (topics.TIMELINE.name, b"evt", small_event().written[1].to_bytes(), "type: a timeline entry was expected here"),
        (topics.PRESENCE.name, b"evt/par", b'{"type": "unknown"}', "type: not a type that this version knows"),
        (topics.PRESENCE.name, b"no-slash", b"{}", "key: event_id/subject was expected"),
    ],
)
async def test_what_cannot_be_read_is_a_dead_letter_and_the_partition_goes_on(
    settings: AttendanceSettings, producer: AIOKafkaProducer, topic: str, key: bytes, value: bytes, reason: str
) -> None:
    sent = await producer.send_and_wait(topic, value, key, PARTITION)
    facts = small_event()
    await tell(producer, facts.written)
    async with projecting(settings) as parts:
        await until(holds(parts.timeline, facts))

        async def kept() -> bool:
            letters = [kept.letter for kept in await read_all(settings)]
            return any(
                (letter.value, letter.service) == (value, "attendance")
                and letter.reason.startswith(reason)
                and getattr(letter.origin, "offset", None) == sent.offset
                for letter in letters
            )

        await until(kept)


@ON_BOTH
async def test_two_projectors_on_one_read_model_neither_lose_nor_double(
    settings: AttendanceSettings, producer: AIOKafkaProducer
) -> None:
    facts = colloquium(new_event_id(), people=10)
    async with projecting(settings) as one, projecting(settings) as other:
        await tell(producer, facts.written)
        await until(holds(one.timeline, facts))
        await until(holds(other.timeline, facts))
        entries = await timeline_of(one.timeline, facts.event_id)
        assert len({entry.position for entry in entries}) == len(entries) == len(facts.written)


async def test_the_stored_offsets_are_those_after_the_stored_rows(
    settings: AttendanceSettings, producer: AIOKafkaProducer
) -> None:
    facts = small_event()
    await tell(producer, facts.written)
    async with projecting(settings) as parts:
        await until(holds(parts.timeline, facts))
        await until(lambda: _ready(parts))
    last = await producer.send_and_wait(topics.TIMELINE.name, b"probe", b"evt", PARTITION)
    async with read_model(settings) as (_, reading), reading.connect() as connection:
        where = (offsets.c.topic == topics.TIMELINE.name) & (offsets.c.partition == PARTITION)
        assert (await connection.execute(select(offsets.c.next_offset).where(where))).scalar_one() == last.offset


async def _ready(parts: Parts) -> bool:
    try:
        await parts.projector.check()
    except BehindError:
        return False
    return True
