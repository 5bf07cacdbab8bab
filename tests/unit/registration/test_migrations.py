from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree

from sqlalchemy import select, text

from services.chassis.database import create_engine, upgrade
from services.registration.adapters.rows import event_from
from services.registration.adapters.tables import EVENTS
from services.registration.bootstrap import MIGRATIONS
from tests.databases import ON_BOTH, NewDatabase

CHANGED_AT = datetime(2026, 11, 1, tzinfo=UTC)


@ON_BOTH
async def test_events_of_the_first_version_close_by_the_clock_if_they_are_open(
    new_database: NewDatabase, tmp_path: Path
) -> None:
    url = await new_database()
    first = tmp_path / "migrations"
    copytree(MIGRATIONS, first)
    for later in first.glob("versions/0*.py"):
        if not later.name.startswith("0001_"):
            later.unlink()
    await upgrade(url, first)
    engine = create_engine(url)
    try:
        async with engine.begin() as connection:
            for status in ("published", "closed"):
                await connection.execute(
                    text(
                        "INSERT INTO events (event_id, title, status, starts_at, ends_at, timezone, grace_minutes,"
                        " reconnect_grace_seconds, rooms, sessions, changed_at) VALUES"
                        " (:status, 'Colloque', :status, :start, :end, 'Europe/Paris', 15, 60, '[]', '[]', :changed)"
                    ),
                    {
                        "status": status,
                        "start": int(CHANGED_AT.timestamp() * 1000) + 86_400_000,
                        "end": int(CHANGED_AT.timestamp() * 1000) + 90_000_000,
                        "changed": int(CHANGED_AT.timestamp() * 1000),
                    },
                )
        await upgrade(url, MIGRATIONS)
        async with engine.begin() as connection:
            rows = await connection.execute(select(EVENTS).order_by(EVENTS.c.event_id))
            closed, published = (event_from(row) for row in rows)
    finally:
        await engine.dispose()
    assert published.closes_itself_at == published.over_at
    assert (closed.closes_itself_at, closed.closing, closed.counted_until) == (None, None, closed.over_at)
