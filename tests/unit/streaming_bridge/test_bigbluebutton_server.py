"""What the bridge asks of a BigBlueButton server, which takes no call without its checksum."""

import html
from datetime import timedelta
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientResponse, web

from schemas.identifiers import new_participant_id
from services.chassis.access import SESSION_COOKIE
from services.chassis.secrets import SecretBox
from services.streaming_bridge.adapters.platforms.bigbluebutton_rooms import BigBlueButtonRooms
from services.streaming_bridge.adapters.platforms.room_service import new_session
from services.streaming_bridge.domain.sources import PlatformName, Source
from tests.builders import SECRET_KEY
from tests.fakes.bigbluebutton_server import BigBlueButtonServer, bigbluebutton_server
from tests.fakes.bridge import EVENT, OPENING, BridgeUnderTest
from tests.fakes.deliveries import deliver
from tests.fakes.platforms import BigBlueButtonShapes

SHAPES = BigBlueButtonShapes()
ADA = new_participant_id()
BOX = SecretBox.derive(SECRET_KEY, purpose="join")
MEETINGS = f"/api/v1/events/{EVENT}/meetings"
SOURCE = f"/api/v1/sources/{SHAPES.source}"
CALLBACK = f"http://127.0.0.1:8080/webhooks/bigbluebutton/{SHAPES.source}"


async def follow(bridge: BridgeUnderTest, **more: Any) -> ClientResponse:  # noqa: ANN401
    grant = {"event_id": EVENT, "participant_id": ADA, "display_name": "Ada Löwe & Cie", "language": "en", **more}
    sealed = BOX.seal_token(grant, expires_at=bridge.clock() + timedelta(minutes=1))
    response = await bridge.client.get(f"/join/{sealed}", headers={"Accept": "text/html"}, allow_redirects=False)
    await response.read()
    return response


async def enter(response: ClientResponse) -> int:
    """Go where one is sent, as a browser does, to the server's first answer."""
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(response.headers["Location"], allow_redirects=False) as entered,
    ):
        return entered.status


