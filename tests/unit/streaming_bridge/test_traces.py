import pytest

from schemas.participation import Joined
from tests.fakes.bridge import BridgeUnderTest
from tests.fakes.platforms import JitsiShapes

SHAPES = JitsiShapes()
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "given,carried",
    [
        pytest.param(TRACE, TRACE, id="a trace"),
        pytest.param(TRACE.upper(), None, id="not of its form"),
        pytest.param("00-" + "0" * 32 + "-00f067aa0ba902b7-01", None, id="no trace"),
        pytest.param("alice.martin@example.org", None, id="something else"),
    ],
)
async def test_the_trace_of_a_request_travels_with_its_fact(
    bridge: BridgeUnderTest, given: str, carried: str | None
) -> None:
    await bridge.add_source(platform="jitsi", name=SHAPES.source, webhook_token=SHAPES.secret)
    await bridge.claim((SHAPES.source, SHAPES.room))
    request = SHAPES.request(SHAPES.joined(5, who="ada"))
    await bridge.post(request.path, request.body, {**request.headers, "traceparent": given}, status=200)
    (fact,) = await bridge.facts()
    assert isinstance(fact, Joined)
    assert fact.traceparent == carried
