"""Databases: SQLite embedded and PostgreSQL in production, behind SQLAlchemy's asynchronous engine.

On SQLite one process writes through one connection, one transaction at a time, each begun with BEGIN IMMEDIATE: writers
wait their turn in order instead of meeting `database is locked`. So never open a second writing connection inside a
transaction; reads that may be long belong to a `create_reading_engine`.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from services.chassis.json_text import to_json
from services.chassis.transactions import connector

Value = TypeVar("Value")

BUSY_TIMEOUT_MS: Final = 30_000
"""How long a connection of SQLite waits for others."""
_MIGRATION_LOCK: Final = 7_243_117_201
"""The PostgreSQL advisory lock that is held while migrations run: any number that nothing else uses."""
_VERSIONS: Final = sa.table("alembic_version", sa.column("version_num"))
_REVISION: Final = re.compile(r'^revision = "(.+)"$', re.MULTILINE)
_FOLLOWS: Final = re.compile(r'^down_revision = "(.+)"$', re.MULTILINE)
_AWAY_STATES: Final = ("08", "53", "57P")
"""How PostgreSQL's codes begin for a connection that failed, a server that is full, and one that starts or stops."""
# Opening one costs more than many transactions: those beyond the usual five would be opened and closed all the time.
# Each service has two engines, and PostgreSQL takes a hundred by default.
_KEPT_CONNECTIONS: Final[Mapping[str, Any]] = {"pool_size": 10, "max_overflow": 0}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

# SQLite numbers rows by itself only in a column declared INTEGER.
RowNumber = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""The type of an autoincrementing primary key."""


class UtcInstant(TypeDecorator[datetime]):
    """An aware instant in whole milliseconds, kept as a number so that every database sorts and compares it alike."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Store milliseconds since 1970.

        Raises:
            ValueError: if the instant is naive.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "an instant needs a time zone"
            raise ValueError(msg)
        return (value - _EPOCH) // _MILLISECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the instant back, in UTC."""
        return None if value is None else _EPOCH + value * _MILLISECOND


def create_engine(url: str, *, durable: bool = True) -> AsyncEngine:
    """Open the database for reading and writing; what is committed is on the disk (SQLite: WAL, synchronous FULL).

    If it is not to be `durable`, a power cut may take the last transactions of SQLite, in their order and whole; they
    need not wait for the disk then. That is for what can be read again from where the database says it stands.
    """
    if not _is_sqlite(url):
        return create_async_engine(
            url, hide_parameters=True, pool_pre_ping=True, json_serializer=to_json, **_KEPT_CONNECTIONS
        )
    engine = create_async_engine(
        url,
        json_serializer=to_json,
        async_creator=connector(url, reads_only=False),
        hide_parameters=True,
        pool_size=1,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        pool_reset_on_return=None,  # Every transaction ends where it began: nothing is left to roll back.
    )
    # What is deleted is overwritten, and not left in the file: it may be what was known of somebody.
    pragmas = ("journal_mode=WAL", "foreign_keys=ON", "secure_delete=ON", *(() if durable else ("synchronous=NORMAL",)))
    _prepare_sqlite(engine, begin="BEGIN IMMEDIATE", pragmas=pragmas)
    return engine


def create_reading_engine(url: str) -> AsyncEngine:
    """Open the database for reading only: readers neither wait for a writer nor hold one up.

    All that is read in one transaction is of one moment.
    """
    if not _is_sqlite(url):
        engine = create_async_engine(
            url, hide_parameters=True, pool_pre_ping=True, isolation_level="REPEATABLE READ", **_KEPT_CONNECTIONS
        )
        return engine.execution_options(postgresql_readonly=True)
    engine = create_async_engine(
        url, async_creator=connector(url, reads_only=True), hide_parameters=True, pool_reset_on_return=None
    )
    _prepare_sqlite(engine, begin="BEGIN", pragmas=("query_only=ON",))
    return engine


