"""What could not be read is kept whole, and tried again: by an organizer's button, and by the command's address."""

import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from services.chassis import dead_letters
from services.chassis.access import internal_headers
from services.chassis.dead_letter_requests import ADDRESS
from services.chassis.dead_letters import LETTER, REDRIVEN
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.tables import DELIVERIES, UNREADABLE
from services.streaming_bridge.application.arrivals import Arrival
from tests.databases import ON_BOTH
from tests.fakes.bridge import BridgeUnderTest
from tests.fakes.platforms import JitsiShapes
from tests.unit.streaming_bridge.test_source_pages import add_jitsi, page

SHAPES = JitsiShapes()
HERE = f"/sources/{SHAPES.source}/unreadable"


async def kept_by_an_older_version(bridge: BridgeUnderTest, body: bytes) -> str:
    """A delivery that could not be read then, and can be now: the id of its letter."""
    now = bridge.clock()
    letter = dead_letters.from_request(
        service="streaming_bridge",
        reason="occupant: not as it was",
        now=now,
        path=SHAPES.request(body).path,
        body=body,
        box=SecretBox.derive(bridge.bridge.settings.secret, purpose=dead_letters.PURPOSE),
        key=SHAPES.source.encode(),
    )
    arrival = Arrival(
        fact_id=letter.headers[LETTER],
        source=SHAPES.source,
        source_uri=f"/bridge/jitsi/{SHAPES.source}",
        received_at=now,
        dead_letter=letter,
    )
    await bridge.bridge.inbox.write([arrival])
    return letter.headers[LETTER]


async def deliver(bridge: BridgeUnderTest, body: bytes) -> dict[str, Any]:
    request = SHAPES.request(body)
    return await bridge.post(request.path, request.body, request.headers)


@ON_BOTH
async def test_after_a_fix_all_of_a_source_is_read_by_one_button_and_counts(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    await bridge.claim((SHAPES.source, SHAPES.room))
    for minute in (5, 6):
        await kept_by_an_older_version(bridge, SHAPES.joined(minute, who=f"person {minute}"))
    await deliver(bridge, b'{"event_name": "muc-occupant-joined", "occupant": {"name": "Zanzibar"}}')
    shown = await page(bridge, HERE)
    assert "3 deliveries are kept" in shown
    assert "room_jid: Field required" in shown
    assert "Zanzibar" not in shown
    bridge.clock.advance(timedelta(minutes=30))
    tried = await page(bridge, HERE, {})
    assert "2 deliveries were read, and count now." in tried
    assert "1 delivery still cannot be read." in tried
    assert [fact.recordedtime for fact in await bridge.facts()] == [bridge.clock()] * 2
    await page(bridge, HERE, {})
    assert len(await bridge.facts()) == 2
    assert "1 delivery could not be read." in await page(bridge, f"/sources/{SHAPES.source}")


@ON_BOTH
async def test_one_is_tried_alone_and_twice_is_once(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    letter = await kept_by_an_older_version(bridge, SHAPES.joined(5, who="ada"))
    assert "1 delivery was read" in await page(bridge, f"{HERE}/{letter}", {})
    again = await page(bridge, f"{HERE}/{letter}", {})
    assert "It was read meanwhile" in again
    assert "There are none" in again
    states = [row.state for row in await bridge.rows(sa.select(DELIVERIES.c.state))]
    assert sorted(states) == ["unclaimed", "unreadable"]


async def test_the_command_has_a_letter_read_that_is_kept_here_or_on_the_topic_alone(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    body = SHAPES.joined(5, who="ada")
    query = {
        "letter": await kept_by_an_older_version(bridge, body),
        "path": "/webhooks/jitsi/main",
        "key": SHAPES.source,
    }
    headers = internal_headers(bridge.bridge.settings)
    for known in (True, False):
        async with bridge.client.post(ADDRESS, params=query, data=body, headers=headers) as response:
            assert (response.status, await response.json()) == (200, {"status": "unclaimed" if known else "duplicate"})
    assert await bridge.rows(sa.select(UNREADABLE)) == []
    marks = [row.headers[REDRIVEN] for row in await bridge.records("passerelle-dead-letter") if REDRIVEN in row.headers]
    assert set(marks) == {query["letter"]}
    async with bridge.client.post(ADDRESS, params=query, data=b"{}", headers=headers) as response:
        assert response.status == 422
        assert "event_name" in (await response.json())["detail"]
    await bridge.api("POST", f"{ADDRESS}?letter=x&key=gone&path=/x", {}, status=404, headers=headers)
    await bridge.api("POST", ADDRESS, {}, status=403)


async def test_the_same_unreadable_body_again_is_the_same_letter(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    for _ in range(3):
        await deliver(bridge, b"so this is not JSON")
    (row,) = await bridge.rows(sa.select(UNREADABLE))
    (letter,) = await bridge.records("passerelle-dead-letter")
    assert (row.letter_id, row.sealed_body) == (letter.headers[LETTER], letter.value)


async def test_many_are_listed_page_by_page(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    for number in range(23):
        await deliver(bridge, f"not JSON {number}".encode())
    first = await page(bridge, HERE)
    following = re.search(r'href="([^"]*after=[^"]*)"', first)
    assert following is not None
    second = await page(bridge, following[1])
    ids = [set(re.findall(r"<code>([0-9a-f]{12})</code>", shown)) for shown in (first, second)]
    assert [len(found) for found in ids] == [20, 3]
    assert not ids[0] & ids[1]
    await page(bridge, f"{HERE}?after=nonsense", status=400)


async def test_what_cannot_be_read_goes_after_thirty_days(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    await deliver(bridge, b"so this is not JSON")
    await page(bridge, HERE)
    for days, kept in ((29, 1), (2, 0)):
        bridge.clock.advance(timedelta(days=days))
        await bridge.bridge.retention.retention.run()
        assert len(await bridge.rows(sa.select(UNREADABLE))) == kept
