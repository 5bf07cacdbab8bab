"""What is deleted is gone from the files of SQLite."""

import random
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.database import create_engine, create_reading_engine
from services.chassis.scrubbing import Scrubbing, owe, scrubs_table
from tests.databases import ON_BOTH, NewDatabase

METADATA: Final = sa.MetaData()
SCRUBS: Final = scrubs_table(METADATA)
PEOPLE: Final = sa.Table("people", METADATA, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text))
NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
NIGHT: Final = datetime(2026, 11, 24, 2, tzinfo=UTC)


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    return await new_database()


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield engine
    await engine.dispose()


def named(url: str) -> set[str]:
    """Whose names are anywhere in the files."""
    file = Path(sa.make_url(url).database or "")
    files = [each for each in file.parent.iterdir() if each.name.startswith(file.name)]
    return {found.decode() for each in files for found in re.findall(rb"Marker-[0-9]+-", each.read_bytes())}


async def test_a_deleted_row_is_overwritten_even_in_a_file_that_is_too_large_to_be_written_anew_by_day(
    engine: AsyncEngine, url: str
) -> None:
    async with engine.begin() as connection:
        await connection.execute(sa.insert(PEOPLE).values(name="Marker-1-"))
        await connection.execute(sa.insert(PEOPLE).values(name="Marker-2-"))
    async with engine.begin() as connection:
        await connection.execute(sa.delete(PEOPLE).where(PEOPLE.c.id == 1))
        await owe(connection, SCRUBS, now=NOON)
    assert await Scrubbing(engine, SCRUBS, lambda: NOON, at_most=0).scrub_owed() == 0
    assert named(url) == {"Marker-2-"}
    assert await Scrubbing(engine, SCRUBS, lambda: NIGHT, at_most=0).scrub_owed() == 1


async def test_after_scrubbing_no_copy_is_left_between_the_rows_or_in_the_log_of_writes(
    engine: AsyncEngine, url: str
) -> None:
    # Rows of many lengths, changed and deleted in any order, make SQLite move them from page to page.
    chance, people = random.Random(1), list(range(1, 2001))
    async with engine.begin() as connection:
        rows = [{"id": each, "name": f"Marker-{each}-" + "n" * chance.randrange(5, 90)} for each in people]
        await connection.execute(sa.insert(PEOPLE), rows)
    chance.shuffle(people)
    for start in range(0, 1800, 100):
        async with engine.begin() as connection:
            for each in people[start : start + 100]:
                longer = f"Marker-{each}-" + "n" * chance.randrange(5, 400)
                await connection.execute(sa.update(PEOPLE).where(PEOPLE.c.id == each).values(name=longer))
            await connection.execute(sa.delete(PEOPLE).where(PEOPLE.c.id.in_(people[start : start + 100])))
            await owe(connection, SCRUBS, now=NOON)
    kept = {f"Marker-{each}-" for each in people[1800:]}
    assert named(url) > kept
    assert await Scrubbing(engine, SCRUBS, lambda: NOON).scrub_owed() == 18
    assert named(url) == kept


async def test_what_somebody_reads_is_scrubbed_afterwards(engine: AsyncEngine, url: str) -> None:
    reader = create_reading_engine(url)
    scrubbing = Scrubbing(engine, SCRUBS, lambda: NOON)
    for _ in range(2):
        async with engine.begin() as connection:
            await connection.execute(sa.insert(PEOPLE).values(name="Marker-1-"))
        async with reader.connect() as reading:
            await reading.execute(sa.select(PEOPLE))
            async with engine.begin() as connection:
                await connection.execute(sa.delete(PEOPLE))
                await owe(connection, SCRUBS, now=NOON)
            assert await scrubbing.scrub_owed() == 0
        assert await scrubbing.scrub_owed() == 1
        assert named(url) == set()
    await reader.dispose()


@ON_BOTH
async def test_nothing_owed_is_nothing_done_and_what_is_owed_is_done_once(engine: AsyncEngine) -> None:
    scrubbing = Scrubbing(engine, SCRUBS, lambda: NOON)
    assert await scrubbing.scrub_owed() == 0
    async with engine.begin() as connection:
        await owe(connection, SCRUBS, now=NOON)
    assert [await scrubbing.scrub_owed() for _ in range(2)] == [1, 0]