def padded(values: Collection[Value]) -> Sequence[Value]:
    """The same values for an `IN`, one of them several times, so that there are few statements and not one a size.

    Each text of a statement is compiled here, and prepared by the database.
    """
    some = list(values)
    return some and some + some[-1:] * ((1 << (len(some) - 1).bit_length()) - len(some))


def is_away(error: Exception) -> bool:
    """Tell whether an error says that the database cannot be reached or is busy, so that trying again may help."""
    if isinstance(error, exc.DBAPIError) and error.connection_invalidated:
        return True
    # asyncpg's own errors of connecting come as they are, which is not installed everywhere.
    state = getattr(error, "sqlstate", None)
    if isinstance(state, str) and state.startswith(_AWAY_STATES):
        return True
    return isinstance(error, exc.OperationalError | exc.InterfaceError | exc.TimeoutError | OSError)


async def upgrade(url: str, migrations_dir: Path) -> None:
    """Bring the schema to the newest migration; all of it or, on an error, nothing.

    Safe between processes that start at the same time: one migrates, the others wait and find it done. A schema that is
    the newest costs one query: Alembic, which takes long to load, is loaded where there is something to migrate.
    `migrations_dir` is an Alembic script directory whose `env.py` calls `run_migrations`.
    """
    if _is_sqlite(url):
        engine = create_async_engine(
            url, async_creator=connector(url, reads_only=False), hide_parameters=True, poolclass=sa.pool.NullPool
        )
        # Foreign keys are off: SQLite rebuilds a table to change a column, and would delete what refers to its rows.
        pragmas = ("journal_mode=WAL", "foreign_keys=OFF", "secure_delete=ON")
        _prepare_sqlite(engine, begin="BEGIN IMMEDIATE", pragmas=pragmas)
    else:
        engine = create_async_engine(url, hide_parameters=True, poolclass=sa.pool.NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade_to_head, migrations_dir)
    finally:
        await engine.dispose()


def run_migrations(metadata: sa.MetaData) -> None:
    """Be the whole body of an `env.py`: run what Alembic asks for on the connection that `upgrade` holds."""
    from alembic import context  # noqa: PLC0415  (see `upgrade`)

    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
    )
    with context.begin_transaction():
        context.run_migrations()


def _upgrade_to_head(connection: Connection, migrations_dir: Path) -> None:
    # On SQLite BEGIN IMMEDIATE is the lock.
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
    if _revision_of(connection) == _newest(migrations_dir):
        return
    from alembic import command  # noqa: PLC0415  (see `upgrade`)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(migrations_dir).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision_of(connection: Connection) -> str | None:
    """The revision of a schema; None if it was never migrated."""
    if not sa.inspect(connection).has_table(_VERSIONS.name):
        return None
    return connection.execute(sa.select(_VERSIONS.c.version_num)).scalar()


def _newest(migrations_dir: Path) -> str:
    """The revision that none comes after; nothing if it takes Alembic to tell."""
    texts = [path.read_text("utf-8") for path in (migrations_dir / "versions").glob("*.py")]
    followed = {before for text in texts for before in _FOLLOWS.findall(text)}
    found = {revision for text in texts for revision in _REVISION.findall(text)} - followed
    return found.pop() if len(found) == 1 else ""


def _is_sqlite(url: str) -> bool:
    return sa.make_url(url).get_backend_name() == "sqlite"


def _prepare_sqlite(engine: AsyncEngine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    """Take transactions out of the driver's hands, which would begin them late and never for a SELECT."""

    @sa.event.listens_for(engine.sync_engine, "connect")
    def _connected(driver_connection: Any, _record: object) -> None:  # noqa: ANN401  (the driver is untyped)
        driver_connection.isolation_level = None
        cursor = driver_connection.cursor()
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "synchronous=FULL", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @sa.event.listens_for(engine.sync_engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
