"""Whatever is sent to a webhook: never a 5xx, and nothing taken without proof; `make fuzz` throws far more at it."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Any, Final, TypeVar

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

from services.streaming_bridge.adapters.platforms import PLATFORMS
from services.streaming_bridge.bootstrap import MIGRATIONS
from services.streaming_bridge.domain.sources import PlatformName
from tests.fakes.bridge import OPENING, ORGANIZER, BridgeUnderTest, running_bridge
from tests.fakes.platforms import ALL_SHAPES, Request
from tests.fuzz.deliveries import Thrown, thrown
from tests.fuzz.operations import Call, calls
from tests.postgresql import PostgreSql

Entered = TypeVar("Entered")

pytestmark = pytest.mark.timeout(900)  # thousands of requests, one after the other

OFTEN: Final = settings(max_examples=2_500 if "CI" in os.environ else 100)
TAKEN: Final = {200, 202, 400}
REFUSED: Final = {400, 401, 403, 404, 413}


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, runner: asyncio.Runner, postgresql: PostgreSql
) -> Iterator[BridgeUnderTest]:
    """One bridge for all examples of a run: a fresh one each would be nothing but start-ups.

    On PostgreSQL: unlike SQLite it refuses a text that is too long for its column, or holds what no text may.
    """
    with ExitStack() as stack:

        def enter(manager: AbstractAsyncContextManager[Entered]) -> Entered:
            stack.callback(lambda: runner.run(manager.__aexit__(None, None, None)))
            return runner.run(manager.__aenter__())

        database = enter(postgresql.database(MIGRATIONS))
        bridge = enter(running_bridge(tmp_path_factory.mktemp("fuzz"), database=database))
        for shapes in ALL_SHAPES:
            form = {"platform": shapes.platform, "name": shapes.source, shapes.proof_field: shapes.secret}
            runner.run(bridge.add_source(**form))
        runner.run(bridge.claim(*((shapes.source, shapes.room) for shapes in ALL_SHAPES)))
        yield bridge


async def status_of(client: TestClient[Any, Any], request: Request) -> int:
    async with client.post(request.path, data=request.body, headers=request.headers) as response:
        answer = await response.json(content_type=None)
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
            assert answer["detail"]
        return response.status


@OFTEN
@given(thrown=thrown)
def test_whatever_is_sent_with_a_proof_is_answered(
    running: BridgeUnderTest, runner: asyncio.Runner, thrown: Thrown
) -> None:
    assert runner.run(status_of(running.client, thrown.proved(now=OPENING))) in TAKEN


@OFTEN
@given(thrown=thrown)
def test_whatever_is_sent_without_a_proof_is_refused(
    running: BridgeUnderTest, runner: asyncio.Runner, thrown: Thrown
) -> None:
    unproved = PLATFORMS[PlatformName(thrown.shapes.platform)].refusals.unproved
    assert unproved in REFUSED
    assert runner.run(status_of(running.client, thrown.forged(now=OPENING))) == unproved


@pytest.fixture(scope="module")
def asked(running: BridgeUnderTest, runner: asyncio.Runner) -> st.SearchStrategy[Call]:
    """Calls of what the bridge says that it answers."""
    document = runner.run(running.api("GET", "/internal/openapi.json", status=200))
    del document["http_status"]
    return calls(document)


@given(data=st.data(), known=st.booleans())
def test_whatever_is_asked_of_the_api_is_answered_as_described(
    running: BridgeUnderTest, runner: asyncio.Runner, asked: st.SearchStrategy[Call], data: st.DataObject, known: bool
) -> None:
    call = data.draw(asked)
    headers = {**call.headers, **(ORGANIZER if known else {})}

    async def status() -> int:
        url = URL(call.path, encoded=True)
        async with running.client.request(call.method, url, data=call.body, headers=headers) as response:
            return response.status

    found = runner.run(status())
    assert found < 500
    # A path with a part left out leads elsewhere.
    assert found in call.answers or found in {404, 405}
    if call.path.startswith("/webhooks/") or not known:
        assert found >= 400
