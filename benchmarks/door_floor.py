"""The floor of the benchmark of the door: nothing but HTTP, and one transaction of its own for each request.

A ticket is looked up and a line that says so is committed, by the database's own driver: asyncpg, or sqlite3 in one
thread. There is no model, no access check, no audit log, no outbox.
"""

import argparse
import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Final

import asyncpg
import sqlalchemy as sa
import uvloop
from aiohttp import web

Admit = Callable[[str], Awaitable[bool]]

_TABLE: Final = "CREATE TABLE IF NOT EXISTS floor (number {}, participant_id VARCHAR(200) NOT NULL)"
_PATH: Final = "/check-ins"


async def serve(database: str, port: int) -> None:
    """Serve until killed."""
    url = sa.make_url(database)
    async with AsyncExitStack() as stack:
        admit = await (_in_postgresql if url.get_backend_name() == "postgresql" else _in_sqlite)(url, stack)

        async def check_in(request: web.Request) -> web.Response:
            body = await request.json()
            return web.json_response(
                {"outcome": "checked_in" if await admit(body["ticket"].replace("-", "")) else "refused"}
            )

        app = web.Application()
        app.router.add_post(_PATH, check_in)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        await asyncio.get_running_loop().create_future()


async def _in_postgresql(url: sa.URL, stack: AsyncExitStack) -> Admit:
    # Fifteen connections, as SQLAlchemy's pool has at most.
    pool = await stack.enter_async_context(
        asyncpg.create_pool(
            host=url.host, port=url.port, user=url.username, database=url.database, min_size=15, max_size=15
        )
    )
    await pool.execute(_TABLE.format("BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"))

    async def admit(ticket: str) -> bool:
        async with pool.acquire() as connection, connection.transaction():
            found = await connection.fetchval("SELECT participant_id FROM registrations WHERE ticket = $1", ticket)
            await connection.execute("INSERT INTO floor (participant_id) VALUES ($1)", found)
            return True

    return admit


async def _in_sqlite(url: sa.URL, stack: AsyncExitStack) -> Admit:
    thread = stack.enter_context(ThreadPoolExecutor(1))

    def opened() -> sqlite3.Connection:
        connection = sqlite3.connect(url.database or "", isolation_level=None)
        for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(_TABLE.format("INTEGER PRIMARY KEY"))
        return connection

    loop = asyncio.get_running_loop()
    connection = await loop.run_in_executor(thread, opened)

    def written(ticket: str) -> bool:
        connection.execute("BEGIN IMMEDIATE")
        (found,) = connection.execute("SELECT participant_id FROM registrations WHERE ticket = ?", (ticket,)).fetchone()
        connection.execute("INSERT INTO floor (participant_id) VALUES (?)", (found,))
        connection.execute("COMMIT")
        return True

    async def admit(ticket: str) -> bool:
        return await loop.run_in_executor(thread, written, ticket)

    return admit


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database")
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(given.database, given.port))


if __name__ == "__main__":
    main()
