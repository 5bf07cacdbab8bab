"""The organizers' pages of sources, over HTTP as a browser without JavaScript uses them."""

import html
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

from services.chassis.access import SESSION_COOKIE
from services.streaming_bridge.domain.sources import PlatformName
from tests.databases import ON_BOTH
from tests.fakes.bridge import BridgeUnderTest
from tests.fakes.platforms import JitsiShapes

SHAPES = JitsiShapes()
TOKEN = SHAPES.secret


async def page(
    bridge: BridgeUnderTest,
    path: str,
    form: Mapping[str, str] | None = None,
    *,
    status: int = 200,
    lang: str = "en",
    who: str = "organizer-token",
) -> str:
    """What a browser shows, its entities resolved; redirects are followed."""
    headers = {
        "Accept": "text/html",
        "Accept-Language": lang,
        "Sec-Fetch-Site": "same-origin",
        "Cookie": f"{SESSION_COOKIE}={who}",
    }
    method = "GET" if form is None else "POST"
    async with bridge.client.request(method, path, data=form, headers=headers) as response:
        text = html.unescape(await response.text())
        assert response.status == status, text
        return text


async def add_jitsi(bridge: BridgeUnderTest) -> str:
    return await page(bridge, "/sources/new/jitsi", {"name": SHAPES.source, "webhook_token": TOKEN})


async def deliver(bridge: BridgeUnderTest, body: bytes, *, secret: str | None = None, path: str | None = None) -> None:
    request = SHAPES.request(body) if secret is None else SHAPES.request(body, secret=secret)
    await bridge.post(path or request.path, request.body, request.headers)


@ON_BOTH
async def test_a_source_is_added_and_its_page_says_where_to_send_and_whether_it_works(bridge: BridgeUnderTest) -> None:
    assert "None yet" in await page(bridge, "/sources")
    proposed = await page(bridge, "/sources/new/jitsi")
    assert re.search(r'name="webhook_token" type="text" value="[A-Za-z0-9_-]{32}"', proposed)
    made = await add_jitsi(bridge)
    assert f"http://127.0.0.1:8080/webhooks/jitsi/{SHAPES.source}" in made
    assert "Nothing came yet." in made
    assert TOKEN not in made
    await deliver(bridge, SHAPES.joined(5, who="ada"))
    bridge.clock.advance(timedelta(minutes=2))
    works = await page(bridge, f"/sources/{SHAPES.source}")
    assert "It works. Last delivery 2 minutes ago." in works
    assert "In rooms that no event had" in works
    assert "Last delivery 2 minutes ago." in await page(bridge, "/sources")


async def test_what_is_wrong_is_said_at_the_field_and_what_was_typed_is_kept(bridge: BridgeUnderTest) -> None:
    typed = {"name": "with/slash", "webhook_token": "short", "domain": "meet.example.org", "app_id": "ours"}
    wrong = await page(bridge, "/sources/new/jitsi", typed, status=422, lang="fr")
    assert re.search(r'id="name-error".*lettres sans accent', wrong)
    assert re.search(r'id="webhook_token-error".*au moins 8 caractères', wrong)
    assert 'value="meet.example.org"' in wrong
    assert 'value="with/slash"' in wrong
    half = await page(bridge, "/sources/new/jitsi", {**typed, "name": "main", "webhook_token": TOKEN}, status=422)
    assert re.search(r'id="app_secret-error".*fill in both or neither', half)
    await add_jitsi(bridge)
    taken = await page(bridge, "/sources/new/jitsi", {"name": SHAPES.source, "webhook_token": TOKEN}, status=422)
    assert re.search(r'id="name-error".*Another source has this name', taken)


async def test_an_address_that_is_none_is_refused_in_the_reader_s_language(bridge: BridgeUnderTest) -> None:
    typed = {"name": "ours", "api_secret": "a-secret-of-livekit", "api_key": "XYZ"}
    addresses = {"server_url": "https:/livekit", "meeting_page": "n importe quoi"}
    wrong = await page(bridge, "/sources/new/livekit", typed | addresses, status=422, lang="fr")
    assert re.search(r'id="server_url-error".*Saisissez l’adresse du serveur', wrong)
    assert re.search(r'id="meeting_page-error".*Saisissez l’adresse d’une page', wrong)


