import re
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientResponse

from schemas.identifiers import new_participant_id
from schemas.registration import EventStatus
from services.chassis.secrets import SecretBox
from tests.builders import SECRET_KEY
from tests.fakes.bridge import EVENT, OPENING, BridgeUnderTest

BOX = SecretBox.derive(SECRET_KEY, purpose="join")
ADA = new_participant_id()


def grant(**changes: Any) -> str:  # noqa: ANN401  (any member)
    payload = {
        "event_id": EVENT,
        "participant_id": ADA,
        "display_name": "Ada Löwe",
        "moderator": False,
        "language": "fr",
    } | changes
    members = {name: value for name, value in payload.items() if value is not ...}
    return BOX.seal_token(members, expires_at=OPENING + timedelta(minutes=1))


async def follow(bridge: BridgeUnderTest, sealed: str, **headers: str) -> ClientResponse:
    response = await bridge.client.get(f"/join/{sealed}", headers=headers, allow_redirects=False)
    await response.read()
    return response


async def with_rooms(bridge: BridgeUnderTest, *rooms: str) -> None:
    await bridge.add_source(
        platform="jitsi",
        name="own",
        webhook_token="a-token-for-webhooks",
        domain="meet.example.org",
        app_id="passerelle",
        app_secret="a-secret-for-join-links",
    )
    await bridge.claim(*(("own", room) for room in rooms))


async def test_a_grant_leads_to_the_meeting(bridge: BridgeUnderTest) -> None:
    await with_rooms(bridge, "pleniere")
    response = await follow(bridge, grant())
    assert response.status == 303
    assert response.headers["Location"].startswith("https://meet.example.org/pleniere?jwt=")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


async def test_of_several_rooms_one_chooses(bridge: BridgeUnderTest) -> None:
    await with_rooms(bridge, "pleniere", "atelier")
    page = await follow(bridge, grant())
    assert page.status == 200
    links = re.findall(r'class="button" href="/join/([^"]+)"', await page.text())
    assert len(links) == 2
    bridge.clock.advance(timedelta(minutes=5))
    second = await follow(bridge, links[1])
    assert second.headers["Location"].startswith("https://meet.example.org/atelier?jwt=")
    bridge.clock.advance(timedelta(minutes=5))
    assert (await follow(bridge, links[1])).status == 410


async def test_a_room_can_be_named_in_the_address(bridge: BridgeUnderTest) -> None:
    await with_rooms(bridge, "pleniere", "atelier")
    response = await follow(bridge, grant() + "?room=room-2")
    assert response.headers["Location"].startswith("https://meet.example.org/atelier?jwt=")


@pytest.mark.parametrize("language,words", [("fr", "Ce lien vers la réunion a expiré"), ("en", "has expired")])
async def test_an_expired_grant_is_explained(bridge: BridgeUnderTest, language: str, words: str) -> None:
    sealed = grant()
    bridge.clock.advance(timedelta(minutes=1))
    response = await follow(bridge, sealed, **{"Accept-Language": language, "Accept": "text/html"})
    assert response.status == 410
    assert words in await response.text()


@pytest.mark.parametrize("sealed", ["nothing", "é", "a" * 5000])
async def test_what_is_no_grant_is_refused(bridge: BridgeUnderTest, sealed: str) -> None:
    assert (await follow(bridge, sealed)).status == 410


async def test_a_personal_link_is_no_grant(bridge: BridgeUnderTest) -> None:
    await with_rooms(bridge, "pleniere")
    personal = BOX.seal_token({"event_id": EVENT, "participant_id": ADA}, expires_at=None)
    assert (await follow(bridge, personal)).status == 410


async def test_an_event_without_a_room_is_explained(bridge: BridgeUnderTest) -> None:
    response = await follow(bridge, grant(), Accept="text/html")
    assert response.status == 404
    assert "The meeting is not open yet" in await response.text()


async def test_a_cancelled_event_has_no_meeting(bridge: BridgeUnderTest) -> None:
    await with_rooms(bridge, "pleniere")
    await bridge.claim(("own", "pleniere"), status=EventStatus.CANCELLED, changed_at=OPENING)
    assert (await follow(bridge, grant())).status == 404


async def test_a_removed_source_has_no_meeting(bridge: BridgeUnderTest) -> None:
    await with_rooms(bridge, "pleniere")
    await bridge.api("DELETE", "/api/v1/sources/own", status=204)
    assert (await follow(bridge, grant())).status == 404


async def test_who_cannot_be_let_in_is_told_when_to_come_whom_to_write_to_and_finds_the_way_back(
    bridge: BridgeUnderTest,
) -> None:
    begins = OPENING + timedelta(days=12)
    told = {"starts_at": begins.isoformat(), "timezone": "Europe/Paris", "contact": "donnees@example.org"}
    await bridge.claim(("main", "pleniere"))
    unconnected = await follow(bridge, grant(**told), Accept="text/html")
    assert unconnected.status == 404
    page = await unconnected.text()
    for words in (
        "the organizer has not connected the meeting yet",
        "5 December 2026",
        "10:00 (Europe/Paris)",
        'href="mailto:donnees@example.org"',
        f'href="/e/{EVENT}"',
    ):
        assert words in page
    assert "in a few minutes" not in page
    without = await (await follow(bridge, grant(), Accept="text/html")).text()
    assert "when the meeting is to begin" in without
    assert "mailto:" not in without


async def test_neither_the_grant_nor_the_token_is_logged(
    bridge: BridgeUnderTest, capfd: pytest.CaptureFixture[str]
) -> None:
    await with_rooms(bridge, "pleniere")
    sealed = grant()
    response = await follow(bridge, sealed)
    logged = "".join(capfd.readouterr())
    assert "join.sent" in logged
    assert sealed[:40] not in logged
    assert response.headers["Location"].partition("jwt=")[2][:40] not in logged
    assert "Löwe" not in logged
