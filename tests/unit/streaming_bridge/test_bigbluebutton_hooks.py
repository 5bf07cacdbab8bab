"""Webhooks that the bridge registers on a BigBlueButton server, which takes no call without its checksum."""

import html

import pytest

from services.chassis.access import SESSION_COOKIE
from tests.fakes.bigbluebutton_server import BigBlueButtonServer
from tests.fakes.bridge import ANALYST, BridgeUnderTest
from tests.fakes.platforms import BigBlueButtonShapes

SHAPES = BigBlueButtonShapes()
SOURCE = f"/api/v1/sources/{SHAPES.source}"
CALLBACK = f"http://127.0.0.1:8080/webhooks/bigbluebutton/{SHAPES.source}"


async def test_a_hook_is_registered_once_and_kept(bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer) -> None:
    before = await bridge.api("GET", f"{SOURCE}/hook", status=200)
    assert (before["registered"], before["kept"]) == (False, False)
    for _ in range(2):
        told = await bridge.api("POST", f"{SOURCE}/hook", status=200)
        assert (told["registered"], told["kept"], told["callback_url"]) == (True, True, CALLBACK)
    (hook,) = bigbluebutton.hooks.values()
    assert hook["callbackURL"] == CALLBACK
    assert "user-joined" in hook["eventID"]
    assert "pad-content" not in hook["eventID"]
    await bridge.api("POST", f"{SOURCE}/hook", status=403, headers=ANALYST)


async def test_a_hook_that_was_thrown_away_is_registered_again_only_if_it_is_to_be_kept(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    hooks = bridge.bridge.hooks
    await bridge.api("POST", f"{SOURCE}/hook", status=200)
    bigbluebutton.hooks.clear()
    await hooks.look_after(await hooks.book.get(SHAPES.source))
    assert [hook["callbackURL"] for hook in bigbluebutton.hooks.values()] == [CALLBACK]
    await bridge.api("DELETE", f"{SOURCE}/hook", status=204)
    await bridge.api("DELETE", f"{SOURCE}/hook", status=204)
    assert bigbluebutton.hooks == {}
    assert not hooks.is_kept(await hooks.book.get(SHAPES.source))


@pytest.mark.parametrize("more", [{"rawData": "true"}, {"meetingID": "another"}, {"eventID": "user-joined"}])
async def test_a_hook_that_does_not_tell_enough_is_made_anew_unless_it_is_permanent(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer, more: dict[str, str]
) -> None:
    bigbluebutton.hook(CALLBACK, **more)
    assert (await bridge.api("GET", f"{SOURCE}/hook", status=200))["registered"] is False
    await bridge.api("POST", f"{SOURCE}/hook", status=200)
    (hook,) = bigbluebutton.hooks.values()
    assert hook["rawData"] == "false"
    bigbluebutton.hooks.clear()
    bigbluebutton.hook(CALLBACK, permanentHook="true", **more)
    refused = await bridge.api("POST", f"{SOURCE}/hook", status=409)
    assert refused["reason"] == "permanent_hook_differs"


async def test_a_permanent_hook_is_taken_as_it_is_and_cannot_be_removed(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    bigbluebutton.hook(CALLBACK, permanentHook="true")
    assert (await bridge.api("POST", f"{SOURCE}/hook", status=200))["permanent"] is True
    refused = await bridge.api("DELETE", f"{SOURCE}/hook", status=409)
    assert refused["reason"] == "permanent_hook"
    assert len(bigbluebutton.hooks) == 1


async def test_why_a_hook_cannot_be_registered_is_said(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    bigbluebutton.secret = "another-secret-than-ours"
    refused = await bridge.api("POST", f"{SOURCE}/hook", status=409)
    assert refused["reason"] == "credentials_refused"
    await bridge.api("PATCH", SOURCE, {"server_url": "https://bbb.example.org"}, status=200)
    refused = await bridge.api("POST", f"{SOURCE}/hook", status=409)
    assert refused["reason"] == "address_of_this_machine"
    await bridge.add_source(platform="jitsi", name="own", webhook_token="a-token-for-webhooks")
    refused = await bridge.api("POST", "/api/v1/sources/own/hook", status=409)
    assert refused["reason"] == "no_hooks"
    await bridge.api("POST", "/api/v1/sources/nobody/hook", status=404)


async def page(bridge: BridgeUnderTest, path: str, *, status: int = 200, post: bool = False, lang: str = "en") -> str:
    """What a browser shows to an organizer, its entities resolved; redirects are followed."""
    headers = {
        "Accept": "text/html",
        "Accept-Language": lang,
        "Sec-Fetch-Site": "same-origin",
        "Cookie": f"{SESSION_COOKIE}=organizer-token",
    }
    async with bridge.client.request("POST" if post else "GET", path, headers=headers) as response:
        assert response.status == status
        return html.unescape(await response.text())


async def test_a_page_says_how_the_hook_stands_and_registers_and_removes_it(
    bridge: BridgeUnderTest, bigbluebutton: BigBlueButtonServer
) -> None:
    path = f"/sources/{SHAPES.source}/hook"
    assert f'href="{path}"' in await page(bridge, f"/sources/{SHAPES.source}")
    assert "It is not registered: the server tells nothing." in await page(bridge, path)
    kept = await page(bridge, path, post=True)
    assert "Passerelle then registers it again within a minute" in kept
    assert [hook["callbackURL"] for hook in bigbluebutton.hooks.values()] == [CALLBACK]
    assert "Il n’est pas enregistré" in await page(bridge, f"{path}/remove", post=True, lang="fr")
    bigbluebutton.hook(CALLBACK, permanentHook="true")
    assert "only they can remove it" in await page(bridge, path)
    bigbluebutton.secret = "another-secret-than-ours"
    assert "refuses the secret" in await page(bridge, path, post=True, status=409)
