"""The page of an event's meetings in Debian's Chromium: accessible in every state, at every width, and light."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Response, expect

from services.streaming_bridge.web.help_pages import help_names
from tests.e2e.test_sources_in_the_browser import browsing, is_sound
from tests.ecoindex import A, ecoindex
from tests.fakes.bridge import EVENT, BridgeUnderTest, running_bridge
from tests.fakes.platforms import JitsiShapes, LivekitShapes
from tests.unit.streaming_bridge.test_former_rooms import came, given_to
from tests.unit.streaming_bridge.test_inbox import OTHER
from tests.unit.streaming_bridge.test_meetings import drifted

PAGE = f"/events/{EVENT}/meetings"
JITSI, LIVEKIT = JitsiShapes(), LivekitShapes()


@pytest_asyncio.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[BridgeUnderTest]:
    """A Jitsi room whose numbers differ, a LiveKit room that can be opened from here, and a room of no source."""
    async with running_bridge(tmp_path) as running:
        for shapes in (JITSI, LIVEKIT):
            form = {"platform": shapes.platform, "name": shapes.source, shapes.proof_field: shapes.secret}
            await running.add_source(**form)
        await running.claim((JITSI.source, JITSI.room), (LIVEKIT.source, LIVEKIT.room), ("gone", "atelier"))
        await drifted(running)
        yield running


async def test_it_is_accessible_and_light_with_a_drift_and_needs_no_script(
    bridge: BridgeUnderTest, browser: Browser
) -> None:
    kilobytes: list[float] = []

    def weigh(answer: Response) -> None:
        kilobytes.append(int(answer.headers.get("content-length", 0)) / 1024)

    for wide, scheme, scripts in ((320, "dark", True), (1280, "light", True), (360, "light", False)):
        async with browsing(browser, bridge, wide=wide, scheme=scheme, scripts=scripts) as page:
            kilobytes.clear()
            page.on("response", weigh)
            await page.goto(PAGE)
            await expect(page.get_by_text("Depuis 10:01, les nombres diffèrent")).to_be_visible()
            await expect(page.get_by_text("Léa Martin")).to_be_visible()
            elements = await page.locator("*").count()
            assert ecoindex(elements=elements, requests=len(kilobytes), kilobytes=sum(kilobytes)) > A
            if scripts:
                await page.get_by_text("Fermer la salle…").press("Enter")
                await is_sound(page)
                # It was not told where its API is.
                await page.get_by_role("button", name="Ouvrir la salle").press("Enter")
                await expect(page.get_by_role("alert")).to_contain_text("Cela n’a pas été fait.")
                await is_sound(page)
            await page.goto(PAGE)
            await page.get_by_role("link", name="Actualiser toutes les 30 secondes").press("Enter")
            await expect(page.locator("meta[http-equiv=refresh]")).to_have_attribute("content", "30")


async def test_what_a_room_counted_at_the_wrong_event_is_taken_along_by_keyboard(
    tmp_path: Path, browser: Browser
) -> None:
    async with running_bridge(tmp_path) as running:
        await came(running)
        await given_to(running, OTHER)
        for wide, scripts in ((320, True), (1280, False)):
            async with browsing(browser, running, wide=wide, scripts=scripts) as page:
                await page.goto(f"/events/{OTHER}/meetings")
                await page.get_by_role("link", name="Le mauvais événement ?").press("Enter")
                await expect(page.get_by_text("4 arrivées et départs de 3 connexions")).to_be_visible()
                await page.get_by_text("Reprendre ce que").press("Enter")
                if scripts:
                    await is_sound(page)
                else:
                    await page.get_by_role("button", name="Reprendre 4 arrivées et départs").press("Enter")
                    await expect(page.get_by_role("status")).to_contain_text("ne comptent plus ici")


async def test_how_a_platform_is_switched_on_is_read_at_any_width(bridge: BridgeUnderTest, browser: Browser) -> None:
    async with browsing(browser, bridge, wide=320, scheme="dark") as page:
        await page.goto("/sources/new/zoom")
        await page.get_by_role("link", name="Comment la mettre en service").press("Enter")
        for name in help_names():
            await page.goto(f"/sources/help/{name}")
            await is_sound(page)
