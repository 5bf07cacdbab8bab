"""What all tests may ask for. A Kafka that does not start fails the tests that need it: nothing is skipped."""

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

import tests.profiles  # noqa: F401  (importing it chooses the hypothesis profile)
from deploy.local.kafka import EmbeddedKafka
from services.chassis.logging import keep_tracebacks_plain
from tests.databases import POSTGRESQL, SQLITE, NewDatabase, SqliteFiles
from tests.faults.counts import print_counts
from tests.postgresql import PostgreSql, PostgreSqlMissingError, running_postgresql

_ANY_PORT = 0
"""Not the preferred one: a client of another broker, gone a moment ago, would write to ours."""
_WHOLE = "tests/e2e/whole/"


def pytest_configure() -> None:
    """Let SIGINT mean something where the tests were started in the background: processes inherit that it does not.

    And let an exception be logged in milliseconds.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    keep_tracebacks_plain()


class _FilesAndWhole(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives a process file after file, and all tests of the whole together: they share one that runs."""

    def _split_scope(self, nodeid: str) -> str:
        return _WHOLE if nodeid.startswith(_WHOLE) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Share the tests among processes, where there are several."""
    return _FilesAndWhole(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what the fault tests have counted; here, because the tests themselves may run in other processes."""
    print_counts(terminalreporter)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what the developer's shell says, so that tests see the same settings everywhere."""
    for name in [name for name in os.environ if name.startswith("PASSERELLE_")]:
        monkeypatch.delenv(name)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The bootstrap servers of a real broker, shared by the session: use topics or event ids of your own."""
    async with EmbeddedKafka(tmp_path_factory.mktemp("kafka"), port=_ANY_PORT).running() as servers:
        yield servers


@pytest_asyncio.fixture
async def own_kafka(tmp_path: Path) -> AsyncIterator[EmbeddedKafka]:
    """A running broker of the test's own, to be stopped, killed and started at will."""
    broker = EmbeddedKafka(tmp_path, port=_ANY_PORT)
    async with broker.running():
        yield broker


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """A PostgreSQL of the tests' own; CI has one installed, elsewhere those who need it are skipped without one."""
    try:
        with running_postgresql() as server:
            yield server
    except PostgreSqlMissingError as error:
        if "CI" in os.environ:
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    """Databases in files."""
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
async def new_database(
    request: pytest.FixtureRequest, sqlite_files: SqliteFiles, tmp_path: Path
) -> AsyncIterator[NewDatabase]:
    """Makes databases of the test's own: in SQLite, unless the test is marked to run `ON_BOTH`."""
    kind = getattr(request, "param", SQLITE)
    server: PostgreSql | None = request.getfixturevalue("postgresql") if kind == POSTGRESQL else None
    made = 0

    async def new(migrations: Path | None = None) -> str:
        nonlocal made
        made += 1
        if server is not None:
            return await stack.enter_async_context(server.database(migrations))
        return await sqlite_files.make(tmp_path / f"database-{made}.db", migrations)

    async with AsyncExitStack() as stack:
        yield new
