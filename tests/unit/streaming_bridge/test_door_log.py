"""What is counted at the door stays small, and nothing waits for it."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from services.chassis.clock import system_clock
from services.chassis.http import LARGEST_BODY
from services.streaming_bridge.adapters.tables import DOOR_COUNTS, REFUSALS
from services.streaming_bridge.application.door_log import Count, DoorLog, Refusal
from services.streaming_bridge.application.housekeeping import Housekeeping
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.domain.errors import StorageUnavailableError, UnstorableError
from services.streaming_bridge.domain.sources import PlatformName, Source
from tests.databases import ON_BOTH
from tests.fakes.bridge import BridgeUnderTest
from tests.fakes.platforms import JitsiShapes

SHAPES = JitsiShapes()


class Book:
    """Nothing can be written, for the reason given, until there is none."""

    def __init__(self, trouble: Exception | None) -> None:
        self.trouble = trouble
        self.counts: list[Count] = []

    async def add(self, counts: Sequence[Count], refusals: Sequence[Refusal]) -> None:  # noqa: ARG002
        if self.trouble is not None:
            raise self.trouble
        self.counts += counts


class NoSources:
    async def all(self) -> Sequence[Source]:
        return ()

    async def add(self, source: Source) -> None:
        raise NotImplementedError

    async def replace(self, source: Source) -> None:
        raise NotImplementedError

    async def remove(self, name: str) -> None:
        raise NotImplementedError


class Swept:
    """The rest of the housekeeping: says when it was done."""

    def __init__(self) -> None:
        self.done = asyncio.Event()

    async def sweep(self, *, now: datetime) -> int:
        assert now.tzinfo is UTC
        return 0

    async def forget(self, *, seen_before: datetime, now: datetime) -> int:
        assert seen_before < now
        return 0

    async def unclaimed(self) -> tuple[int, datetime | None]:
        self.done.set()
        return 0, None

    async def scrub(self) -> int:
        return 0


def a_door(book: Book) -> DoorLog:
    return DoorLog(book, system_clock, is_source=lambda name: name == "main")


@ON_BOTH
async def test_a_body_that_is_too_large_is_counted_by_name_only_for_a_source(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="jitsi", name=SHAPES.source, domain="meet.example.org", webhook_token="t" * 20)
    too_large = b" " * (LARGEST_BODY + 1)
    for name in (SHAPES.source, "x" * 300, *(f"made-up-{number}" for number in range(3))):
        await bridge.post(f"/webhooks/jitsi/{name}/events/room/created", too_large, {}, status=413)
    await bridge.bridge.housekeeping.door.write()
    rows = await bridge.rows(sa.select(DOOR_COUNTS).order_by(DOOR_COUNTS.c.source))
    assert [(row.source, row.word, row.number) for row in rows] == [
        ("", "too_large", 4),
        (SHAPES.source, "too_large", 1),
    ]
    assert len(await bridge.rows(sa.select(REFUSALS))) == 5


async def test_while_nothing_can_be_written_no_more_names_are_held() -> None:
    book = Book(StorageUnavailableError())
    door = a_door(book)
    for flood in range(5):
        for number in range(30):
            door.refused(PlatformName.JITSI, f"made-up-{flood}-{number}", "unknown_source")
        door.refused(PlatformName.JITSI, "main", "unknown_source")
        try:
            await door.write()
        except StorageUnavailableError:
            continue
    book.trouble = None
    await door.write()
    assert len(book.counts) == 22
    assert {count.fate.source: count.number for count in book.counts if count.number > 1} == {"": 130, "main": 5}


async def test_housekeeping_goes_on_when_what_is_counted_cannot_be_written() -> None:
    for trouble in (StorageUnavailableError(), UnstorableError()):
        door, rest = a_door(Book(trouble)), Swept()
        door.refused(PlatformName.JITSI, "main", "signature_wrong")
        housekeeping = Housekeeping(
            book=SourceBook(NoSources(), system_clock),
            door=door,
            inbox=rest,
            guests=rest,
            clock=system_clock,
            keep_names=timedelta(days=30),
            unclaimed=lambda _count, _age: None,
            scrub=rest.scrub,
        )
        running = asyncio.create_task(housekeeping.run())
        await asyncio.wait_for(rest.done.wait(), 30)
        running.cancel()
