import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from sqlalchemy import Column, Integer, MetaData, String, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.access import Grant, Role
from services.chassis.database import create_engine
from services.chassis.http import create_app
from services.chassis.idempotency import Idempotency, pending_reply, remember
from services.chassis.problems import Problem
from services.chassis.secrets import SecretBox
from services.chassis.settings import CommonSettings
from services.chassis.stored_replies import SEALED_FOR, forget, idempotency_table
from tests.databases import ON_BOTH, NewDatabase

Client = TestClient[web.Request, web.Application]
NewClient = Callable[[web.Application], Awaitable[Client]]

SETTINGS = CommonSettings.model_validate({"secret_key": "k" * 32})
METADATA = MetaData()
REPLIES = idempotency_table(METADATA)
CHANGES = Table("changes", METADATA, Column("id", Integer, primary_key=True), Column("what", String))
BOX = SecretBox.derive(SETTINGS.secret, purpose=SEALED_FOR)
KEY = {"Idempotency-Key": "key-1"}


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


@pytest.fixture
async def changes(new_database: NewDatabase) -> AsyncIterator[Changes]:
    engine = create_engine(await new_database())
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)
    yield Changes(engine, Watch())
    await engine.dispose()


@pytest.fixture
async def client(changes: Changes, aiohttp_client: NewClient) -> Client:
    return await aiohttp_client(changes.app())


@ON_BOTH
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_a_repeated_write_happens_once_and_is_answered_alike(
    client: Client, changes: Changes, method: str
) -> None:
    first = await client.request(method, "/api/v1/changes", data=b"a", headers=KEY)
    second = await client.request(method, "/api/v1/changes", data=b"a", headers=KEY)

    assert await changes.count() == 1
    assert first.status == second.status
    assert await first.read() == await second.read()
    for header in ("Content-Type", "Location", "ETag"):
        assert first.headers.get(header) == second.headers.get(header)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"


async def test_without_a_key_each_write_counts(client: Client, changes: Changes) -> None:
    for _ in range(2):
        await client.post("/api/v1/changes", data=b"a")

    assert await changes.count() == 2


async def test_the_same_key_with_another_body_is_refused(client: Client, changes: Changes) -> None:
    await client.post("/api/v1/changes", data=b"a", headers=KEY)

    response = await client.post("/api/v1/changes", data=b"b", headers=KEY)

    assert response.status == 422
    assert response.content_type == "application/problem+json"
    assert await changes.count() == 1


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": "Bearer other"}, {"Authorization": "Bearer personal-other"}, {"Idempotency-Key": "kéy"}],
)
async def test_another_caller_and_another_key_are_another_write(
    client: Client, changes: Changes, headers: dict[str, str]
) -> None:
    await client.post("/api/v1/changes", data=b"a", headers=KEY)

    response = await client.post("/api/v1/changes", data=b"a", headers=KEY | headers)

    assert "Idempotency-Replayed" not in response.headers
    assert await changes.count() == 2


async def test_an_error_is_not_remembered(client: Client, changes: Changes) -> None:
    for _ in range(2):
        response = await client.post("/api/v1/refused", data=b"a", headers=KEY)
        assert response.status == 409
        assert "Idempotency-Replayed" not in response.headers

    assert await changes.count() == 2


@ON_BOTH
async def test_a_change_that_is_rolled_back_takes_its_answer_with_it(client: Client, changes: Changes) -> None:
    """As a crash before the commit would leave it."""
    changes.crash = True
    assert (await client.post("/api/v1/changes", data=b"a", headers=KEY)).status == 500
    changes.crash = False

    response = await client.post("/api/v1/changes", data=b"a", headers=KEY)

    assert response.status == 201
    assert "Idempotency-Replayed" not in response.headers
    assert await changes.count() == 1


