"""Whatever is sent to a webhook: never a 5xx, and nothing accepted without proof."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import Any, TypeVar

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import given
from hypothesis import strategies as st

from services.streaming_bridge.bootstrap import MIGRATIONS
from tests.fakes.bridge import BridgeUnderTest, running_bridge
from tests.fakes.platforms import JaasShapes, JitsiShapes, Request, Shapes
from tests.postgresql import PostgreSql

Entered = TypeVar("Entered")

JITSI, JAAS = JitsiShapes(), JaasShapes()
ANSWERS = {200, 202, 400, 401, 404, 413}

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["", "\0", "\ud800", "2026-11-23T09:00:00Z", "x" * 2000, -1, 2**70, 1e308, "par_" + "a" * 32]),
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


def seeds(shapes: Shapes) -> list[dict[str, Any]]:
    bodies = [
        shapes.opened(0),
        shapes.closed(9),
        shapes.joined(1, who="a", user_id="u", name="A"),
        shapes.left(2, who="a", came=1, user_id=42.0),
        shapes.uncounted(3),
        shapes.unknown(4),
    ]
    return [json.loads(body) for body in bodies]


@st.composite
def mutated(draw: st.DrawFn, shapes: Shapes) -> bytes:
    """A real delivery with some fields changed, taken away or added, anywhere in it."""
    body = json.loads(json.dumps(draw(st.sampled_from(seeds(shapes)))))
    for _ in range(draw(st.integers(0, 4))):
        places = list(_objects(body))
        place = draw(st.sampled_from(places))
        name = draw(st.sampled_from(sorted(place)) | st.text(max_size=8)) if place else draw(st.text(max_size=8))
        if draw(st.booleans()):
            place.pop(name, None)
        else:
            place[name] = draw(values)
    return json.dumps(body).encode()


def _objects(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)


bodies = st.one_of(
    st.binary(max_size=200),
    values.map(lambda value: json.dumps(value).encode()),
    st.integers(1, 3000).map(lambda depth: b"[" * depth),
    st.integers(1, 300).map(lambda depth: b'{"data":' * depth + b"1" + b"}" * depth),
)


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
        for shapes in (JITSI, JAAS):
            form = {"platform": shapes.platform, "name": shapes.source, shapes.proof_field: shapes.secret}
            runner.run(bridge.add_source(**form))
        runner.run(bridge.claim((JITSI.source, JITSI.room), (JAAS.source, JAAS.room)))
        yield bridge


async def status_of(client: TestClient[Any, Any], request: Request) -> int:
    async with client.post(request.path, data=request.body, headers=request.headers) as response:
        answer = await response.json(content_type=None)
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
            assert answer["detail"]
        return response.status


@given(body=mutated(JITSI) | mutated(JAAS) | bodies, shapes=st.sampled_from([JITSI, JAAS]))
def test_whatever_is_sent_with_a_proof_is_answered(
    running: BridgeUnderTest, runner: asyncio.Runner, body: bytes, shapes: Shapes
) -> None:
    request = shapes.request(body)
    assert runner.run(status_of(running.client, request)) in ANSWERS


@given(
    body=mutated(JITSI) | mutated(JAAS) | bodies,
    shapes=st.sampled_from([JITSI, JAAS]),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100),
)
def test_whatever_is_sent_without_a_proof_is_refused(
    running: BridgeUnderTest, runner: asyncio.Runner, body: bytes, shapes: Shapes, header: str
) -> None:
    request = shapes.request(body)
    headers = dict.fromkeys(("Authorization", "X-Jaas-Signature"), header)
    forged = Request(path=request.path, body=body, headers=headers)
    assert runner.run(status_of(running.client, forged)) == 401
