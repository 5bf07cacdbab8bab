"""The live page in Debian's Chromium: accessible in every state, at every width, and light."""

import pytest
from playwright.async_api import Browser, Request, expect

from schemas.registration import Mode
from tests.ecoindex import A, ecoindex
from tests.fakes.attendance_browser import ANNE, EVENT, LIVE, opened, too_wide, violations
from tests.fakes.attendance_facts import EventFacts, colloquium
from tests.fakes.attendance_web import Attendance


@pytest.fixture
def facts() -> EventFacts:
    """An event with Anne registered on site."""
    facts = EventFacts(event_id=EVENT)
    facts.event()
    facts.registered(ANNE, Mode.IN_PERSON)
    return facts


@pytest.mark.parametrize("language, scheme", [("en", "light"), ("fr", "dark")])
async def test_no_page_and_no_state_has_an_accessibility_violation(
    browser: Browser, attendance: Attendance, language: str, scheme: str
) -> None:
    await attendance.store(colloquium(EVENT, people=60, until=200).written)
    somebody = next(one.subject for one in await attendance.timeline.standings(EVENT) if one.presence.intervals)
    nobody = next(one.subject for one in await attendance.timeline.standings(EVENT) if not one.presence.intervals)
    states = ("", "?mode=remote", "?who=nobody-of-this-name", "/people", "/people?who=zzz", f"/people/{somebody}")
    for wide in (1280, 360):
        for state in (*states, f"/people/{nobody}"):
            async with opened(
                browser, attendance, LIVE + state, wide=wide, locale=language, color_scheme=scheme
            ) as page:
                for details in await page.locator("summary").all():
                    await details.click()
                assert (state, await violations(page)) == (state, [])
                assert (state, await too_wide(page)) == (state, [])
                assert await page.evaluate("document.documentElement.lang") == language


async def test_an_event_where_nobody_has_come_yet_is_drawn(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE, wide=320) as page:
        await expect(page.get_by_text("The curve begins when the first person comes.")).to_be_visible()
        assert await violations(page) == []
        assert await too_wide(page) == []


@pytest.mark.parametrize("path", [LIVE, f"{LIVE}/people", f"{LIVE}/people/{ANNE}"])
async def test_every_page_is_light_with_300_participants(browser: Browser, attendance: Attendance, path: str) -> None:
    await attendance.store(colloquium(EVENT).written)
    async with opened(browser, attendance, "/health/live") as page:
        kilobytes: list[float] = []

        async def weigh(request: Request) -> None:
            sizes = await request.sizes()
            kilobytes.append((sizes["responseHeadersSize"] + sizes["responseBodySize"]) / 1000)

        page.on("requestfinished", weigh)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(attendance.url + path, wait_until="load")
        elements = await page.evaluate("document.querySelectorAll('*').length")
        mark = ecoindex(elements=elements, requests=len(asked), kilobytes=sum(kilobytes))
        assert mark > A
        assert len(asked) <= 10
        assert sum(kilobytes) <= 150


async def test_who_is_not_signed_in_is_sent_to_sign_in(attendance: Attendance, facts: EventFacts) -> None:
    await attendance.store(facts.written)
    for path in (LIVE, f"{LIVE}/people", f"{LIVE}/people/{ANNE}"):
        async with attendance.session.get(path, headers={"Accept": "text/html"}, allow_redirects=False) as answer:
            assert answer.status == 303
            assert answer.headers["Location"].startswith("/sign-in?next=")
