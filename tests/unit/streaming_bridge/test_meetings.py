"""How the meetings of an event stand: as a page in two languages, and for programs."""

from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from schemas.identifiers import new_participant_id
from services.chassis.access import internal_headers
from services.streaming_bridge.domain.sources import PlatformName
from tests.fakes.bridge import ANALYST, EVENT, ORGANIZER, BridgeUnderTest
from tests.fakes.deliveries import deliver
from tests.fakes.meeting_platform import MeetingPlatform
from tests.fakes.platforms import JitsiShapes

SHAPES = JitsiShapes()
PAGE = f"/events/{EVENT}/meetings"
API = f"/api/v1/events/{EVENT}/meetings"
LEA = "7d4f0c3e5c7a4f6a9f0e2f5b1c9d8e7a"


async def page(bridge: BridgeUnderTest, path: str = PAGE, *, language: str = "en", status: int = 200) -> str:
    headers = {**ORGANIZER, "Accept": "text/html", "Accept-Language": language}
    async with bridge.client.get(path, headers=headers) as response:
        assert response.status == status
        return await response.text()


@pytest_asyncio.fixture
async def room(bridge: BridgeUnderTest) -> BridgeUnderTest:
    await bridge.add_source(platform="jitsi", name=SHAPES.source, webhook_token=SHAPES.secret)
    await bridge.claim((SHAPES.source, SHAPES.room), ("gone", "atelier"))
    return bridge


async def drifted(bridge: BridgeUnderTest, *, minutes: int = 4) -> None:
    """Léa and three others are in the room for us; the platform, which can be asked, has nobody."""
    joins = [SHAPES.joined(0, who="lea", user_id=LEA, name="Léa Martin")]
    joins += [SHAPES.joined(0, who=str(number), user_id=new_participant_id()) for number in range(3)]
    await deliver(bridge, SHAPES, [SHAPES.opened(0), *joins])
    checks = replace(bridge.bridge.live_checks, services={PlatformName.JITSI: MeetingPlatform()})
    for _ in range(minutes):
        bridge.clock.advance(timedelta(minutes=1))
        await checks.check_all()


async def test_rooms_that_nobody_opened_yet_are_shown(room: BridgeUnderTest) -> None:
    drawn = await page(room)
    assert "Colloque hybride" in drawn
    assert drawn.count("Not opened yet") == 2
    assert f'<a href="/sources/{SHAPES.source}">' in drawn
    assert "No source has this name." in drawn
    assert f'<a href="/rooms/claim?source={SHAPES.source}&amp;room={SHAPES.room}&amp;seen_at=' in drawn
    assert "Pas encore ouverte" in await page(room, language="fr")
    shown = await room.api("GET", API, status=200)
    assert [(one["room_id"], one["state"], one["platform"]) for one in shown["meetings"]] == [
        ("room-1", "never_opened", "jitsi"),
        ("room-2", "never_opened", None),
    ]


async def test_a_room_is_open_with_who_is_in_it_then_closed(room: BridgeUnderTest) -> None:
    joins = [SHAPES.joined(5, who=who) for who in ("a", "b")]
    await deliver(room, SHAPES, [SHAPES.opened(0), *joins, SHAPES.left(9, who="a", came=5)])
    (meeting, _) = (await room.api("GET", API, status=200))["meetings"]
    assert (meeting["state"], meeting["present"]) == ("open", 1)
    assert meeting["opened_at"] == "2026-11-23T09:00:00.000Z"
    assert meeting["last_delivery_at"] == "2026-11-23T09:00:00.000Z"
    assert "Open since 10:00" in await page(room)
    await deliver(room, SHAPES, [SHAPES.closed(60)])
    (meeting, _) = (await room.api("GET", API, status=200))["meetings"]
    assert (meeting["state"], meeting["present"], meeting["closed_at"]) == ("closed", 0, "2026-11-23T10:00:00.000Z")


async def test_a_room_whose_opening_nobody_told_is_open_since_it_was_never_empty(room: BridgeUnderTest) -> None:
    early = [SHAPES.joined(1, who="early"), SHAPES.left(4, who="early", came=1)]
    first = [SHAPES.joined(7, who="a"), SHAPES.joined(10, who="b"), SHAPES.left(12, who="a", came=7)]
    # The second left before the first did, and somebody else came in between.
    then = [SHAPES.joined(11, who="c"), SHAPES.left(13, who="b", came=10)]
    await deliver(room, SHAPES, [*early, *first, *then])
    (meeting, _) = (await room.api("GET", API, status=200))["meetings"]
    assert (meeting["present"], meeting["opened_at"]) == (1, "2026-11-23T09:07:00.000Z")


