"""The desk as an app, in Debian's Chromium: without the network, at two doors apart, with a camera, by touch."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
import segno
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from services.chassis.access import SESSION_COOKIE, Role
from tests.e2e.test_registration_in_the_browser import address, violations
from tests.integration.running_registration import RunningRegistration, kinds, running_registration


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", *arguments]
        )
        yield started
        await started.close()


CONTROLLED: Final = """navigator.serviceWorker.controller !== null || new Promise((done) =>
  navigator.serviceWorker.addEventListener("controllerchange", () => done(true)))"""
"""Waits until the page's requests go through its service worker."""


@asynccontextmanager
async def desk_of(
    browser: Browser,
    service: RunningRegistration,
    event_id: str,
    *,
    gate: str = "",
    **wishes: Any,  # noqa: ANN401  (Playwright's own)
) -> AsyncIterator[Page]:
    """A volunteer's device at a desk, ready to go on without the network."""
    context = await browser.new_context(**({"locale": "en-GB", "viewport": {"width": 360, "height": 740}} | wishes))
    await sign_in(context, service, event_id)
    page = await context.new_page()
    await page.goto(address(service, f"/events/{event_id}/desk"))
    await page.evaluate(CONTROLLED)
    await expect(page.locator("#network-state")).to_have_text("Connected")
    await page.get_by_label("Gate").fill(gate)
    await page.get_by_label("Gate").blur()
    yield page
    await context.close()


async def sign_in(context: BrowserContext, service: RunningRegistration, event_id: str) -> str:
    token = await service.parts.use_cases.tokens.create(Role.DESK, event_id=event_id)
    await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address(service)}])
    return token


async def scan(page: Page, typed: str, answer: str) -> None:
    await page.get_by_label("Ticket code or name").fill(typed)
    await page.keyboard.press("Enter")
    await expect(page.locator("#result")).to_contain_text(answer)


async def scans_kept(page: Page) -> str:
    """What this browser's database holds, as somebody reads it who has copied its files."""
    read = """new Promise((resolve) => {
      indexedDB.open("passerelle-desk").onsuccess = async ({ target: { result } }) => {
        const all = {};
        for (const name of result.objectStoreNames) {
          all[name] = await new Promise((done) => {
            const asked = result.transaction(name).objectStore(name).getAll();
            asked.onsuccess = () => done(asked.result);
          });
        }
        const bytes = (_, value) => value instanceof ArrayBuffer
          ? new TextDecoder("latin1").decode(value) : value instanceof CryptoKey ? `key ${value.extractable}` : value;
        resolve(JSON.stringify(all, bytes));
      };
    })"""
    kept: str = await page.evaluate(read)
    return kept


async def test_a_desk_goes_on_without_the_network_and_loses_nothing(service: RunningRegistration) -> None:
    event_id = await service.event(capacity={"in_person": 30, "remote": 5})
    people = {name: await service.register(event_id, name=name) for name in ("Anne Lefèvre", "Bob Moreau", "Chloé Roy")}
    tickets = {name: registered["ticket"] for name, registered in people.items()}
    async with chromium() as browser, desk_of(browser, service, event_id, gate="Nord") as page:
        await scan(page, tickets["Anne Lefèvre"], "Welcome")
        await page.context.set_offline(offline=True)
        await scan(page, tickets["Bob Moreau"], "Provisional")
        await expect(page.locator("#network-state")).to_contain_text("No network: this device goes on by its list")
        await scan(page, tickets["Bob Moreau"], "Already in")
        await scan(page, tickets["Anne Lefèvre"], "at gate Nord")
        await scan(page, "roy", "Who is it?")
        await page.get_by_role("button", name="Chloé Roy").click()
        await expect(page.locator("#result")).to_contain_text("Provisional")
        await scan(page, "0000-0000-0001", "Not on this device’s list")
        await expect(page.locator("#count")).to_contain_text("In the room: 3 of 30.")
        assert await violations(page) == []

        # The battery is empty; the session ends while the device is away; and somebody opens the desk again.
        kept = await scans_kept(page)
        assert '"queue"' in kept
        assert "key false" in kept
        assert not [text for text in ("Lefèvre", "Moreau", *tickets.values()) if text in kept]
        context = page.context
        await page.close()
        session = next(one["value"] for one in await context.cookies() if one["name"] == SESSION_COOKIE)
        grant = await service.parts.use_cases.tokens.verify(session)
        assert grant is not None
        await service.parts.use_cases.tokens.revoke(grant.token_id)
        again = await context.new_page()
        await again.goto(address(service, f"/events/{event_id}/desk"))
        await expect(again.locator("#network-waiting")).to_have_text("Scans waiting: 2")
        await expect(again.get_by_label("Gate")).to_have_value("Nord")
        await expect(again.locator("#scans")).to_contain_text("Chloé Roy")

        await context.set_offline(offline=False)
        await expect(again.locator("#sign-in")).to_be_visible()
        await expect(again.locator("#network-waiting")).to_have_text("Scans waiting: 2")
        await sign_in(again.context, service, event_id)
        await expect(again.locator("#network-waiting")).to_be_empty()
    told = [fact for fact in await service.outbox() if fact.type == "passerelle.checkin.checked_in.v1"]
    assert {fact.subject for fact in told} == {registered["participant_id"] for registered in people.values()}
    assert len(told) == len(people)
    late = [fact for fact in told if fact.data.clock_offset_ms is not None]
    assert len(late) == 2
    assert all(fact.time < fact.recordedtime for fact in late)
    assert {fact.data.gate for fact in told} == {"Nord"}


