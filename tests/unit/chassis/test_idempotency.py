import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.database import create_engine
from services.chassis.idempotency import Idempotency
from services.chassis.secrets import SecretBox
from services.chassis.stored_replies import PendingReply, forget
from tests.databases import ON_BOTH, ON_POSTGRESQL, NewDatabase
from tests.fakes.changes import BOX, METADATA, REPLIES, Changes, Watch

Client = TestClient[web.Request, web.Application]
NewClient = Callable[[web.Application], Awaitable[Client]]

KEY = {"Idempotency-Key": "key-1"}


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
        now = changes.clock()
        assert await forget(connection, REPLIES, BOX, mentions="/n/2", now=now) == 1
        assert await forget(connection, REPLIES, BOX, mentions="/n/2", now=now) == 0

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


@ON_BOTH
async def test_the_answer_of_a_request_that_was_under_way_is_not_kept_about_somebody_forgotten(
    client: Client, changes: Changes
) -> None:
    changes.go_on.clear()
    under_way = asyncio.create_task(client.patch("/api/v1/changes", data=b"a", headers=KEY))
    await changes.entered.wait()
    async with changes.engine.begin() as connection:
        assert await forget(connection, REPLIES, BOX, mentions='"number": 1', now=changes.clock()) == 0
    changes.go_on.set()
    answer = await under_way
    assert (answer.status, '"number": 1' in await answer.text()) == (201, True)
    async with changes.engine.begin() as connection:
        assert (await connection.scalars(select(REPLIES.c.status))).all() == [410]


@ON_POSTGRESQL
async def test_an_answer_that_is_being_stored_is_waited_for_and_forgotten(new_database: NewDatabase) -> None:
    engine = create_engine(await new_database())
    watch = Watch()
    async with engine.begin() as connection:
        await connection.run_sync(METADATA.create_all)

    async def forget_somebody() -> int:
        async with engine.begin() as connection:
            return await forget(connection, REPLIES, BOX, mentions="somebody", now=watch())

    reply = PendingReply(scope="s", fingerprint="f", table=REPLIES, box=BOX, now=watch())
    async with engine.begin() as storing:
        await reply.store(storing, status=200, body=b"somebody", content_type="text/plain", headers={})
        forgetting = asyncio.create_task(forget_somebody())
        await _until_somebody_waits_for_a_lock(engine)
    assert await forgetting == 1
    await engine.dispose()


async def _until_somebody_waits_for_a_lock(engine: AsyncEngine) -> None:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    async with engine.connect() as connection:
        while not await connection.scalar(waiting):
            await asyncio.sleep(0.01)
