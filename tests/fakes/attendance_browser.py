"""The live page in a browser: how it is opened, and what every page must stand up to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from services.chassis.access import SESSION_COOKIE
from tests.fakes.attendance_facts import guest, participant
from tests.fakes.attendance_web import ORGANIZER, Attendance

EVENT = "evt_" + "e" * 32
LIVE = f"/events/{EVENT}/live"
ANNE = participant(1)
NAMES = {participant(number): f"Anne-{number} Lefèvre" for number in range(300)} | {guest(1): "Guy L’Invité"}


@asynccontextmanager
async def opened(
    browser: Browser,
    attendance: Attendance,
    path: str,
    *,
    token: str = ORGANIZER,
    wide: int = 1280,
    **wishes: Any,  # noqa: ANN401  (Playwright's own)
) -> AsyncIterator[Page]:
    """A page in a browser of its own, signed in; whatever the console complains of fails the test."""
    context = await browser.new_context(viewport={"width": wide, "height": 800}, **({"locale": "en-GB"} | wishes))
    await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": attendance.url}])
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(attendance.url + path)
    yield page
    await context.close()
    assert complaints == []


async def too_wide(page: Page) -> list[str]:
    """The elements that make the page scroll sideways."""
    found: list[str] = await page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
            .filter((each) => each.getBoundingClientRect().right > innerWidth && !each.closest(".scroll *"))
            .map((each) => each.outerHTML.slice(0, 120))"""
    )
    return found


async def violations(page: Page) -> list[Any]:
    results = await Axe().run(page)
    return [(found["id"], [node["html"] for node in found["nodes"]]) for found in results.response["violations"]]
