"""Beats over HTTP: what they make of presence, what is refused, and what a crash leaves."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from schemas.identifiers import new_participant_id
from schemas.participation import Joined, Left
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.tables import VIEWINGS
from services.streaming_bridge.adapters.viewings import cancel_seat
from services.streaming_bridge.bootstrap import MIGRATIONS
from tests.builders import SECRET_KEY
from tests.databases import ON_BOTH, NewDatabase
from tests.fakes.bridge import EVENT, OPENING, BridgeUnderTest, running_bridge
from tests.fakes.deliveries import presence

ADA = new_participant_id()
ROOM = "Amphi@room_1"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin", "Content-Type": "text/plain;charset=UTF-8"}
TAB = "a" * 32
OTHER_TAB = "b" * 32


def token(*, purpose: str = "beats", **changes: Any) -> str:  # noqa: ANN401  (any member)
    payload = {
        "event_id": EVENT,
        "participant_id": ADA,
        "room": ROOM,
        "counts_from": (OPENING - timedelta(hours=1)).isoformat(),
    } | changes
    box = SecretBox.derive(SECRET_KEY, purpose=purpose)
    return box.seal_token(payload, expires_at=OPENING + timedelta(hours=8))


async def beat(
    bridge: BridgeUnderTest,
    first: int,
    *ages: float,
    stopped: float | None = None,
    page: str = TAB,
    sealed: str | None = None,
    status: int = 204,
) -> dict[str, Any]:
    """Tell some beats of so many seconds ago."""
    body = {
        "token": sealed or token(),
        "page": page,
        "first": first,
        "beats": [{"age": round(age * 1000)} for age in ages]
        + ([] if stopped is None else [{"age": round(stopped * 1000), "stopped": True}]),
    }
    return await bridge.post("/beats", json.dumps(body).encode(), OWN_PAGE, status=status)


async def test_beats_are_a_presence_in_the_room(bridge: BridgeUnderTest) -> None:
    for number in range(4):
        await beat(bridge, number, 0)
        bridge.clock.advance(timedelta(seconds=30))
    await beat(bridge, 4, stopped=0)
    joined, left = await bridge.facts()
    assert isinstance(joined, Joined)
    assert isinstance(left, Left)
    assert (joined.source, joined.subject, joined.data.room) == ("/bridge/player/page", ADA, ROOM)
    assert left.data.inferred is None
    assert await presence(bridge, ADA) == [(0, 2)]


@ON_BOTH
async def test_a_page_that_is_open_still_counts_no_more_once_the_seat_was_given_back(bridge: BridgeUnderTest) -> None:
    await beat(bridge, 0, 0)
    bridge.clock.advance(timedelta(minutes=1))
    async with bridge.bridge.engine.begin() as connection:
        for at in (bridge.clock(), bridge.clock() + timedelta(hours=1)):
            await cancel_seat(connection, ADA, at=at)
    bridge.clock.advance(timedelta(minutes=1))
    await beat(bridge, 1, 90, 60, 30, 0, status=401)
    await bridge.bridge.player.silence.round()
    assert await presence(bridge, ADA) == [(0, 1.25)]  # silence, 45 seconds after the last that counts
    await beat(bridge, 0, 0, page=OTHER_TAB, sealed=token(participant_id=new_participant_id()))


@ON_BOTH
async def test_silence_ends_it_and_is_told_as_such(bridge: BridgeUnderTest) -> None:
    await beat(bridge, 0, 0)
    bridge.clock.advance(timedelta(minutes=3))
    await asyncio.gather(bridge.bridge.player.silence.round(), bridge.bridge.player.silence.round())
    _, left = await bridge.facts()
    assert isinstance(left, Left)
    assert left.data.inferred == "silence"
    assert await presence(bridge, ADA) == [(0, 0.75)]


@ON_BOTH
async def test_minutes_kept_offline_are_not_lost(bridge: BridgeUnderTest) -> None:
    await beat(bridge, 0, 0)
    bridge.clock.advance(timedelta(minutes=10))
    await bridge.bridge.player.silence.round()
    await beat(bridge, 1, *range(570, -1, -30))
    assert await presence(bridge, ADA) == [(0, None)]
    assert len(await bridge.facts()) == 3


async def test_beats_older_than_half_an_hour_and_of_before_the_doors_open_count_for_nothing(
    bridge: BridgeUnderTest,
) -> None:
    bridge.clock.advance(timedelta(hours=1))
    await beat(bridge, 0, 1801, 1780, 1000)
    (joined, left, again) = await bridge.facts()
    assert [fact.time for fact in (joined, again)] == [bridge.clock() - timedelta(seconds=age) for age in (1780, 1000)]
    assert isinstance(left, Left)
    later = token(counts_from=(bridge.clock() + timedelta(minutes=1)).isoformat())
    await beat(bridge, 0, 0, sealed=later, page=OTHER_TAB)
    assert len(await bridge.facts()) == 3


@ON_BOTH
async def test_two_pages_are_two_connections_of_one_person(bridge: BridgeUnderTest) -> None:
    await asyncio.gather(beat(bridge, 0, 0), beat(bridge, 0, 0, page=OTHER_TAB))
    bridge.clock.advance(timedelta(seconds=30))
    await beat(bridge, 1, stopped=0)
    await beat(bridge, 1, 0, page=OTHER_TAB)
    bridge.clock.advance(timedelta(seconds=30))
    await beat(bridge, 2, stopped=0, page=OTHER_TAB)
    facts = await bridge.facts()
    assert len({fact.data.connection for fact in facts if isinstance(fact, Joined)}) == 2
    assert {fact.subject for fact in facts} == {ADA}
    assert await presence(bridge, ADA) == [(0, 0.5), (0, 1)]


@ON_BOTH
async def test_what_is_sent_again_changes_nothing(bridge: BridgeUnderTest) -> None:
    await asyncio.gather(*(beat(bridge, 0, 0, stopped=0) for _ in range(10)))
    bridge.clock.advance(timedelta(seconds=20))
    await beat(bridge, 0, 20)
    assert [type(fact) for fact in await bridge.facts()] == [Joined, Left]


@ON_BOTH
async def test_a_bridge_that_comes_back_knows_who_watched(tmp_path: Path, new_database: NewDatabase) -> None:
    """Each process is gone without a word; what it answered is there for the next one."""
    database = await new_database(MIGRATIONS)
    async with running_bridge(tmp_path, database=database) as first:
        await beat(first, 0, 0)
        await beat(first, 0, 0, page=OTHER_TAB)
    async with running_bridge(tmp_path, database=database) as second:
        second.clock.advance(timedelta(seconds=59))
        # Whoever still watches tells what they kept, before silence is taken for leaving.
        await second.bridge.player.silence.round()
        await beat(second, 1, 29, 0)
        second.clock.advance(timedelta(seconds=2))
        await second.bridge.player.silence.round()
        facts = await second.facts()
        assert [(type(fact), fact.data.connection) for fact in facts if isinstance(fact, Joined | Left)] == [
            (Joined, TAB),
            (Joined, OTHER_TAB),
            (Left, OTHER_TAB),
        ]
        assert await presence(second, ADA) == [(0, 0.75), (0, None)]


async def test_a_viewing_that_ended_is_forgotten_after_an_hour(bridge: BridgeUnderTest) -> None:
    await beat(bridge, 0, 0, stopped=0)
    bridge.clock.advance(timedelta(minutes=61))
    await bridge.bridge.player.silence.round()
    assert await bridge.rows(sa.select(VIEWINGS)) == []


@pytest.mark.parametrize(
    "sealed",
    [
        "forged",
        token()[:-3] + "abc",
        token(purpose="join"),
        token(purpose="registration"),
        token(participant_id=None),
    ],
    ids=["forged", "altered", "a join link", "a personal link", "nobody's"],
)
async def test_what_is_no_token_of_a_page_is_refused_without_saying_more(bridge: BridgeUnderTest, sealed: str) -> None:
    answer = await beat(bridge, 0, 0, sealed=sealed, status=401)
    assert answer["detail"] == "Open the page again from your personal link."
    assert await bridge.facts() == []


async def test_an_expired_token_is_refused_alike(bridge: BridgeUnderTest) -> None:
    bridge.clock.advance(timedelta(hours=8))
    answer = await beat(bridge, 0, 0, status=401)
    assert answer["detail"] == "Open the page again from your personal link."


async def test_another_site_cannot_send_beats(bridge: BridgeUnderTest) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    async with bridge.client.post("/beats", data=b"{}", headers=headers) as response:
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize(
    "body",
    [
        b"so this is not JSON",
        b"[]",
        b'{"token": "x", "page": "Z", "first": -1, "beats": [{"age": -1}, {"age": 1e400}, 7]}',
        b'{"token": "x", "page": "' + b"a" * 32 + b'", "first": 0, "beats": [' + b'{"age":1},' * 200 + b'{"age":1}]}',
    ],
)
async def test_what_cannot_be_read_is_a_problem(bridge: BridgeUnderTest, body: bytes) -> None:
    await bridge.post("/beats", body, OWN_PAGE, status=400)


async def test_a_long_body_is_refused(bridge: BridgeUnderTest) -> None:
    await bridge.post("/beats", b" " * 9000, OWN_PAGE, status=413)


async def test_beats_are_counted_one_by_one_and_pages_that_tell_too_much_wait(bridge: BridgeUnderTest) -> None:
    sealed = token()
    half_an_hour = range(1770, -1, -30)
    for page in "abcde":
        await beat(bridge, 0, *half_an_hour, sealed=sealed, page=page * 32)
    refused = await beat(bridge, 0, 0, sealed=sealed, status=429)
    assert "tell it later" in refused["detail"]
    await beat(bridge, 0, 0, sealed=token(participant_id=new_participant_id()))
