"""Somebody follows an MPEG-DASH stream in Debian's Chromium, which plays none by itself; qualities of streams."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Request, Route, expect

from tests.e2e.followed_event import Passerelle, passerelle_with_media
from tests.e2e.test_following_in_the_browser import AT, following, half_a_minute, plays_beyond, until
from tests.e2e.test_registration_in_the_browser import requests_of
from tests.fakes.attendance_browser import too_wide, violations

TRACKS = "[...document.querySelector('.player').textTracks]"
NOT_THERE = "the server responded with a status of 404"


@pytest.fixture
async def passerelle(tmp_path: Path) -> AsyncIterator[Passerelle]:
    async with passerelle_with_media(tmp_path) as running:
        yield running


async def press_play(page: Page) -> None:
    """Have the script play, and wait until it really does."""
    begun = await page.evaluate(AT)
    await page.get_by_role("button", name="Play: Amphi").click()
    await expect(page.get_by_role("button", name="Play: Amphi")).to_have_count(0)
    await plays_beyond(page, begun)


async def captions(page: Page) -> str:
    """Choose them, as the menu of the player does, and wait for what they say."""
    assert await page.evaluate(f"{TRACKS}.map(({{ kind, language }}) => kind + ' ' + language)") == ["captions fr"]
    await page.evaluate(f"{TRACKS}[0].mode = 'showing'")

    async def there() -> bool:
        return bool(await page.evaluate(f"{TRACKS}[0].activeCues?.length"))

    await until(page, there)
    # What failed to load is in no menu.
    assert await page.evaluate("document.querySelector('track').readyState === HTMLTrackElement.LOADED")
    said: str = await page.evaluate(f"{TRACKS}[0].activeCues[0].text")
    return said


async def test_who_plays_dash_is_present_while_it_plays(passerelle: Passerelle, browser: Browser) -> None:
    address = await passerelle.personal_page(url=f"{passerelle.media}/film.mpd")
    async with following(browser, passerelle, address, wide=360) as page:
        asked = requests_of(page)
        await page.reload()
        await expect(page.get_by_role("button", name="Play: Amphi")).to_be_visible()
        assert [each for each in asked if "/vendor/" in each.url or each.url.startswith(passerelle.media)] == []
        assert await violations(page) == []
        assert await too_wide(page) == []
        assert await passerelle.told() == []
        begun = passerelle.now
        await press_play(page)
        await expect(page.locator("#counting")).to_contain_text("Your presence counts")
        assert [each for each in asked if "/vendor/hls/" in each.url] == []
        assert await captions(page) == "Bonjour à toutes et à tous"
        await half_a_minute(page, passerelle)
        await page.keyboard.press("Space")  # the player has the focus that its button had
        assert await page.evaluate("document.querySelector('.player').paused")
        await page.clock.run_for("00:05")

        async def told() -> bool:
            return [kind for kind, _, _ in await passerelle.told()] == ["Joined", "Left"]

        await until(page, told)
        await expect(page.locator("#counting")).to_contain_text("not counted at the moment")
    assert (await passerelle.told())[0] == ("Joined", begun, None)


async def test_a_live_stream_is_had_in_its_lowest_quality_or_by_its_sound(
    passerelle: Passerelle, browser: Browser
) -> None:
    address = await passerelle.personal_page(url=f"{passerelle.media}/live.mpd")
    async with following(browser, passerelle, address) as page:
        for way, parts in (("Video, lowest quality", {"small", "sound"}), ("Sound only", {"sound"})):
            await page.get_by_role("link", name=way, exact=True).click()
            asked = requests_of(page)
            await press_play(page)
            await expect(page.locator("#counting")).to_contain_text("Your presence counts")
            assert parts_of(asked) == parts


async def test_hls_is_had_in_its_lowest_quality_too(passerelle: Passerelle, browser: Browser) -> None:
    address = await passerelle.personal_page(url=f"{passerelle.media}/film.m3u8")
    async with following(browser, passerelle, address) as page:
        await page.get_by_role("link", name="Video, lowest quality", exact=True).click()
        asked = requests_of(page)
        await press_play(page)
        assert parts_of(asked) == {"small"}


def parts_of(asked: list[Request]) -> set[str]:
    """Of which representations a segment was asked for."""
    return {each.url.split("/")[-2] for each in asked if each.url.endswith(".m4s")}


async def test_a_stream_that_is_not_there_yet_is_said_to_be_and_can_be_tried_again(
    passerelle: Passerelle, browser: Browser
) -> None:
    async def not_there(route: Route) -> None:
        await route.fulfill(status=404, headers={"Access-Control-Allow-Origin": "*"})

    address = await passerelle.personal_page(url=f"{passerelle.media}/film.mpd")
    async with following(browser, passerelle, address, expected=NOT_THERE) as page:
        await page.route("**/film.mpd", not_there)
        await page.get_by_role("button", name="Play: Amphi").click()
        await expect(page.get_by_text("It does not play here.")).to_be_visible()
        await expect(page.locator(".player[controls]")).to_have_count(0)
        assert await passerelle.told() == []
        await page.unroute("**/film.mpd")
        await press_play(page)
        await expect(page.get_by_text("It does not play here.")).to_be_hidden()
        await expect(page.locator("#counting")).to_contain_text("Your presence counts")