async def test_the_first_who_comes_finds_a_meeting_made_for_them(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    for _ in range(2):
        response = await follow(bridge)
        assert response.status == 303
        assert await enter(response) == 302
    assert [meeting.name for meeting in bigbluebutton.meetings.values()] == ["Salle 1"]
    (first, _) = bigbluebutton.let_in_by_link
    assert {name: first[name] for name in ("meetingID", "userID", "fullName", "role", "redirect")} == {
        "meetingID": SHAPES.room,
        "userID": ADA,
        "fullName": "Ada Löwe & Cie",
        "role": "VIEWER",
        "redirect": "true",
    }


async def test_a_link_is_good_for_this_meeting_and_for_none_made_later(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    response = await follow(bridge)
    bigbluebutton.meetings[SHAPES.room].made_at += 1
    assert await enter(response) == 200
    assert bigbluebutton.let_in_by_link == []


async def test_without_the_instant_a_meeting_was_made_participants_get_no_link(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    bigbluebutton.fault = lambda: web.Response(
        text="<response><returncode>SUCCESS</returncode></response>", content_type="text/xml"
    )
    for more in ({}, {"starts_at": (OPENING + timedelta(days=1)).isoformat()}):
        assert "Location" not in (await follow(bridge, **more)).headers


async def test_long_before_the_event_nobody_has_a_meeting_made(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    begins = OPENING + timedelta(minutes=61)
    closed = await follow(bridge, starts_at=begins.isoformat())
    assert closed.status == 404
    assert "The meeting opens shortly before it begins" in await closed.text()
    assert bigbluebutton.meetings == {}
    bridge.clock.advance(timedelta(minutes=1))
    assert (await follow(bridge, starts_at=begins.isoformat())).status == 303


async def test_an_organizer_enters_as_moderator_as_early_as_they_want(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    path = f"/events/{EVENT}/meetings/room-1/enter"
    headers = {"Accept": "text/html", "Cookie": f"{SESSION_COOKIE}=organizer-token"}
    assert f'href="{path}"' in await (await bridge.client.get(f"/events/{EVENT}/meetings", headers=headers)).text()
    sent = await bridge.client.get(path, headers=headers, allow_redirects=False)
    assert await enter(sent) == 302
    (moderator,) = bigbluebutton.let_in_by_link
    assert (moderator["role"], moderator["userID"], moderator["fullName"]) == ("MODERATOR", "organizer-1", "Organizer")

    # A page of another site may lead there too, and the cookie comes along.
    bigbluebutton.meetings.clear()
    foreign = headers | {"Sec-Fetch-Site": "cross-site"}
    assert (await bridge.client.get(path, headers=foreign, allow_redirects=False)).status == 403
    assert bigbluebutton.meetings == {}
    for role, status in (("analyst-token", 403), ("nobody", 303)):
        other = headers | {"Cookie": f"{SESSION_COOKIE}={role}"}
        refused = await bridge.client.get(path, headers=other, allow_redirects=False)
        assert refused.status == status
        assert "checksum" not in refused.headers.get("Location", "")
    elsewhere = await bridge.client.get(path.replace("room-1", "room-2"), headers=headers, allow_redirects=False)
    assert elsewhere.status == 404
    bigbluebutton.fault = lambda: web.Response(status=502)
    away = await bridge.client.get(path, headers=headers, allow_redirects=False)
    assert away.status == 409
    assert "cannot be reached" in await away.text()


async def test_where_meetings_are_made_elsewhere_one_waits_for_them(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    await bridge.api("PATCH", SOURCE, {"creates_meetings": False}, status=200)
    closed = await follow(bridge, starts_at=OPENING.isoformat())
    assert closed.status == 404
    assert "Try your personal link again in a few minutes" in await closed.text()
    assert bigbluebutton.meetings == {}
    bigbluebutton.let_in(SHAPES.room, user_id="teacher")
    assert await enter(await follow(bridge)) == 302
    bigbluebutton.meetings[SHAPES.room].ended = True
    assert (await follow(bridge)).status == 404


async def test_a_server_that_is_away_is_explained_and_no_secret_is_logged(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer, capfd: pytest.CaptureFixture[str]
) -> None:
    bigbluebutton.fault = lambda: web.Response(status=502)
    away = await follow(bridge, starts_at=OPENING.isoformat())
    assert away.status == 404
    assert "server does not answer" in html.unescape(await away.text())
    assert "Try your personal link again in a few minutes" in await away.text()
    bigbluebutton.fault = None
    address = (await follow(bridge)).headers["Location"]
    logged = "".join(capfd.readouterr())
    assert "join.platform_away" in logged
    assert address.partition("checksum=")[2] not in logged
    assert SHAPES.secret not in logged
    assert "Löwe" not in logged


@pytest.mark.parametrize("wants_passwords", [False, True])
async def test_an_organizer_opens_and_closes_a_meeting_however_often(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer, wants_passwords: bool
) -> None:
    bigbluebutton.wants_passwords = wants_passwords
    for _ in range(2):
        await bridge.api("POST", f"{MEETINGS}/room-1/open", status=204)
        assert not bigbluebutton.meetings[SHAPES.room].ended
    for _ in range(2):
        await bridge.api("POST", f"{MEETINGS}/room-1/close", status=204)
        assert bigbluebutton.meetings[SHAPES.room].ended
    await bridge.api("POST", f"{MEETINGS}/room-1/open", status=204)
    assert not bigbluebutton.meetings[SHAPES.room].ended
    bigbluebutton.meetings.clear()
    await bridge.api("POST", f"{MEETINGS}/room-1/close", status=204)


async def test_a_secret_that_is_changed_signs_from_then_on(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    bigbluebutton.secret = "the-new-secret-of-the-server"
    await bridge.api("PATCH", SOURCE, {"shared_secret": bigbluebutton.secret}, status=200)
    assert await enter(await follow(bridge)) == 302


async def test_behind_a_load_balancer_the_api_has_a_secret_of_its_own(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    bigbluebutton.secret = "the-secret-of-the-balancer"
    refused = await bridge.api("POST", f"{MEETINGS}/room-1/open", status=409)
    assert refused["reason"] == "credentials_refused"
    await bridge.api("PATCH", SOURCE, {"api_secret": bigbluebutton.secret}, status=200)
    await bridge.api("POST", f"{MEETINGS}/room-1/open", status=204)


async def test_what_the_server_does_otherwise_is_told_in_words(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    answers = [
        (404, b"404", 409, "no_api_there"),
        (200, b"<!DOCTYPE html><html></html>", 409, "no_api_there"),
        (200, b"<html></html>", 409, "no_api_there"),
        (200, b"<response>", 503, "not_understood"),
        (200, b"\xff", 503, "not_understood"),
        (200, b"<response><returncode>FAILED</returncode></response>", 409, "refused"),
    ]
    for answered, body, status, reason in answers:
        bigbluebutton.fault = partial(web.Response, status=answered, body=body)
        refused = await bridge.api("POST", f"{MEETINGS}/room-1/open", status=status)
        assert refused["reason"] == reason


async def test_who_is_there_is_told_by_person_each_as_often_as_they_are() -> None:
    async with bigbluebutton_server() as server, new_session() as session:
        rooms = BigBlueButtonRooms(session, lambda: OPENING)
        source = Source(
            name="ours",
            platform=PlatformName.BIGBLUEBUTTON,
            webhook_secrets=(SHAPES.secret,),
            settings={"server_url": server.url},
            secrets={"shared_secret": SHAPES.secret},
            created_at=OPENING,
            updated_at=OPENING,
        )
        assert await rooms.present(source, SHAPES.room) is None
        await rooms.open_room(source, SHAPES.room, title="A")
        assert await rooms.present(source, SHAPES.room) == []
        for user_id in (ADA, ADA, "w_xfsb9gxtlfom"):
            server.let_in(SHAPES.room, user_id=user_id)
        found = await rooms.present(source, SHAPES.room)
        assert found is not None
        assert [one.connection.user_id for one in found] == [ADA, ADA, None]
        assert all(one.by_person for one in found)
        await rooms.close_room(source, SHAPES.room)
        assert await rooms.present(source, SHAPES.room) is None


async def test_who_is_there_is_compared_by_person_and_a_lasting_difference_is_an_alert(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    bob, stranger = new_participant_id(), SHAPES.user("stranger")["external-user-id"]
    joins = [SHAPES.joined(0, who=who, user_id=ADA) for who in ("laptop", "phone")]
    joins += [SHAPES.joined(0, who="bob", user_id=bob), SHAPES.joined(0, who="stranger")]
    await deliver(bridge, SHAPES, joins)
    for user_id in (ADA, ADA, bob, stranger):
        bigbluebutton.let_in(SHAPES.room, user_id=user_id)

    async def checked(minutes: int) -> dict[str, Any]:
        for _ in range(minutes):
            bridge.clock.advance(timedelta(minutes=1))
            await bridge.bridge.live_checks.check_all()
        (meeting,) = (await bridge.api("GET", MEETINGS, status=200))["meetings"]
        return dict(meeting)

    agreed = await checked(4)
    assert (agreed["check"]["present"], agreed["check"]["platform_present"], agreed["drifts"]) == (4, 4, [])
    bigbluebutton.meetings[SHAPES.room].attendees = [ADA]
    (alert,) = (await checked(4))["drifts"]
    assert sorted(suspect["participant_id"] or "a guest" for suspect in alert["suspects"]) == sorted(
        [ADA, bob, "a guest"]
    )
