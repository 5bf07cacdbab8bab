"""Somebody follows an event in Debian's Chromium: from the personal page to a presence, through one origin."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.e2e.followed_event import Passerelle, passerelle_with_media
from tests.e2e.test_registration_in_the_browser import requests_of
from tests.ecoindex import A, ecoindex
from tests.fakes.attendance_browser import too_wide, violations

BEAT = timedelta(seconds=30)
OFFLINE = "net::ERR_INTERNET_DISCONNECTED"
AT = "document.querySelector('.player').currentTime"


@pytest.fixture
async def passerelle(tmp_path: Path) -> AsyncIterator[Passerelle]:
    async with passerelle_with_media(tmp_path) as running:
        yield running


@asynccontextmanager
async def following(
    browser: Browser, passerelle: Passerelle, address: str, *, wide: int = 1280, expected: str = OFFLINE
) -> AsyncIterator[Page]:
    """The page of the event, come to from the personal page, with the clock of the servers.

    It may complain of nothing but what is `expected`.
    """
    context = await browser.new_context(viewport={"width": wide, "height": 900}, locale="en-GB")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.clock.install(time=passerelle.clock.now)
    await page.goto(address)
    await page.get_by_role("link", name="Follow the event").click()
    await expect(page.locator("#now")).to_be_visible()
    passerelle.advance(timedelta(seconds=5))
    yield page
    await context.close()
    assert [complaint for complaint in complaints if expected not in complaint] == []


async def play(page: Page) -> None:
    """Play with the keyboard, and wait until it really plays."""
    player = page.locator(".player")
    await player.focus()
    await page.keyboard.press("Space")
    await plays_beyond(page, 0)


async def plays_beyond(page: Page, seconds: float) -> float:
    """Wait until the player is further on; gives where it is."""

    async def further() -> bool:
        return bool(await page.evaluate(AT) > seconds)

    await until(page, further)
    at: float = await page.evaluate(AT)
    return at


async def until(page: Page, holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds (the policy of the page lets Playwright's own way of waiting not run)."""
    for _ in range(300):
        if await holds():
            return
        await page.wait_for_timeout(100)
    raise AssertionError("it never held")


async def half_a_minute(page: Page, passerelle: Passerelle) -> None:
    """Let it go by, on the page and on the servers, while the media goes on; its beat has left, or failed to."""
    await plays_beyond(page, await page.evaluate(AT))
    passerelle.advance(BEAT)
    told: list[str] = []

    def hear(request: Request) -> None:
        if request.url.endswith("/beats"):
            told.append(request.url)

    page.on("requestfinished", hear)
    page.on("requestfailed", hear)
    await page.clock.run_for(int(BEAT.total_seconds()) * 1000)

    async def left() -> bool:
        return bool(told)

    await until(page, left)


async def test_a_sound_that_plays_as_the_page_goes_is_left_once(passerelle: Passerelle, browser: Browser) -> None:
    """Browsers hide a page after they let it go; a sound that is hidden goes on, and this one does not."""
    address = await passerelle.personal_page(audio_url=f"{passerelle.media}/silence.wav")
    async with following(browser, passerelle, address) as page:
        begun = passerelle.now
        await play(page)
        await expect(page.locator("#counting")).to_contain_text("Your presence counts")
        await half_a_minute(page, passerelle)
        await page.goto("about:blank")

        async def told() -> bool:
            return len(await passerelle.told()) > 1

        await until(page, told)
    # What would come too much, would come now: the page is closed, and all that it sent is answered.
    assert await passerelle.told() == [("Joined", begun, None), ("Left", passerelle.now, None)]


async def test_who_plays_is_present_until_the_page_goes(passerelle: Passerelle, browser: Browser) -> None:
    address = await passerelle.personal_page(url=f"{passerelle.media}/film.mp4")
    async with following(browser, passerelle, address) as page:
        asked = requests_of(page)
        await expect(page.get_by_role("heading", name="What is recorded of you here")).to_be_visible()
        await expect(page.locator("#counting")).to_contain_text("not counted at the moment")
        assert [request for request in asked if request.url.startswith(passerelle.media)] == []
        assert await passerelle.told() == []
        begun = passerelle.now
        await play(page)
        await expect(page.locator("#counting")).to_contain_text("Your presence counts")
        assert await passerelle.told() == [("Joined", begun, None)]
        for _ in range(3):
            await half_a_minute(page, passerelle)
        await page.goto("about:blank")
        expected = [("Joined", begun, None), ("Left", passerelle.now, None)]

        async def told() -> bool:
            return await passerelle.told() == expected

        await until(page, told)