async def test_two_doors_that_let_one_ticket_in_apart_end_as_one_presence_and_one_notice(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id, name="Anne Lefèvre"))["ticket"]
    async with (
        chromium() as browser,
        desk_of(browser, service, event_id, gate="Nord") as north,
        desk_of(browser, service, event_id, gate="Sud") as south,
    ):
        for door in (north, south):
            await door.context.set_offline(offline=True)
            await scan(door, ticket, "Provisional")
        await north.context.set_offline(offline=False)
        await expect(north.locator("#network-waiting")).to_be_empty()
        await south.context.set_offline(offline=False)
        await expect(south.locator("#troubles")).to_contain_text("was already in since")
        await expect(south.locator("#troubles")).to_contain_text("at gate Nord")
        assert await violations(south) == []
        await south.get_by_role("button", name="Seen").click()
        await expect(south.locator("#troubles")).to_be_hidden()
        await expect(south.locator("#count")).to_contain_text("In the room: 1 of 100.")
    (notice,) = (await service.api("GET", f"/events/{event_id}/double-entries"))["items"]
    assert [entry["gate"] for entry in notice["entries"]] == ["Nord", "Sud"]


async def test_an_undone_scan_and_a_walk_in_made_without_the_network_are_told_too(service: RunningRegistration) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id, name="Anne Lefèvre"))["ticket"]
    async with chromium() as browser, desk_of(browser, service, event_id) as page:
        await scan(page, ticket, "Welcome")
        await page.context.set_offline(offline=True)
        await page.locator("#scan-list").get_by_role("button", name="Undo: Anne Lefèvre").click()
        await expect(page.locator("#result")).to_contain_text("Undone")
        await page.get_by_text("Somebody without a ticket…").click()
        await page.get_by_label("First and last name").fill("Zoé Ünal")
        await page.get_by_role("button", name="Register and let in").click()
        await expect(page.locator("#result")).to_contain_text("Zoé Ünal")
        await page.reload()
        await expect(page.locator("#network-waiting")).to_have_text("Scans waiting: 2")
        await expect(page.locator("#count")).to_contain_text("In the room: 1 of 100.")
        await expect(page.locator("#scans")).to_contain_text("Zoé Ünal")
        await page.context.set_offline(offline=False)
        await expect(page.locator("#network-waiting")).to_be_empty()
        await expect(page.locator("#count")).to_contain_text("In the room: 1 of 100.")
        await expect(page.locator("#scans")).to_contain_text("Zoé Ünal")
    assert kinds(await service.outbox())[-3:] == [
        "checkin.voided",
        "registration.participant.registered",
        "checkin.checked_in",
    ]


