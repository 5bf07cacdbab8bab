"""What organizers do at the bridge is told in registration's audit log."""

from services.chassis.access import SESSION_COOKIE
from tests.fakes.bigbluebutton_server import BigBlueButtonServer
from tests.fakes.bridge import EVENT, BridgeUnderTest
from tests.fakes.platforms import BigBlueButtonShapes, JitsiShapes

BBB = BigBlueButtonShapes().source
BROWSER = {"Cookie": f"{SESSION_COOKIE}=organizer-token", "Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
ROOM = f"/events/{EVENT}/meetings/room-1"


async def press(bridge: BridgeUnderTest, path: str, **form: str) -> None:
    async with bridge.client.post(path, data=form, headers=BROWSER, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()


async def test_what_is_done_by_programs_and_on_pages_is_noted_once_with_who_did_it(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    source, room = f"/api/v1/sources/{BBB}", f"/api/v1{ROOM}"
    await bridge.api("POST", f"{source}/hook", status=200)
    await bridge.api("DELETE", f"{source}/hook", status=204)
    await bridge.api("POST", f"{room}/open", status=204)
    await bridge.api("POST", f"{room}/close", status=204)
    await bridge.api("PATCH", source, {"secret": "another-secret-of-bbb"}, status=200)
    await bridge.api("PATCH", source, {"keep_previous": False}, status=200)
    await bridge.api("DELETE", source, status=204)
    by_programs = [
        ("source.added", "1", None, BBB),
        ("source.hook_registered", "1", None, BBB),
        ("source.hook_removed", "1", None, BBB),
        ("room.opened", "1", EVENT, "room-1"),
        ("room.closed", "1", EVENT, "room-1"),
        ("source.changed", "1", None, BBB),
        ("source.secrets_ended", "1", None, BBB),
        ("source.removed", "1", None, BBB),
    ]
    assert bridge.notes.noted == by_programs
    bridge.notes.noted.clear()

    secret, address = BigBlueButtonShapes().secret, {"server_url": bigbluebutton.url}
    await press(bridge, "/sources/new/bigbluebutton", name=BBB, shared_secret=secret, **address)
    for act in ("hook", "hook/remove"):
        await press(bridge, f"/sources/{BBB}/{act}")
    for act in ("open", "close"):
        await press(bridge, f"{ROOM}/{act}")
    await press(bridge, f"/sources/{BBB}/edit", **address)
    await press(bridge, f"/sources/{BBB}/end-secrets")
    await press(bridge, f"/sources/{BBB}/remove")
    assert bridge.notes.noted == by_programs


async def test_what_was_not_done_is_not_noted(bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer) -> None:
    bridge.notes.noted.clear()
    await bridge.api("DELETE", "/api/v1/sources/none", status=404)
    await bridge.api("POST", f"/api/v1/events/{EVENT}/meetings/room-2/open", status=404)
    assert (await bridge.client.get(ROOM.replace("room-1", "room-2") + "/enter", headers=BROWSER)).status == 404
    assert bridge.notes.noted == []
    assert bigbluebutton.meetings == {}


async def test_nobody_enters_as_moderator_unnoted(bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer) -> None:
    bridge.notes.is_away = True
    away = await bridge.client.get(f"{ROOM}/enter", headers=BROWSER, allow_redirects=False)
    assert away.status == 503
    assert bigbluebutton.meetings == {}
    bridge.notes.is_away = False
    sent = await bridge.client.get(f"{ROOM}/enter", headers=BROWSER, allow_redirects=False)
    assert sent.status == 303
    assert bridge.notes.noted[-1] == ("room.entered", "1", EVENT, "room-1")


async def test_a_secret_ends_though_registration_is_away(bridge: BridgeUnderTest) -> None:
    bridge.notes.is_away = True
    await bridge.add_source(platform="jitsi", name="main", webhook_token=JitsiShapes().secret)
    await bridge.api("PATCH", "/api/v1/sources/main", {"secret": "the-new-token"}, status=200)
    await bridge.api("PATCH", "/api/v1/sources/main", {"keep_previous": False}, status=200)
    assert (await bridge.api("GET", "/api/v1/sources/main", status=200))["webhook_secrets"] == 1
    await bridge.api("DELETE", "/api/v1/sources/main", status=204)
