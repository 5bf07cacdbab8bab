"""What the migrations of a service make is what its code uses, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from services.attendance.adapters import tables as attendance
from services.chassis.database import create_engine
from services.registration import bootstrap as registration
from services.registration.adapters.tables import METADATA as OF_REGISTRATION
from services.streaming_bridge import bootstrap as bridge
from services.streaming_bridge.adapters.tables import METADATA as OF_THE_BRIDGE
from tests.databases import ON_BOTH, NewDatabase


@ON_BOTH
@pytest.mark.filterwarnings("ignore:.* expression-based index")  # SQLite's cannot be compared; PostgreSQL's are.
@pytest.mark.parametrize(
    "migrations, tables",
    [
        pytest.param(registration.MIGRATIONS, OF_REGISTRATION, id="registration"),
        pytest.param(bridge.MIGRATIONS, OF_THE_BRIDGE, id="streaming_bridge"),
        pytest.param(attendance.MIGRATIONS, attendance.metadata, id="attendance"),
    ],
)
async def test_the_migrations_make_the_tables_that_the_code_uses(
    new_database: NewDatabase, migrations: Path, tables: MetaData
) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), tables))

    engine = create_engine(await new_database(migrations))
    try:
        async with engine.begin() as connection:
            assert await connection.run_sync(differences) == []
    finally:
        await engine.dispose()