async def test_of_another_day_it_is_said_which(room: BridgeUnderTest) -> None:
    await deliver(room, SHAPES, [SHAPES.opened(0)])
    room.clock.advance(timedelta(days=1))
    assert "Ouverte depuis le 23/11/2026 à 10:00" in await page(room, language="fr")
    await deliver(room, SHAPES, [SHAPES.closed(60)])
    assert "Fermée le 23/11/2026 à 11:00" in await page(room, language="fr")
    assert "Closed on 23/11/2026 at 11:00" in await page(room)


async def test_a_drift_is_shown_with_its_suspects_by_name(room: BridgeUnderTest) -> None:
    await drifted(room)
    drawn = await page(room)
    assert "Since 10:01 the numbers differ" in drawn
    assert drawn.index("In the room for us, not for the platform:") < drawn.index("<li>Léa Martin, since 10:00</li>")
    assert "Depuis 10:01, les nombres diffèrent" in await page(room, language="fr")
    (meeting, _) = (await room.api("GET", API, status=200))["meetings"]
    (drift,) = meeting["drifts"]
    assert (drift["present"], drift["platform_present"], drift["ended_at"]) == (4, 0, None)
    assert sorted(bool(suspect["guest_id"]) for suspect in drift["suspects"]) == [False, False, False, True]
    assert "Léa" not in str(meeting)
    assert meeting["check"]["platform_present"] == 0


async def test_what_was_compared_long_ago_is_not_shown_as_of_now(room: BridgeUnderTest) -> None:
    await drifted(room, minutes=1)
    assert "By the platform" in await page(room)
    room.clock.advance(timedelta(minutes=6))
    assert "By the platform" not in await page(room)


async def test_an_event_that_is_not_known_has_no_meetings(room: BridgeUnderTest) -> None:
    await room.api("GET", API.replace(EVENT, "evt_unknown"), status=404)
    await page(room, PAGE.replace(EVENT, "evt_unknown"), status=404)


@pytest.mark.parametrize("path", [PAGE, API])
async def test_meetings_are_for_organizers(room: BridgeUnderTest, path: str) -> None:
    async with room.client.get(path, headers=ANALYST) as response:
        assert response.status == 403
    async with room.client.get(path, headers={"Accept": "text/html"}, allow_redirects=False) as response:
        assert response.status == (303 if path == PAGE else 401)


async def test_a_platform_without_an_api_is_not_told_to_open_a_room(room: BridgeUnderTest) -> None:
    headers = {**ORGANIZER, "Accept": "text/html", "Accept-Language": "en"}
    async with room.client.post(f"{PAGE}/room-1/open", headers=headers) as response:
        assert response.status == 409
        assert "This platform cannot open or close rooms." in await response.text()
    assert f"{PAGE}/room-1/open" not in await page(room)


async def test_registration_is_told_how_many_rooms_drift(room: BridgeUnderTest) -> None:
    path, asked = "/internal/drifting-rooms", {"event_id": EVENT}
    await room.api("POST", path, asked, status=403)
    headers = internal_headers(room.bridge.settings)
    assert (await room.api("POST", path, asked, status=200, headers=headers))["rooms"] == 0
    await drifted(room)
    assert (await room.api("POST", path, asked, status=200, headers=headers))["rooms"] == 1


async def test_a_room_that_nobody_can_be_sent_into_is_said_to_be_one(bridge: BridgeUnderTest) -> None:
    join_url = "https://us02web.zoom.us/j/{room}"
    await bridge.add_source(platform="zoom", name="our-zoom", secret_token="zoom-secret", join_url=join_url)
    await bridge.claim(("our-zoom", "84712639219"), ("our-zoom", "the-colloquium"))
    drawn = await page(bridge)
    assert drawn.count("Participants cannot be sent here") == 1
    assert drawn.index("the-colloquium") > drawn.index("Participants cannot be sent here") > drawn.index("84712639219")
    headers = internal_headers(bridge.bridge.settings)
    told = await bridge.api("POST", "/internal/drifting-rooms", {"event_id": EVENT}, status=200, headers=headers)
    assert told["without_way_in"] == 1


async def test_one_id_under_several_names_at_once_is_told(room: BridgeUnderTest) -> None:
    assert "several names at once" not in await page(room)
    await deliver(
        room,
        SHAPES,
        [
            SHAPES.joined(5, who="hers", user_id=LEA, name="Léa Martin"),
            SHAPES.joined(9, who="a-friend-s", user_id=LEA, name="Paul"),
            SHAPES.left(30, who="a-friend-s", came=9, user_id=LEA, name="Paul"),
        ],
    )
    drawn = " ".join((await page(room)).split())
    assert "Léa Martin · Salle 1 · 2 connections · from 10:09 to 10:30" in drawn
    assert "plusieurs noms à la fois" in await page(room, language="fr")
    (shared,) = (await room.api("GET", API, status=200))["shared_ids"]
    assert (shared["guest_id"] is None, shared["connections"], shared["since"], shared["until"]) == (
        False,
        2,
        "2026-11-23T09:09:00.000Z",
        "2026-11-23T09:30:00.000Z",
    )
