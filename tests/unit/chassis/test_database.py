"""Databases: instants, transactions, migrations."""

import asyncio
import multiprocessing
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.database import RowNumber, UtcInstant, create_engine, create_reading_engine, padded, upgrade
from services.chassis.logging import remove_personal_data
from tests.databases import ON_BOTH, NewDatabase

METADATA = sa.MetaData()
DOORS = sa.Table(
    "doors",
    METADATA,
    sa.Column("id", RowNumber, primary_key=True, autoincrement=True),
    sa.Column("opened_at", UtcInstant),
    sa.Column("email", sa.String, unique=True),
)
VISITS = sa.Table("visits", METADATA, sa.Column("door", sa.ForeignKey("doors.id"), primary_key=True))
PERSON = "Anna Martin"
NINE = datetime(2026, 11, 22, 9, 0, 0, 123_000, tzinfo=UTC)

ENV = """
import sqlalchemy as sa
from services.chassis.database import run_migrations

run_migrations(sa.MetaData())
"""
REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table("doors", sa.Column("id", sa.Integer, primary_key=True))
    key = sa.ForeignKey("doors.id", ondelete="CASCADE")
    op.create_table("visits", sa.Column("door", sa.Integer, key, primary_key=True))
    op.execute("INSERT INTO doors VALUES (1)")
    op.execute("INSERT INTO visits VALUES (1)")
"""
REBUILD = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    recreate = "always" if op.get_bind().dialect.name == "sqlite" else "never"
    with op.batch_alter_table("doors", recreate=recreate) as doors:
        doors.add_column(sa.Column("gate", sa.String))
"""
BROKEN = """
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("CREATE TABLE half (id INTEGER)")
    op.execute("no SQL")
"""


@pytest.fixture
async def url(new_database: NewDatabase) -> str:
    return await new_database()


@pytest.fixture
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    """An engine on a database that has the tables."""
    engine = create_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield engine
    await engine.dispose()


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """Migrations that make two tables and rebuild one."""
    folder = tmp_path / "100% migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    (folder / "versions" / "0001.py").write_text(REVISION)
    (folder / "versions" / "0002.py").write_text(REBUILD)
    return folder


@ON_BOTH
async def test_an_instant_comes_back_in_utc_to_the_millisecond(engine: AsyncEngine) -> None:
    paris = NINE.astimezone(timezone(timedelta(hours=1))) + timedelta(microseconds=999)
    async with engine.begin() as connection:
        await connection.execute(sa.insert(DOORS), [{"opened_at": paris}, {"opened_at": None}])
        stored = (await connection.execute(sa.select(DOORS.c.opened_at).order_by(DOORS.c.id))).scalars().all()
        found = await connection.execute(sa.select(DOORS.c.id).where(DOORS.c.opened_at == NINE))

    assert stored == [NINE, None]
    assert stored[0] is not None
    assert stored[0].tzinfo is UTC
    assert found.scalars().all() == [1]


@ON_BOTH
async def test_an_instant_before_1970_sorts_before(engine: AsyncEngine) -> None:
    old = datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
    async with engine.begin() as connection:
        await connection.execute(sa.insert(DOORS), [{"opened_at": NINE}, {"opened_at": old}])
        stored = (await connection.execute(sa.select(DOORS.c.opened_at).order_by(DOORS.c.opened_at))).scalars().all()

    assert stored == [old, NINE]


async def test_a_naive_instant_is_refused(engine: AsyncEngine) -> None:
    with pytest.raises(StatementError, match="time zone"):
        async with engine.begin() as connection:
            await connection.execute(sa.insert(DOORS), {"opened_at": NINE.replace(tzinfo=None)})