async def test_the_name_of_our_own_player_is_no_source_s(bridge: BridgeUnderTest) -> None:
    typed = {"name": "Page", "webhook_token": TOKEN}
    wrong = await page(bridge, "/sources/new/jitsi", typed, status=422, lang="fr")
    assert re.search(r'id="name-error".*choisissez un autre nom', wrong)
    told = await bridge.api("POST", "/api/v1/sources", typed | {"platform": "jitsi", "name": "page"}, status=400)
    assert "choose another name" in told["errors"][0]["detail"]


async def test_a_box_reads_yes_or_no(bridge: BridgeUnderTest) -> None:
    form = {"name": "bbb", "shared_secret": "a-secret-of-bbb", "server_url": "https://bbb.example.org"}
    made = await page(bridge, "/sources/new/bigbluebutton", form, lang="fr")
    assert "<dd>non</dd>" in made
    assert "https://bbb.example.org/bigbluebutton" in made


async def test_a_change_keeps_the_secrets_that_were_left_empty(bridge: BridgeUnderTest) -> None:
    filled = {"name": "main", "webhook_token": TOKEN, "domain": "meet.example.org"}
    await page(bridge, "/sources/new/jitsi", {**filled, "app_id": "ours", "app_secret": "a-secret-for-links"})
    form = await page(bridge, "/sources/main/edit")
    assert "a-secret-for-links" not in form
    assert TOKEN not in form
    changed = {"domain": "meet2.example.org", "app_id": "ours", "app_secret": ""}
    assert "meet2.example.org" in await page(bridge, "/sources/main/edit", changed)
    assert (await bridge.api("GET", "/api/v1/sources/main", status=200))["makes_join_links"] is True
    forgotten = {"domain": "meet2.example.org", "app_id": "", "forget.app_secret": "true"}
    await page(bridge, "/sources/main/edit", forgotten)
    shown = await bridge.api("GET", "/api/v1/sources/main", status=200)
    assert (shown["makes_join_links"], shown["settings"]) == (False, {"domain": "meet2.example.org"})