async def test_minutes_without_a_network_are_told_afterwards_and_a_page_that_died_is_silent(
    passerelle: Passerelle, browser: Browser
) -> None:
    address = await passerelle.personal_page(audio_url=f"{passerelle.media}/silence.wav")
    async with following(browser, passerelle, address) as page:
        begun = passerelle.now
        await play(page)
        await expect(page.locator("#counting")).to_contain_text("Your presence counts")
        await page.context.set_offline(offline=True)
        for _ in range(4):
            await half_a_minute(page, passerelle)
        await expect(page.locator("#counting")).to_contain_text("No connection")
        await passerelle.bridge.bridge.player.silence.round()
        ended = begun + 45
        assert await passerelle.told() == [("Joined", begun, None), ("Left", ended, "silence")]
        await page.context.set_offline(offline=False)
        await expect(page.locator("#counting")).to_contain_text("Your presence counts")
        # At the instant of the leave that was inferred, the join takes it back.
        assert (await passerelle.told())[2:] == [("Joined", ended, None)]

    async def gone() -> bool:
        passerelle.advance(timedelta(minutes=1))
        await passerelle.bridge.bridge.player.silence.round()
        return (await passerelle.told())[-1][0] == "Left"

    # What the page said as it went may still be on its way.
    async with asyncio.timeout(60):
        while not await gone():
            await asyncio.sleep(0.1)


async def test_hls_that_the_browser_does_not_play_is_played_by_a_script(
    passerelle: Passerelle, browser: Browser
) -> None:
    address = await passerelle.personal_page(url=f"{passerelle.media}/live.m3u8")
    async with following(browser, passerelle, address) as page:
        asked = requests_of(page)
        # Chromium says that it plays HLS, and then does not play sound in pieces of MP3.
        await play(page)
        assert [request for request in asked if "/vendor/hls/" in request.url] != []
        await expect(page.locator("#counting")).to_contain_text("Your presence counts")
        assert [told[0] for told in await passerelle.told()] == ["Joined"]


async def test_a_page_of_others_is_asked_for_only_after_one_agreed(passerelle: Passerelle, browser: Browser) -> None:
    address = await passerelle.personal_page(url=f"{passerelle.media}/player")
    async with following(browser, passerelle, address) as page:
        asked = requests_of(page)
        await page.reload()
        assert [request for request in asked if request.url.startswith(passerelle.media)] == []
        await page.get_by_role("link", name="Show the video from").click()
        await expect(page.frame_locator("iframe").get_by_text("A film")).to_be_visible()
        await expect(page.locator("#counting")).to_contain_text("Your presence counts")
        assert [told[0] for told in await passerelle.told()] == ["Joined"]


async def test_the_page_is_light_accessible_and_fits(passerelle: Passerelle, browser: Browser) -> None:
    stream = {
        "url": f"{passerelle.media}/film.mp4",
        "audio_url": f"{passerelle.media}/silence.wav",
        "captions_url": "https://captions.example.org/amphi",
        "transcript_url": "https://example.org/transcript",
        "phone": "+33 1 23 45 67 89",
    }
    address = await passerelle.personal_page(**stream)
    async with following(browser, passerelle, address, wide=320) as page:
        for way in ("Video", "Sound only", "Text and telephone"):
            await page.get_by_role("link", name=way, exact=True).click()
            await expect(page.get_by_role("link", name=way, exact=True)).to_have_attribute("aria-current", "true")
            await expect(page.locator(".on-now")).to_contain_text("Ouverture")
            assert await violations(page) == []
            assert await too_wide(page) == []
        asked = requests_of(page)
        await page.goto(page.url.partition("?")[0], wait_until="networkidle")
        elements = await page.locator("*").count()
        assert len(asked) <= 10
        assert ecoindex(elements=elements, requests=len(asked), kilobytes=150) > A
        passerelle.advance(timedelta(hours=1, minutes=31))
        await page.clock.run_for("01:31:00")
        await expect(page.locator(".on-now")).to_contain_text("Débat")
        await expect(page.get_by_role("heading", name="Next")).to_be_hidden()


async def test_without_javascript_it_plays_and_says_that_it_does_not_count(
    passerelle: Passerelle, browser: Browser
) -> None:
    address = await passerelle.personal_page(url=f"{passerelle.media}/film.mp4")
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()
    await page.goto(address)
    await page.get_by_role("link", name="Follow the event").click()
    await expect(page.get_by_text("Without JavaScript you can watch and listen")).to_be_visible()
    await expect(page.locator(".on-now")).to_contain_text("Ouverture")
    await context.close()