async def test_a_commit_reaches_the_disk_before_it_returns(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        journal = (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar()
        synchronous = (await connection.exec_driver_sql("PRAGMA synchronous")).scalar()

    assert (journal, synchronous) == ("wal", 2)  # 2 is FULL


async def test_a_reference_to_nothing_is_refused(engine: AsyncEngine) -> None:
    with pytest.raises(IntegrityError):
        async with engine.begin() as connection:
            await connection.execute(sa.insert(VISITS), {"door": 7})


async def test_many_writers_at_once_all_get_their_turn(engine: AsyncEngine, url: str) -> None:
    other = create_engine(url)  # as another process would have

    async def count_up(through: AsyncEngine) -> None:
        async with through.begin() as connection:
            top = (await connection.execute(sa.select(sa.func.count()).select_from(DOORS))).scalar_one()
            await connection.execute(sa.insert(DOORS), {"id": top + 1})

    await asyncio.gather(*(count_up(through) for _ in range(25) for through in (engine, other)))

    async with engine.connect() as connection:
        assert (await connection.execute(sa.select(sa.func.max(DOORS.c.id)))).scalar() == 50
    await other.dispose()


@ON_BOTH
async def test_a_reader_does_not_wait_for_a_writer_and_sees_nothing_half_done(engine: AsyncEngine, url: str) -> None:
    reading = create_reading_engine(url)
    async with engine.begin() as writer:
        await writer.execute(sa.insert(DOORS), {"id": 1})
        async with reading.connect() as reader:
            assert (await reader.execute(sa.select(DOORS))).all() == []

    async with reading.connect() as reader:
        assert len((await reader.execute(sa.select(DOORS))).all()) == 1
    await reading.dispose()


@ON_BOTH
async def test_all_that_a_reader_asks_at_once_is_of_one_moment(engine: AsyncEngine, url: str) -> None:
    reading = create_reading_engine(url)
    async with reading.connect() as reader:
        assert (await reader.execute(sa.select(DOORS))).all() == []
        async with engine.begin() as writer:
            await writer.execute(sa.insert(DOORS), {"id": 1})
        assert (await reader.execute(sa.select(DOORS))).all() == []
    await reading.dispose()


@ON_BOTH
async def test_a_reading_engine_cannot_write(engine: AsyncEngine, url: str) -> None:
    reading = create_reading_engine(url)
    with pytest.raises(DBAPIError, match=r"readonly|read-only"):
        async with reading.begin() as connection:
            await connection.execute(sa.insert(DOORS), {"id": 1})
    await reading.dispose()
    await engine.dispose()


@ON_BOTH
async def test_an_error_of_the_database_does_not_quote_what_was_stored(engine: AsyncEngine) -> None:
    twice = [{"email": PERSON}, {"email": PERSON}]
    with pytest.raises(IntegrityError) as raised:
        async with engine.begin() as connection:
            await connection.execute(sa.insert(DOORS), twice)

    assert PERSON not in str(raised.value)
    logged = remove_personal_data(None, "", {"exception": "".join(traceback.format_exception(raised.value))})
    assert PERSON not in str(logged)


@ON_BOTH
async def test_migrations_bring_the_schema_up_and_keep_what_refers_to_a_rebuilt_table(
    url: str, migrations: Path
) -> None:
    await upgrade(url, migrations)
    await upgrade(url, migrations)

    engine = create_engine(url)
    async with engine.connect() as connection:
        assert tuple((await connection.exec_driver_sql("SELECT id, gate FROM doors")).one()) == (1, None)
        assert (await connection.exec_driver_sql("SELECT door FROM visits")).scalars().all() == [1]
    await engine.dispose()


@ON_BOTH
async def test_a_schema_that_is_the_newest_is_left_alone_until_there_is_a_newer_one(url: str, migrations: Path) -> None:
    await upgrade(url, migrations)
    (migrations / "env.py").write_text("raise AssertionError('Alembic was asked')")

    await upgrade(url, migrations)

    (migrations / "versions" / "0003_broken.py").write_text(BROKEN)
    with pytest.raises(AssertionError, match="Alembic was asked"):
        await upgrade(url, migrations)


async def test_a_migration_that_fails_leaves_nothing_behind(url: str, migrations: Path) -> None:
    await upgrade(url, migrations)
    (migrations / "versions" / "0003.py").write_text(BROKEN)

    with pytest.raises(DBAPIError):
        await upgrade(url, migrations)

    engine = create_engine(url)
    async with engine.connect() as connection:
        assert not await connection.run_sync(lambda inner: sa.inspect(inner).has_table("half"))
        assert (await connection.exec_driver_sql("SELECT version_num FROM alembic_version")).scalar() == "0002"
    await engine.dispose()


def _upgrade(url: str, migrations: Path) -> None:
    asyncio.run(upgrade(url, migrations))


@ON_BOTH
def test_processes_that_start_together_migrate_once(url: str, migrations: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(_upgrade, [(url, migrations)] * 4, chunksize=1)


def test_values_are_padded_to_few_lengths_and_stay_the_same() -> None:
    for count in range(70):
        values = [str(number) for number in range(count)]
        assert set(padded(values)) == set(values)
    assert {len(padded(range(count))) for count in range(1, 65)} == {1, 2, 4, 8, 16, 32, 64}
