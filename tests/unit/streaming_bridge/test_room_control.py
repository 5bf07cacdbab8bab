"""Rooms that are opened, closed and looked into by API: at a LiveKit server that takes no token but its own."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from schemas.registration import EventStatus
from services.streaming_bridge.adapters.platforms.livekit_rooms import LivekitRooms
from services.streaming_bridge.adapters.platforms.room_service import new_session
from services.streaming_bridge.domain.sources import PlatformName, Source
from tests.fakes.bridge import ANALYST, EVENT, OPENING, ORGANIZER, BridgeUnderTest
from tests.fakes.livekit_server import LivekitServer, livekit_server
from tests.fakes.platforms.livekit import API_KEY, LivekitShapes

SHAPES = LivekitShapes()
MEETINGS = f"/api/v1/events/{EVENT}/meetings"


@pytest_asyncio.fixture
async def livekit(bridge: BridgeUnderTest) -> AsyncIterator[LivekitServer]:
    """A server whose room `amphi` is the only one of the event."""
    async with livekit_server(clock=bridge.clock) as server:
        await bridge.add_source(
            platform="livekit", name=SHAPES.source, api_key=API_KEY, api_secret=SHAPES.secret, server_url=server.url
        )
        await bridge.claim((SHAPES.source, SHAPES.room))
        yield server


async def test_an_organizer_opens_and_closes_a_room_however_often(
    bridge: BridgeUnderTest, livekit: LivekitServer
) -> None:
    for _ in range(2):
        await bridge.api("POST", f"{MEETINGS}/room-1/open", status=204)
        assert livekit.rooms == {SHAPES.room: []}
    assert livekit.empty_timeouts == {SHAPES.room: 3600}
    for _ in range(2):
        await bridge.api("POST", f"{MEETINGS}/room-1/close", status=204)
        assert livekit.rooms == {}


async def test_the_page_s_buttons_do_it_and_say_what_went_wrong(
    bridge: BridgeUnderTest, livekit: LivekitServer
) -> None:
    page = f"/events/{EVENT}/meetings"
    headers = {**ORGANIZER, "Accept": "text/html", "Accept-Language": "en"}
    async with bridge.client.post(f"{page}/room-1/open", headers=headers) as response:
        drawn = await response.text()
    assert response.url.path == page
    assert f'action="{page}/room-1/close"' in drawn
    assert livekit.rooms == {SHAPES.room: []}
    livekit.fault = lambda: web.Response(status=502)
    async with bridge.client.post(f"{page}/room-1/close", headers=headers) as response:
        assert response.status == 503
        assert "The platform&#39;s server says that it cannot answer now." in await response.text()


async def test_only_an_organizer_does(bridge: BridgeUnderTest, livekit: LivekitServer) -> None:
    await bridge.api("POST", f"{MEETINGS}/room-1/open", status=403, headers=ANALYST)
    await bridge.api("POST", f"{MEETINGS}/room-1/open", status=401, headers={})
    assert livekit.rooms == {}


async def test_a_room_that_the_event_has_not_is_not_found(bridge: BridgeUnderTest, livekit: LivekitServer) -> None:
    await bridge.api("POST", f"{MEETINGS}/room-2/open", status=404)
    await bridge.claim(
        (SHAPES.source, SHAPES.room), status=EventStatus.CANCELLED, changed_at=OPENING + timedelta(hours=1)
    )
    await bridge.api("POST", f"{MEETINGS}/room-1/open", status=404)
    assert livekit.rooms == {}


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"api_secret": "a-secret-of-another-server-0123456789ab"}, "credentials_refused"),
        ({"api_key": None, "server_url": None}, "not_set_up"),
    ],
)
async def test_what_the_platform_refuses_is_a_conflict_with_its_reason(
    bridge: BridgeUnderTest, livekit: LivekitServer, change: dict[str, Any], reason: str
) -> None:
    await bridge.api("PATCH", f"/api/v1/sources/{SHAPES.source}", change, status=200)
    answer = await bridge.api("POST", f"{MEETINGS}/room-1/open", status=409)
    assert answer["reason"] == reason
    assert livekit.rooms == {}


@pytest.mark.parametrize(
    "fault, status, reason",
    [
        (lambda: web.Response(status=502), 503, "failing"),
        (lambda: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), 409, "redirected"),
        (lambda: web.Response(status=404, text="404 page not found"), 409, "no_api_there"),
        (lambda: web.Response(status=400, text="room name too long"), 409, "refused"),
        (lambda: web.Response(body=b"x" * (8 * 1024 * 1024 + 1)), 503, "too_large"),
    ],
)
async def test_a_server_that_does_otherwise_is_told_in_words(
    bridge: BridgeUnderTest, livekit: LivekitServer, fault: Callable[[], web.Response], status: int, reason: str
) -> None:
    livekit.fault = fault
    answer = await bridge.api("POST", f"{MEETINGS}/room-1/close", status=status)
    assert answer["reason"] == reason
    assert "127.0.0.1" not in str(answer)


async def test_a_server_that_is_away_is_asked_again_later(bridge: BridgeUnderTest, unused_tcp_port: int) -> None:
    address = f"ws://127.0.0.1:{unused_tcp_port}"
    await bridge.add_source(
        platform="livekit", name=SHAPES.source, api_key=API_KEY, api_secret=SHAPES.secret, server_url=address
    )
    await bridge.claim((SHAPES.source, SHAPES.room))
    answer = await bridge.api("POST", f"{MEETINGS}/room-1/open", status=503)
    assert answer["reason"] == "unreachable"


async def test_a_platform_without_an_api_and_a_source_that_is_gone_say_so(bridge: BridgeUnderTest) -> None:
    await bridge.add_source(platform="jitsi", name="own", webhook_token="a-token-for-webhooks")
    await bridge.claim(("own", "pleniere"))
    answer = await bridge.api("POST", f"{MEETINGS}/room-1/open", status=409)
    assert answer["reason"] == "no_api"
    await bridge.api("DELETE", "/api/v1/sources/own", status=204)
    answer = await bridge.api("POST", f"{MEETINGS}/room-1/open", status=409)
    assert answer["reason"] == "no_source"


async def test_who_is_in_a_room_now_is_named_as_webhooks_name_them() -> None:
    async with livekit_server(clock=lambda: OPENING) as server, new_session() as session:
        rooms = LivekitRooms(session, lambda: OPENING)
        source = Source(
            name="ours",
            platform=PlatformName.LIVEKIT,
            webhook_secrets=(SHAPES.secret,),
            settings={"api_key": API_KEY, "server_url": server.url},
            secrets={},
            created_at=OPENING,
            updated_at=OPENING,
        )
        assert await rooms.present(source, SHAPES.room) is None

        await rooms.open_room(source, SHAPES.room, title="Amphithéâtre")
        assert await rooms.present(source, SHAPES.room) == []

        came = str(round(OPENING.timestamp() * 1000) + 5)
        server.let_in(SHAPES.room, sid="PA_1", identity="par_1", name="Ada", joined_at_ms=came)
        server.let_in(SHAPES.room, sid="PA_2", identity="", kind="SIP")
        server.let_in(SHAPES.room, sid="PA_3", identity="half", state="JOINED")
        server.let_in(SHAPES.room, sid="PA_4", identity="EG_1", kind="EGRESS")
        found = await rooms.present(source, SHAPES.room)
        assert found is not None
        assert [(each.connection.key, each.connection.user_id, each.since) for each in found] == [
            ("PA_1", "par_1", OPENING + timedelta(milliseconds=5)),
            ("PA_2", None, None),
        ]
