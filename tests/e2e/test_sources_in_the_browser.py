"""An organizer without a system administrator adds a platform, sees why nothing arrives, and that it works."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, Request, expect

from services.chassis.access import SESSION_COOKIE
from tests.e2e.test_registration_in_the_browser import violations
from tests.ecoindex import A, ecoindex
from tests.fakes.bridge import BridgeUnderTest, running_bridge
from tests.fakes.platforms import JitsiShapes

SHAPES = JitsiShapes()


@pytest_asyncio.fixture
async def bridge(tmp_path: Path) -> AsyncIterator[BridgeUnderTest]:
    async with running_bridge(tmp_path) as running:
        yield running


@asynccontextmanager
async def browsing(
    browser: Browser, bridge: BridgeUnderTest, *, wide: int, scripts: bool = True, scheme: str = "light"
) -> AsyncIterator[Page]:
    """A page of an organizer, in French."""
    context = await browser.new_context(
        viewport={"width": wide, "height": 800},
        locale="fr-FR",
        java_script_enabled=scripts,
        color_scheme="dark" if scheme == "dark" else "light",
        base_url=str(bridge.client.make_url("/")),
    )
    url = str(bridge.client.make_url("/"))
    await context.add_cookies([{"name": SESSION_COOKIE, "value": "organizer-token", "url": url}])
    yield await context.new_page()
    await context.close()


async def is_sound(page: Page) -> None:
    """Accessible, no wider than its screen, and light."""
    assert await violations(page) == [], page.url
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


async def deliver(bridge: BridgeUnderTest, body: bytes, *, secret: str) -> None:
    request = SHAPES.request(body, secret=secret)
    await bridge.post(request.path, request.body, request.headers)


async def test_a_platform_is_added_by_keyboard_and_says_whether_it_works(
    bridge: BridgeUnderTest, browser: Browser
) -> None:
    for wide, scheme in ((320, "dark"), (1280, "light")):
        async with browsing(browser, bridge, wide=wide, scheme=scheme) as page:
            await page.goto("/sources")
            await is_sound(page)
            await page.get_by_role("link", name="Jitsi Meet").press("Enter")
            await is_sound(page)
            token = await page.get_by_label("Jeton des envois").input_value()
            await page.get_by_label("Nom").fill("pas un nom")
            await page.get_by_label("Serveur").fill("meet.example.org")
            await page.get_by_role("button", name="Ajouter").press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("Nom")
            await is_sound(page)
            assert await page.get_by_label("Jeton des envois").input_value() == token
            await page.get_by_label("Nom").fill(SHAPES.source)
            await page.get_by_role("button", name="Ajouter").press("Enter")
            await expect(page.get_by_text("Rien n’est encore arrivé.")).to_be_visible()
            await page.get_by_role("button", name="Copier").press("Enter")
            await expect(page.get_by_text("Copié.")).to_be_visible()
            assert token not in await page.content()
            await is_sound(page)
            await deliver(bridge, SHAPES.joined(5, who="eve"), secret="another-token")
            await page.get_by_role("link", name="Regarder de nouveau").press("Enter")
            await expect(page.get_by_text("Saisissez le même secret ici et sur la plateforme.").first).to_be_visible()
            await page.get_by_text("Les derniers").press("Enter")
            await is_sound(page)
            bridge.clock.advance(timedelta(seconds=1))
            await deliver(bridge, SHAPES.joined(5, who="ada"), secret=token)
            await deliver(bridge, b"so this is not JSON", secret=token)
            await page.reload()
            await expect(page.get_by_text("Regarder", exact=False).first).to_be_visible()
            await page.get_by_role("link", name="Les regarder").press("Enter")
            await is_sound(page)
            await page.get_by_role("button", name="Les essayer tous de nouveau").press("Enter")
            await expect(page.get_by_text("ne peut toujours pas être lu")).to_be_visible()
            await is_sound(page)
            await page.goto(f"/sources/{SHAPES.source}/rooms")
            await expect(page.get_by_role("link", name="à un événement")).to_have_attribute(
                "href",
                f"/rooms/claim?source={SHAPES.source}&room={SHAPES.room}&seen_at=2026-11-23T09%3A05%3A00%2B00%3A00",
            )
            await is_sound(page)
            await page.goto(f"/sources/{SHAPES.source}/edit")
            await is_sound(page)
            await page.goto(f"/sources/{SHAPES.source}")
            await page.locator("summary", has_text="Retirer").press("Enter")
            await is_sound(page)
            await page.get_by_role("button", name="Retirer", exact=True).press("Enter")
            await expect(page).to_have_url("/sources?done=removed")


async def test_it_needs_no_script_and_is_light(bridge: BridgeUnderTest, browser: Browser) -> None:
    async with browsing(browser, bridge, wide=360, scripts=False) as page:
        asked: list[Request] = []

        def note(request: Request) -> None:
            asked.append(request)

        page.on("requestfinished", note)
        await page.goto("/sources/new/jitsi")
        await page.get_by_label("Nom").fill(SHAPES.source)
        await page.get_by_role("button", name="Ajouter").click()
        await expect(page.get_by_role("button", name="Copier")).to_be_hidden()
        await page.get_by_label("Jeton des envois").fill("another-token")
        await page.get_by_role("button", name="Ajouter ce secret").click()
        await expect(page.get_by_text("2 secrets sont valables.")).to_be_visible()
        await page.get_by_role("button", name="Mettre fin aux anciens secrets").click()
        await expect(page.get_by_text("1 secret est valable.")).to_be_visible()
        for path in ("/sources", f"/sources/{SHAPES.source}", f"/sources/{SHAPES.source}/unreadable"):
            asked.clear()
            await page.goto(path, wait_until="networkidle")
            sizes = [await request.sizes() for request in asked]
            kilobytes = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) / 1024
            elements = await page.locator("*").count()
            assert len(asked) <= 10, path
            assert ecoindex(elements=elements, requests=len(asked), kilobytes=kilobytes) > A, path
