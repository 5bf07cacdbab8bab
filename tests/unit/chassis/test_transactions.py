"""Whole transactions: all or nothing, one after the other; on SQLite never inside the event loop."""

import asyncio
import random
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.database import create_engine, create_reading_engine
from services.chassis.json_text import JsonText
from services.chassis.transactions import in_transaction
from tests.databases import ON_BOTH, NewDatabase

METADATA = sa.MetaData()
COUNTS = sa.Table(
    "counts",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("number", sa.Integer),
    sa.Column("said", sa.JSON),
)


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


def put(name: str, count: int) -> sa.Insert:
    return sa.insert(COUNTS).values(name=name, number=count)


async def stored(engine: AsyncEngine) -> dict[str, int]:
    async with engine.connect() as connection:
        return {row.name: row.number for row in await connection.execute(sa.select(COUNTS))}


@ON_BOTH
async def test_what_returns_is_committed_and_gives_its_answer(engine: AsyncEngine) -> None:
    def work(connection: Connection) -> str:
        connection.execute(put("a", 1))
        return "done"

    assert await in_transaction(engine, work) == "done"
    assert await stored(engine) == {"a": 1}


@ON_BOTH
async def test_what_raises_leaves_nothing_behind_and_the_next_one_works(engine: AsyncEngine) -> None:
    def work(connection: Connection) -> None:
        connection.execute(put("a", 1))
        connection.execute(put("a", 2))

    with pytest.raises(IntegrityError):
        await in_transaction(engine, work)
    await in_transaction(engine, lambda connection: connection.execute(put("b", 1)))
    assert await stored(engine) == {"b": 1}


async def test_the_event_loop_goes_on_meanwhile(engine: AsyncEngine) -> None:
    let_go = threading.Event()

    def work(_: Connection) -> bool:
        return let_go.wait(20)

    waiting = asyncio.create_task(in_transaction(engine, work))
    await asyncio.sleep(0)
    let_go.set()
    assert await waiting


@ON_BOTH
async def test_transactions_of_both_kinds_wait_their_turn(engine: AsyncEngine) -> None:
    await in_transaction(engine, lambda connection: connection.execute(put("a", 0)))
    count_up = sa.update(COUNTS).values(number=COUNTS.c.number + 1)

    async def statement_by_statement() -> None:
        async with engine.begin() as connection:
            await connection.execute(count_up)

    def as_a_whole(connection: Connection) -> None:
        connection.execute(count_up)

    await asyncio.gather(
        *(statement_by_statement() for _ in range(20)), *(in_transaction(engine, as_a_whole) for _ in range(20))
    )
    assert await stored(engine) == {"a": 40}


async def test_whoever_is_cancelled_does_not_disturb_those_who_come_after(engine: AsyncEngine) -> None:
    began, let_go = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        connection.execute(put("slow", 1))
        began.set()
        let_go.wait(20)

    cancelled = asyncio.create_task(in_transaction(engine, slow))
    await asyncio.to_thread(began.wait, 20)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    after = asyncio.create_task(in_transaction(engine, lambda connection: connection.execute(put("after", 2))))
    let_go.set()
    await after
    assert await stored(engine) == {"slow": 1, "after": 2}


async def test_whoever_is_cancelled_and_whenever_no_lock_is_left(engine: AsyncEngine) -> None:
    async def one_by_one(opened: AsyncEngine) -> None:
        while True:
            async with opened.begin() as connection:
                (await connection.execute(sa.select(COUNTS))).all()
                await connection.execute(sa.delete(COUNTS).where(COUNTS.c.name == "a"))
                await connection.execute(put("a", 1))

    await in_transaction(
        engine, lambda connection: connection.execute(sa.insert(COUNTS), [{"name": str(n)} for n in range(50)])
    )
    moments = random.Random(7)
    cancelled = []  # Kept, with all that their errors hold: a garbage collector that is long in coming.
    for _ in range(60):
        opened = create_engine(str(engine.url))
        cancelled.append(asyncio.create_task(one_by_one(opened)))
        await stored(opened)
        await asyncio.sleep(moments.uniform(0, 0.005))
        cancelled[-1].cancel()
        await asyncio.wait(cancelled[-1:])
        await opened.dispose()
        with closing(sqlite3.connect(str(engine.url.database), timeout=1, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")


@ON_BOTH
async def test_a_reading_engine_reads_and_cannot_write(engine: AsyncEngine, url: str) -> None:
    await in_transaction(engine, lambda connection: connection.execute(put("a", 1)))
    reading = create_reading_engine(url)
    names = await in_transaction(
        reading, lambda connection: connection.execute(sa.select(COUNTS.c.name)).scalars().all()
    )
    assert names == ["a"]
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        await in_transaction(reading, lambda connection: connection.execute(put("b", 1)))
    await reading.dispose()


@ON_BOTH
async def test_json_that_is_text_already_is_stored_as_it_is(engine: AsyncEngine) -> None:
    said = '{"a":  [1, "é"]}'

    def work(connection: Connection) -> None:
        connection.execute(sa.insert(COUNTS), {"name": "a", "number": 0, "said": JsonText(said)})
        connection.execute(sa.insert(COUNTS), {"name": "b", "number": 0, "said": {"b": 2}})

    await in_transaction(engine, work)
    async with engine.connect() as connection:
        texts = (await connection.execute(sa.select(sa.cast(COUNTS.c.said, sa.Text)))).scalars().all()
        values = (await connection.execute(sa.select(COUNTS.c.said))).scalars().all()
    assert texts == [said, '{"b": 2}']
    assert values == [{"a": [1, "é"]}, {"b": 2}]