async def test_the_same_write_under_way_is_told_to_wait(client: Client, changes: Changes) -> None:
    changes.go_on.clear()
    first = asyncio.create_task(client.post("/api/v1/changes", data=b"a", headers=KEY))
    await changes.entered.wait()

    second = await client.post("/api/v1/changes", data=b"a", headers=KEY)
    changes.go_on.set()

    assert second.status == 409
    assert second.headers["Retry-After"] == "1"
    assert (await first).status == 201
    third = await client.post("/api/v1/changes", data=b"a", headers=KEY)
    assert third.headers["Idempotency-Replayed"] == "true"
    assert await changes.count() == 1


@ON_BOTH
async def test_of_two_processes_that_do_the_same_at_once_one_wins_and_both_answer_alike(
    changes: Changes, aiohttp_client: NewClient
) -> None:
    one, other = await aiohttp_client(changes.app()), await aiohttp_client(changes.app())
    changes.go_on.clear()
    first = asyncio.create_task(one.post("/api/v1/changes", data=b"a", headers=KEY))
    await changes.entered.wait()
    changes.entered.clear()
    second = asyncio.create_task(other.post("/api/v1/changes", data=b"a", headers=KEY))
    await changes.entered.wait()
    changes.go_on.set()

    answers = [await first, await second]

    assert [answer.status for answer in answers] == [201, 201]
    assert await answers[0].json() == await answers[1].json()
    assert ["Idempotency-Replayed" in answer.headers for answer in answers].count(True) == 1
    assert await changes.count() == 1


@ON_BOTH
async def test_a_key_is_forgotten_after_a_day(client: Client, changes: Changes) -> None:
    idempotency = Idempotency(changes.engine, REPLIES, changes.clock, BOX)
    await client.post("/api/v1/changes", data=b"a", headers=KEY)

    changes.clock.now += timedelta(hours=23, minutes=59)
    assert await idempotency.forget_old() == 0
    again = await client.post("/api/v1/changes", data=b"a", headers=KEY)
    assert again.headers["Idempotency-Replayed"] == "true"
    changes.clock.now += timedelta(minutes=2)
    response = await client.post("/api/v1/changes", data=b"b", headers=KEY)

    assert response.status == 201
    assert await changes.count() == 2


@ON_BOTH
async def test_answers_are_kept_sealed_and_those_about_somebody_can_be_forgotten(
    client: Client, changes: Changes
) -> None:
    await client.patch("/api/v1/changes", data=b"a", headers=KEY)
    await client.patch("/api/v1/changes", data=b"b", headers={"Idempotency-Key": "key-2"})
    async with changes.engine.begin() as connection:
        bodies = (await connection.execute(select(REPLIES.c.body))).scalars().all()
        assert not any(b"number" in body for body in bodies)
        assert await forget(connection, REPLIES, BOX, mentions="/n/2") == 1
        assert await forget(connection, REPLIES, BOX, mentions="/n/2") == 0

    again = await client.patch("/api/v1/changes", data=b"a", headers=KEY)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_an_answer_sealed_with_another_key_is_as_if_it_had_never_been(client: Client, changes: Changes) -> None:
    await client.post("/api/v1/changes", data=b"a", headers=KEY)
    async with changes.engine.begin() as connection:
        await connection.execute(update(REPLIES).values(body=SecretBox.derive("o" * 32, purpose="other").seal(b"{}")))

    again = await client.post("/api/v1/changes", data=b"a", headers=KEY)

    assert (again.status, "Idempotency-Replayed" in again.headers) == (201, False)
    assert await changes.count() == 2


async def test_old_answers_are_deleted_when_a_process_starts(
    client: Client, changes: Changes, aiohttp_client: NewClient
) -> None:
    await client.post("/api/v1/changes", data=b"a", headers=KEY)
    changes.clock.now += timedelta(hours=25)

    await aiohttp_client(changes.app())

    async with asyncio.timeout(60):
        while await changes.count_replies():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_that_is_none_is_refused(client: Client, key: str) -> None:
    response = await client.post("/api/v1/changes", headers={"Idempotency-Key": key})

    assert response.status == 400
    assert "Idempotency-Key" in (await response.json())["detail"]


async def test_outside_the_api_a_key_means_nothing(client: Client, changes: Changes) -> None:
    for _ in range(2):
        await client.post("/form", data=b"a", headers=KEY)

    assert await changes.count() == 2
