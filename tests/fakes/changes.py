"""A service whose only work is to write down what it was told: what the chassis does beside it is what is tested."""

import asyncio
from datetime import UTC, datetime

from aiohttp import web
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.access import Grant, Role
from services.chassis.http import create_app
from services.chassis.idempotency import Idempotency, pending_reply, remember
from services.chassis.problems import Problem
from services.chassis.secrets import SecretBox
from services.chassis.settings import CommonSettings
from services.chassis.stored_replies import SEALED_FOR, idempotency_table

SETTINGS = CommonSettings.model_validate({"secret_key": "k" * 32})
METADATA = MetaData()
REPLIES = idempotency_table(METADATA)
CHANGES = Table("changes", METADATA, Column("id", Integer, primary_key=True), Column("what", String))
BOX = SecretBox.derive(SETTINGS.secret, purpose=SEALED_FOR)


class Watch:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class AnyToken:
    """Each token is an organizer of its own, but for personal ones, of which only handlers know."""

    async def verify(self, token: str) -> Grant | None:
        if token.startswith("personal-"):
            return None
        return Grant(token_id=token, role=Role.ORGANIZER)


class Changes:
    """A service whose only work is to write down what it was told, in two ways."""

    def __init__(self, engine: AsyncEngine, clock: Watch) -> None:
        self.engine = engine
        self.clock = clock
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.crash = False

    async def with_the_change(self, request: web.Request) -> web.Response:
        """Store the answer in the transaction of the change."""
        await self.wait()
        async with self.engine.begin() as connection:
            number = await self.change(connection, request)
            await remember(pending_reply(request), connection, status=201, body=f'{{"number": {number}}}')
            if self.crash:
                raise RuntimeError
        return web.json_response({"number": number}, status=201)

    async def by_itself(self, request: web.Request) -> web.Response:
        """Leave the storing to the middleware."""
        async with self.engine.begin() as connection:
            number = await self.change(connection, request)
        await self.wait()
        return web.json_response({"number": number}, status=201, headers={"Location": f"/n/{number}", "ETag": '"1"'})

    async def without_an_answer(self, request: web.Request) -> web.Response:
        async with self.engine.begin() as connection:
            await self.change(connection, request)
        return web.Response(status=204)

    async def refuse(self, request: web.Request) -> web.Response:
        async with self.engine.begin() as connection:
            await self.change(connection, request)
        raise Problem(409, detail="Full.")

    async def change(self, connection: AsyncConnection, request: web.Request) -> int:
        what = await request.text()
        result = await connection.execute(insert(CHANGES).values(what=what).returning(CHANGES.c.id))
        return int(result.scalar_one())

    async def wait(self) -> None:
        self.entered.set()
        await self.go_on.wait()

    async def count(self) -> int:
        async with self.engine.connect() as connection:
            return (await connection.execute(select(func.count()).select_from(CHANGES))).scalar_one()

    async def count_replies(self) -> int:
        async with self.engine.connect() as connection:
            return (await connection.execute(select(func.count()).select_from(REPLIES))).scalar_one()

    def app(self) -> web.Application:
        """One process of the service."""
        app = create_app(
            SETTINGS,
            service="changes",
            verifier=AnyToken(),
            idempotency=Idempotency(self.engine, REPLIES, self.clock, BOX),
        )
        app.router.add_post("/api/v1/changes", self.with_the_change)
        app.router.add_patch("/api/v1/changes", self.by_itself)
        app.router.add_delete("/api/v1/changes", self.without_an_answer)
        app.router.add_post("/api/v1/refused", self.refuse)
        app.router.add_post("/form", self.by_itself)
        return app