async def test_a_secret_is_changed_without_losing_a_delivery(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    here = f"/sources/{SHAPES.source}"
    refused = await page(bridge, f"{here}/secret", {"webhook_token": "short"}, status=422)
    assert re.search(r'id="webhook_token-error".*at least 8 characters', refused)
    same = await page(bridge, f"{here}/secret", {"webhook_token": TOKEN}, status=422)
    assert re.search(r'id="webhook_token-error".*is the one in use', same)
    added = await page(bridge, f"{here}/secret", {"webhook_token": "the-new-token"})
    assert "2 secrets are valid" in added
    assert "The secret was added" in added
    for secret in (TOKEN, "the-new-token"):
        await deliver(bridge, SHAPES.joined(5, who=secret), secret=secret)
    assert "1 secret is valid" in await page(bridge, f"{here}/end-secrets", {})
    bridge.clock.advance(timedelta(seconds=1))
    await deliver(bridge, SHAPES.joined(6, who="old"), secret=TOKEN)
    shown = await page(bridge, here)
    assert "What came last was refused" in shown
    assert "the-new-token" not in shown


async def test_whoever_removes_a_source_is_told_which_events_name_it(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    assert "No event names it" in await page(bridge, f"/sources/{SHAPES.source}")
    await bridge.claim((SHAPES.source, SHAPES.room))
    assert "Colloque hybride" in await page(bridge, f"/sources/{SHAPES.source}")
    assert "None yet" in await page(bridge, f"/sources/{SHAPES.source}/remove", {})
    await page(bridge, f"/sources/{SHAPES.source}", status=404)


@ON_BOTH
async def test_each_refusal_is_counted_and_the_last_ten_are_shown_with_what_to_do(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    for number in range(25):
        bridge.clock.advance(timedelta(seconds=1))
        await deliver(bridge, SHAPES.joined(number, who="eve"), secret="a-forged-token")
    await deliver(bridge, b"{}", path=f"/webhooks/jitsi/{SHAPES.source}/events/events/room/created")
    shown = await page(bridge, f"/sources/{SHAPES.source}")
    assert re.search(r"not that of a secret of this source\..*Enter the same secret.*\n?.*>25<", shown)
    assert "Compare the address that the platform has" in shown
    assert len(re.findall(r"<li>\S+ \d\d:\d\d:\d\d UTC – ", shown)) == 10
    bridge.clock.advance(timedelta(days=2))
    assert ">25<" in await page(bridge, f"/sources/{SHAPES.source}")


@ON_BOTH
async def test_names_of_no_source_are_counted_and_a_flood_of_them_stays_small(bridge: BridgeUnderTest) -> None:
    for name in ("mian", "mian", "not a name", "x" * 500):
        await deliver(bridge, b"{}", path=f"/webhooks/jitsi/{name}/events/room/created")
    door = bridge.bridge.housekeeping.door
    for number in range(300):
        door.refused(PlatformName.JITSI, f"made-up-{number}", "unknown_source")
    shown = await page(bridge, "/sources")
    assert re.search(r"<code>mian</code>.*Jitsi Meet.*>2<", shown)
    # Twenty names are kept until they are written, which may come before the flood or after it: `mian` is one of them.
    assert re.search(r"other names.*>28[23]<", shown)
    assert "not a name" not in shown


@pytest.mark.parametrize("path", ["/sources", "/sources/new/jitsi", "/sources/main", "/sources/main/edit"])
async def test_only_organizers_see_them(bridge: BridgeUnderTest, path: str) -> None:
    await page(bridge, path, status=403, who="analyst-token")
    async with bridge.client.get(path, headers={"Accept": "text/html"}, allow_redirects=False) as response:
        assert (response.status, response.headers["Location"].partition("?")[0]) == (303, "/sign-in")


async def test_a_form_of_another_site_is_refused(bridge: BridgeUnderTest) -> None:
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "cross-site", "Cookie": f"{SESSION_COOKIE}=organizer-token"}
    async with bridge.client.post("/sources/new/jitsi", data={"name": "main"}, headers=headers) as response:
        assert response.status == 403


@ON_BOTH
async def test_rooms_that_no_event_has_are_listed_and_lead_to_where_they_are_given_to_one(
    bridge: BridgeUnderTest,
) -> None:
    await add_jitsi(bridge)
    assert "There are none" in await page(bridge, f"/sources/{SHAPES.source}/rooms")
    for minute, who in ((5, "ada"), (9, "bob")):
        await deliver(bridge, SHAPES.joined(minute, who=who))
    listed = await page(bridge, f"/sources/{SHAPES.source}/rooms")
    assert re.search(rf"<code>{SHAPES.room}</code></th><td class=\"number\"[^>]*>2<", listed)
    assert f"/rooms/claim?source={SHAPES.source}&room={SHAPES.room}&seen_at=2026-11-23T09%3A09" in listed
    assert f"1 room of {SHAPES.source}" in await page(bridge, "/sources")
    assert "23/11/2026 09:05:00 UTC" in listed
    await bridge.claim((SHAPES.source, SHAPES.room))
    assert "There are none" in await page(bridge, f"/sources/{SHAPES.source}/rooms")
    await bridge.claim(changed_at=bridge.clock())
    listed = await page(bridge, f"/sources/{SHAPES.source}/rooms")
    assert "counts there until you take it back" in listed
    assert f"/rooms/claim?source={SHAPES.source}&room={SHAPES.room}" in listed


async def test_a_room_in_which_nobody_was_is_not_said_to_have_had_people(bridge: BridgeUnderTest) -> None:
    await add_jitsi(bridge)
    await deliver(bridge, SHAPES.opened(5))
    assert "nobody yet" in await page(bridge, f"/sources/{SHAPES.source}/rooms")


@ON_BOTH
@pytest.mark.parametrize("path", ["", "/rooms", "/unreadable", "/edit"])
async def test_a_name_that_no_source_can_have_is_nowhere(bridge: BridgeUnderTest, path: str) -> None:
    await page(bridge, f"/sources/%00{path}", status=404)
    await page(bridge, f"/sources/{'x' * 500}{path}", status=404)