async def test_over_a_slow_network_the_device_answers_first_and_the_server_has_the_last_word(
    service: RunningRegistration,
) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id))["ticket"]
    async with chromium() as browser, desk_of(browser, service, event_id) as page:
        devtools = await page.context.new_cdp_session(page)
        slow = {"offline": False, "latency": 1500, "downloadThroughput": -1, "uploadThroughput": -1}
        await devtools.send("Network.emulateNetworkConditions", slow)
        await scan(page, ticket, "Provisional")
        await expect(page.locator("#result")).not_to_contain_text("Provisional")
        await expect(page.locator("#result")).to_contain_text("Welcome")
        await expect(page.locator("#network-waiting")).to_be_empty()
    assert kinds(await service.outbox()).count("checkin.checked_in") == 1


async def test_a_room_is_entered_and_left_at_its_own_desk(service: RunningRegistration) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id))["ticket"]
    async with chromium() as browser, desk_of(browser, service, event_id) as page:
        await page.get_by_label("Room or session").select_option(label="Amphi")
        await scan(page, ticket, "Welcome")
        inside = page.locator("#doors").get_by_role("row", name="Amphi")
        await expect(inside).to_contain_text("1")
        await page.get_by_label("Exit").check()
        await scan(page, ticket, "Goodbye")
        await expect(inside).to_contain_text("0")
        await expect(page.locator("#count")).to_contain_text("In the room: 1 of 100.")


async def test_the_camera_reads_a_ticket_with_the_decoder_that_was_kept_for_it(
    service: RunningRegistration, tmp_path: Path
) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id, name="Anne Lefèvre"))["ticket"]
    video = tmp_path / "ticket.y4m"
    video.write_bytes(film_of(ticket))
    pretending = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    async with (
        chromium(*pretending, f"--use-file-for-fake-video-capture={video}") as browser,
        desk_of(browser, service, event_id) as page,
    ):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.context.set_offline(offline=True)
        await page.get_by_role("button", name="Scan with the camera").click()
        await expect(page.locator("#result")).to_contain_text("Anne Lefèvre")
        await expect(page.locator("#result")).to_contain_text("Provisional")
        assert [url for url in asked if "/vendor/qr/" in url]
        assert await violations(page) == []
        await page.get_by_role("button", name="Scan with the camera").click()
        await expect(page.locator("#camera-view")).to_be_hidden()


@pytest.mark.parametrize("language", ["en-GB", "fr-FR"])
async def test_the_desk_can_be_installed(service: RunningRegistration, language: str) -> None:
    event_id = await service.event(title="Colloque")
    async with chromium() as browser:
        context = await browser.new_context(locale=language)
        await sign_in(context, service, event_id)
        page = await context.new_page()
        await page.goto(address(service, f"/events/{event_id}/desk"))
        manifest = await page.evaluate("fetch(document.querySelector('[rel=manifest]').href).then((one) => one.json())")
        scope = await page.evaluate("navigator.serviceWorker.ready.then((one) => one.scope)")
        assert scope == address(service, manifest["scope"]) == address(service, f"/events/{event_id}/desk")
        names = {"en-GB": "Check-in desk: Colloque", "fr-FR": "Pointage\N{NO-BREAK SPACE}: Colloque"}
        assert manifest["name"] == names[language]
        for icon in manifest["icons"]:
            assert (await page.request.get(address(service, icon["src"]))).headers["content-type"] == "image/png"
        devtools = await context.new_cdp_session(page)
        found = await devtools.send("Page.getInstallabilityErrors")
        # Playwright's windows are private ones, where nothing is installed: nothing else may be in the way.
        assert [error["errorId"] for error in found["installabilityErrors"]] == ["in-incognito"]


def film_of(ticket: str, *, side: int = 480) -> bytes:
    """Two frames of a ticket's QR code held before a camera, as YUV4MPEG2."""
    code = [[255 * (not dark) for dark in row] for row in segno.make_qr(ticket).matrix_iter(scale=8, border=6)]
    left, top = (side - len(code[0])) // 2, (side - len(code)) // 2
    light = bytearray(b"\xff" * side * side)
    for number, row in enumerate(code):
        start = (top + number) * side + left
        light[start : start + len(row)] = bytes(row)
    grey = b"\x80" * (side * side // 4)
    frame = b"FRAME\n" + bytes(light) + grey + grey
    return f"YUV4MPEG2 W{side} H{side} F10:1 Ip A1:1 C420\n".encode() + frame * 2
