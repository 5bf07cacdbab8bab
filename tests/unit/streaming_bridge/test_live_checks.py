"""A platform's live number beside ours: what lasts is an alert with its suspects, what settles is nothing."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
import pytest_asyncio
import sqlalchemy as sa

from schemas.identifiers import new_participant_id
from schemas.registration import EventStatus
from services.streaming_bridge.adapters.tables import ROOM_CHECKS, ROOM_DRIFTS
from services.streaming_bridge.application.live_checks import LiveChecks
from services.streaming_bridge.domain.errors import PlatformAwayError, PlatformRefusedError
from services.streaming_bridge.domain.sources import PlatformName
from tests.databases import ON_BOTH
from tests.fakes.bridge import EVENT, OPENING, BridgeUnderTest
from tests.fakes.deliveries import deliver
from tests.fakes.livekit_server import livekit_server
from tests.fakes.meeting_platform import MeetingPlatform
from tests.fakes.platforms import BigBlueButtonShapes, JitsiShapes, LivekitShapes, instant
from tests.fakes.platforms.livekit import API_KEY

SHAPES = JitsiShapes()
ADA, BOB, EVE, ZOE = (new_participant_id() for _ in range(4))
FOUR = {"ada": ADA, "bob": BOB, "eve": EVE, "zoe": ZOE}


@dataclass(slots=True, kw_only=True)
class Watched:
    """A bridge with one room, minute by minute."""

    bridge: BridgeUnderTest
    checks: LiveChecks
    platform: MeetingPlatform

    async def minutes(self, count: int) -> None:
        """Let minutes pass, with a check at the end of each."""
        for _ in range(count):
            self.bridge.clock.advance(timedelta(minutes=1))
            await self.checks.check_all()

    async def drifts(self) -> list[sa.Row[Any]]:
        """The alerts there were."""
        return await self.bridge.rows(sa.select(ROOM_DRIFTS).order_by(ROOM_DRIFTS.c.number))

    async def tell(self, *bodies: bytes) -> None:
        """Let the platform deliver."""
        await deliver(self.bridge, SHAPES, bodies)


def counting(body: bytes, heads: int) -> bytes:
    """A delivery with what the platform counted in the room after it."""
    return json.dumps({**json.loads(body), "active_occupants_count": heads}).encode()


def jid(who: str) -> str:
    return f"{uuid5(NAMESPACE_URL, who)}@meet.example.org/Web1"


def joins(minute: float) -> list[bytes]:
    return [
        counting(SHAPES.joined(minute, who=who, user_id=person), number)
        for number, (who, person) in enumerate(FOUR.items(), start=1)
    ]


@pytest_asyncio.fixture
async def counted(bridge: BridgeUnderTest) -> Watched:
    """A platform that only counts."""
    await bridge.add_source(platform="jitsi", name=SHAPES.source, webhook_token=SHAPES.secret)
    await bridge.claim((SHAPES.source, SHAPES.room))
    return Watched(bridge=bridge, checks=bridge.bridge.live_checks, platform=MeetingPlatform())


@pytest_asyncio.fixture
async def listed(counted: Watched) -> AsyncIterator[Watched]:
    """A platform that lists who is there."""
    counted.checks = replace(counted.checks, services={PlatformName.JITSI: counted.platform})
    yield counted


@ON_BOTH
async def test_a_drift_of_more_than_two_for_three_minutes_is_an_alert_until_the_numbers_agree(listed: Watched) -> None:
    listed.platform.enter(SHAPES.room, jid("ada"), since=OPENING)
    await listed.tell(SHAPES.opened(0), *joins(0))
    await listed.minutes(3)
    assert await listed.drifts() == []
    await listed.minutes(1)
    (drift,) = await listed.drifts()
    assert (drift.began_at, drift.ended_at, drift.ours, drift.theirs) == (instant(1), None, 4, 1)
    assert {(one["subject"], one["known_to"], one["certain"]) for one in drift.suspects} == {
        (person, "passerelle", True) for person in (BOB, EVE, ZOE)
    }
    listed.platform.enter(SHAPES.room, jid("bob"))
    await listed.minutes(1)
    (drift,) = await listed.drifts()
    assert drift.ended_at == instant(5)


async def test_a_drift_of_two_is_none(listed: Watched) -> None:
    listed.platform.enter(SHAPES.room, jid("ada"), jid("bob"))
    await listed.tell(*joins(0))
    await listed.minutes(10)
    assert await listed.drifts() == []


async def test_a_drift_that_settles_in_between_begins_anew(listed: Watched) -> None:
    await listed.tell(*joins(0))
    await listed.minutes(3)
    listed.platform.enter(SHAPES.room, *map(jid, FOUR))
    await listed.minutes(1)
    listed.platform.rooms.clear()
    await listed.minutes(3)
    assert await listed.drifts() == []


async def test_people_of_whom_nothing_was_ever_delivered_are_suspects(listed: Watched) -> None:
    for number, person in enumerate(FOUR.values()):
        listed.platform.enter(SHAPES.room, jid(f"device-{number}"), user_id=person, since=OPENING)
    await listed.minutes(4)
    (drift,) = await listed.drifts()
    assert (drift.ours, drift.theirs) == (0, 4)
    assert {(one["subject"], one["known_to"]) for one in drift.suspects} == {
        (person, "platform") for person in FOUR.values()
    }


async def test_as_many_ghosts_as_missing_ones_are_a_drift_too(listed: Watched) -> None:
    listed.platform.enter(SHAPES.room, *(jid(f"other-{number}") for number in range(4)))
    await listed.tell(*joins(0))
    await listed.minutes(4)
    (drift,) = await listed.drifts()
    assert (drift.ours, drift.theirs, len(drift.suspects)) == (4, 4, 8)


async def test_who_came_this_instant_is_no_suspect(listed: Watched) -> None:
    for minute in range(1, 8):
        crowd = [f"{minute}-{number}" for number in range(4)]
        listed.platform.rooms[SHAPES.room] = []
        listed.platform.enter(SHAPES.room, *map(jid, crowd), since=instant(minute))
        await listed.minutes(1)
    assert await listed.drifts() == []


async def test_while_the_platform_is_away_what_was_known_stands(listed: Watched) -> None:
    await listed.tell(*joins(0))
    await listed.minutes(4)
    listed.platform.failure = PlatformAwayError("unreachable")
    await listed.minutes(3)
    (drift,) = await listed.drifts()
    assert drift.ended_at is None
    metrics = await (await listed.bridge.client.get("/metrics")).text()
    assert 'passerelle_live_checks_total{outcome="failed",platform="jitsi"} 3.0' in metrics
    assert "passerelle_rooms_drifting 1.0" in metrics


async def test_a_source_that_was_not_told_its_api_is_compared_by_what_it_counts(listed: Watched) -> None:
    listed.platform.failure = PlatformRefusedError("not_set_up")
    lost = [SHAPES.joined(0, who=f"ghost-{number}", user_id=f"g{number}") for number in range(3)]
    await listed.tell(*(counting(body, 4) for body in lost), *joins(0.5))
    await listed.minutes(5)
    (drift,) = await listed.drifts()
    assert (drift.ours, drift.theirs) == (7, 4)


async def test_leaves_that_were_lost_show_in_the_platform_s_count(counted: Watched) -> None:
    await counted.tell(SHAPES.opened(0), *joins(0))
    await counted.minutes(2)
    # All but the newest left, and no word of it came.
    await counted.tell(counting(SHAPES.joined(2, who="leo", user_id="leo"), 1))
    await counted.minutes(4)
    (drift,) = await counted.drifts()
    assert (drift.ours, drift.theirs) == (5, 1)
    assert {one["certain"] for one in drift.suspects} == {False}
    await counted.tell(SHAPES.closed(7))
    await counted.minutes(1)
    (drift,) = await counted.drifts()
    assert drift.ended_at == instant(7)


async def test_counts_of_one_instant_come_in_any_order(counted: Watched) -> None:
    await counted.tell(*reversed(joins(0)))
    await counted.minutes(5)
    assert await counted.drifts() == []


async def test_of_one_person_s_two_connections_the_older_is_suspected_first(counted: Watched) -> None:
    reloaded = counting(SHAPES.joined(1, who="ada again", user_id=ADA), 2)
    await counted.tell(SHAPES.joined(0, who="bob", user_id=BOB), *joins(0.5), reloaded)
    await counted.minutes(6)
    (drift,) = await counted.drifts()
    first, *_ = [one["subject"] for one in drift.suspects]
    assert first in {ADA, BOB}


async def test_machines_are_left_out_of_the_platform_s_count(counted: Watched) -> None:
    recorders = []
    for number in range(1, 4):
        machine = json.loads(SHAPES.uncounted(0))
        machine["occupant"]["occupant_jid"] = f"recorder@recorder.meet.example.org/x{number}"
        recorders.append(counting(json.dumps(machine).encode(), number))
    await counted.tell(*recorders, counting(SHAPES.joined(1, who="ada", user_id=ADA), 4))
    await counted.minutes(6)
    assert await counted.drifts() == []


@ON_BOTH
async def test_several_processes_check_a_room_once_a_minute(listed: Watched) -> None:
    other = replace(listed.checks)
    for _ in range(3):
        listed.bridge.clock.advance(timedelta(seconds=30))
        await listed.checks.check_all()
        listed.bridge.clock.advance(timedelta(seconds=30))
        await other.check_all()
    assert listed.platform.asked == 3


@pytest.mark.parametrize("over", [{"hours": 1.0, "status": EventStatus.PUBLISHED}, {"status": EventStatus.CANCELLED}])
async def test_the_alert_ends_with_the_event(listed: Watched, over: dict[str, Any]) -> None:
    await listed.tell(*joins(0))
    await listed.minutes(4)
    await listed.bridge.claim((SHAPES.source, SHAPES.room), changed_at=OPENING, **over)
    listed.bridge.clock.advance(timedelta(hours=8))
    await listed.minutes(1)
    (drift,) = await listed.drifts()
    assert drift.event_id == EVENT
    assert drift.ended_at is not None


async def test_a_livekit_server_lists_whom_it_told_of(bridge: BridgeUnderTest) -> None:
    shapes, path = LivekitShapes(), f"/api/v1/events/{EVENT}/meetings"
    async with livekit_server(clock=bridge.clock) as server:
        form = {"api_key": API_KEY, "api_secret": shapes.secret, "server_url": server.url}
        await bridge.add_source(platform="livekit", name=shapes.source, **form)
        await bridge.claim((shapes.source, shapes.room))
        await deliver(bridge, shapes, [shapes.joined(0, who=who, user_id=person) for who, person in FOUR.items()])
        for who, person in FOUR.items():
            server.let_in(shapes.room, sid=shapes.participant(who)["sid"], identity=person)
        watched = Watched(bridge=bridge, checks=bridge.bridge.live_checks, platform=MeetingPlatform())
        await watched.minutes(1)
        (meeting,) = (await bridge.api("GET", path, status=200))["meetings"]
        assert (meeting["check"]["platform_present"], meeting["check"]["drifting_since"]) == (4, None)
        server.rooms[shapes.room] = server.rooms[shapes.room][:1]
        await watched.minutes(4)
        (meeting,) = (await bridge.api("GET", path, status=200))["meetings"]
        assert {one["participant_id"] for one in meeting["drifts"][0]["suspects"]} == {BOB, EVE, ZOE}


@ON_BOTH
async def test_a_room_that_is_told_of_by_its_digest_alone_is_the_same_room(bridge: BridgeUnderTest) -> None:
    shapes, platform = BigBlueButtonShapes(), MeetingPlatform()
    await bridge.add_source(platform="bigbluebutton", name=shapes.source, shared_secret=shapes.secret)
    await bridge.claim((shapes.source, shapes.room))
    users = [shapes.user(who, person) for who, person in FOUR.items()]
    unnamed = {"external-meeting-id": ""}
    joined = [shapes.message("user-joined", 0, meeting=unnamed, user=user) for user in users]
    await deliver(bridge, shapes, [shapes.delivery(*joined)])
    platform.enter(shapes.room, *(user["internal-user-id"] for user in users), since=OPENING)
    checks = replace(bridge.bridge.live_checks, services={PlatformName.BIGBLUEBUTTON: platform})
    watched = Watched(bridge=bridge, checks=checks, platform=platform)
    await watched.minutes(4)
    assert await watched.drifts() == []
    assert (await bridge.rows(sa.select(ROOM_CHECKS.c.ours, ROOM_CHECKS.c.theirs))) == [(4, 4)]
