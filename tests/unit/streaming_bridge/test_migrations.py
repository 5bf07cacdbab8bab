from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from services.chassis.database import create_engine
from services.streaming_bridge.adapters.tables import METADATA
from services.streaming_bridge.bootstrap import MIGRATIONS
from tests.databases import ON_BOTH, NewDatabase


@ON_BOTH
async def test_the_migrations_make_the_tables_that_the_code_uses(new_database: NewDatabase) -> None:
    url = await new_database(MIGRATIONS)

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA))

    engine = create_engine(url)
    try:
        async with engine.begin() as connection:
            assert await connection.run_sync(differences) == []
    finally:
        await engine.dispose()
