"""The laws for those platforms that sign what they send, or tell more than others; each supplies its shapes."""

from datetime import timedelta

import pytest

from schemas.identifiers import new_participant_id
from services.streaming_bridge.adapters.platforms import PLATFORMS
from services.streaming_bridge.domain.sources import PlatformName
from tests.fakes.bridge import OPENING, BridgeUnderTest
from tests.fakes.deliveries import deliver, presence, send
from tests.fakes.platforms import BigBlueButtonShapes, JaasShapes, JitsiShapes, LivekitShapes, Shapes, ZoomShapes

ADA = new_participant_id()


SIGNED = [BigBlueButtonShapes(), JaasShapes(), LivekitShapes(), ZoomShapes()]
TIMED = [JaasShapes(), ZoomShapes()]
"""Those whose tolerance is ours; a token of LiveKit says itself until when it is good."""


@pytest.mark.parametrize("shapes", SIGNED, ids=lambda shapes: shapes.platform)
async def test_an_altered_body_is_refused_where_it_is_signed(bridge: BridgeUnderTest, shapes: Shapes) -> None:
    await bridge.add_source(platform=shapes.platform, name=shapes.source, **{shapes.proof_field: shapes.secret})
    request = shapes.request(shapes.joined(5, who="ada", user_id=ADA))
    altered = request.body.replace(ADA.encode(), new_participant_id().encode())
    assert altered != request.body
    status = PLATFORMS[PlatformName(shapes.platform)].refusals.unproved
    answer = await bridge.post(request.path, altered, request.headers, status=status)
    assert answer["reason"] == "signature_wrong"


@pytest.mark.parametrize("shapes", TIMED, ids=lambda shapes: shapes.platform)
async def test_a_replayed_timestamp_is_refused_where_there_is_one(bridge: BridgeUnderTest, shapes: Shapes) -> None:
    await bridge.add_source(platform=shapes.platform, name=shapes.source, **{shapes.proof_field: shapes.secret})
    bridge.clock.advance(timedelta(hours=24, seconds=1))
    answer = await send(bridge, shapes.request(shapes.joined(5, who="ada"), signed_at=OPENING), status=401)
    assert answer["reason"] == "signature_stale"
    night = OPENING + timedelta(hours=12)
    await send(bridge, shapes.request(shapes.joined(5, who="ada"), signed_at=night), status=202)


@pytest.mark.parametrize("shapes", [JitsiShapes(), LivekitShapes()], ids=lambda shapes: shapes.platform)
async def test_a_leave_whose_join_was_lost_is_a_presence_where_it_says_when_it_began(
    bridge: BridgeUnderTest, shapes: Shapes
) -> None:
    bridge.clock.advance(timedelta(hours=2))
    await bridge.add_source(platform=shapes.platform, name=shapes.source, **{shapes.proof_field: shapes.secret})
    await bridge.claim((shapes.source, shapes.room))
    await deliver(bridge, shapes, [shapes.left(20, who="ada", came=5, user_id=ADA)])
    assert await presence(bridge, ADA) == [(5, 20)]
