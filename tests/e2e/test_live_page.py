"""The live page in Debian's Chromium: it lives, it is accessible, it is light, and it works without JavaScript."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Request, async_playwright, expect

from schemas.registration import EventStatus, Mode
from services.attendance.web import live_page
from services.chassis.access import SESSION_COOKIE
from tests.ecoindex import A, ecoindex
from tests.fakes.attendance_facts import EventFacts, colloquium, guest, participant
from tests.fakes.attendance_web import ANALYST, ORGANIZER, Attendance, attending

EVENT = "evt_" + "e" * 32
LIVE = f"/events/{EVENT}/live"
ANNE = participant(1)
NAMES = {participant(number): f"Anne-{number} Lefèvre" for number in range(300)} | {guest(1): "Guy L’Invité"}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield started
        await started.close()


@pytest.fixture
async def attendance(tmp_path: Path) -> AsyncIterator[Attendance]:
    async with attending(tmp_path, names=NAMES) as running:
        yield running


@pytest.fixture
def facts() -> EventFacts:
    """An event with Anne registered on site."""
    facts = EventFacts(event_id=EVENT)
    facts.event()
    facts.registered(ANNE, Mode.IN_PERSON)
    return facts


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


async def test_what_is_stored_appears_without_a_reload(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE) as page:
        await expect(page.locator(".now-side.on-site b")).to_have_text("0")
        facts.checked_in(ANNE, 0)
        await attendance.store(facts.written)
        await expect(page.locator("#timeline li").first).to_contain_text("Anne-1 Lefèvre")
        await expect(page.locator("#timeline li").first).to_contain_text("came in · Main door")
        await expect(page.locator(".now-side.on-site b")).to_have_text("1")
        await expect(page.locator(".now-total b")).to_have_text("1")


async def test_the_page_keeps_its_number_of_rows_and_a_late_entry_takes_its_place(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    for number in range(live_page.ROWS + 5):
        facts.checked_in(participant(number), 10 * number)
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE) as page:
        rows = page.locator("#timeline li")
        await expect(rows).to_have_count(live_page.ROWS)
        late = facts.checked_in(participant(200), 10 * (live_page.ROWS + 3) + 5)
        too_late = facts.checked_in(participant(201), 1)
        await attendance.store(facts.written)
        await expect(rows.nth(1)).to_have_attribute("id", late.id)
        await expect(rows).to_have_count(live_page.ROWS)
        await expect(page.locator(f"[id='{too_late.id}']")).to_have_count(0)


async def test_the_figures_are_announced_at_most_every_ten_seconds(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, "/health/live") as page:
        await page.clock.install()
        await page.goto(attendance.url + LIVE)
        announced = page.get_by_role("status")
        await expect(announced).to_be_empty()
        facts.checked_in(ANNE, 0)
        await attendance.store(facts.written)
        await expect(page.locator(".now-total b")).to_have_text("1")
        await page.clock.run_for(10)
        await expect(announced).to_have_text("Here now: 1. On site: 1, remote: 0, both at once: 0.")
        facts.checked_in(participant(2), 1)
        await attendance.store(facts.written)
        await expect(page.locator(".now-total b")).to_have_text("2")
        await page.clock.run_for(5_000)
        await expect(announced).to_contain_text("Here now: 1.")
        await page.clock.run_for(6_000)
        await expect(announced).to_contain_text("Here now: 2.")


async def test_a_paused_page_stands_still_and_then_shows_what_it_missed(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE) as page:
        pause = page.get_by_role("button", name="Pause")
        await pause.focus()
        await page.keyboard.press("Enter")
        await expect(pause).to_have_attribute("aria-pressed", "true")
        facts.checked_in(ANNE, 0)
        await attendance.store(facts.written)
        await asyncio.sleep(0.5)  # nothing is to happen: there is nothing to wait for
        await expect(page.locator(".now-total b")).to_have_text("0")
        await page.keyboard.press("Enter")
        await expect(page.locator("#timeline li").first).to_contain_text("Anne-1 Lefèvre")
        await expect(page.locator(".now-total b")).to_have_text("1")


async def test_a_page_that_was_cut_off_comes_back_and_misses_nothing(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE) as page:
        await expect(page.locator("#timeline li")).to_have_count(2)
        attendance.feed.close()
        facts.checked_in(ANNE, 0)
        await attendance.store(facts.written)
        await expect(page.locator("#timeline li").first).to_contain_text("came in")


async def test_a_page_that_is_told_to_wait_comes_back_by_itself(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE) as page:
        await expect(page.get_by_role("link", name="Refresh")).to_be_hidden()
        await page.route(
            "**/live/stream?*", lambda route: route.fulfill(status=200, content_type="text/plain", body="")
        )
        attendance.feed.close()
        await expect(page.get_by_role("link", name="Refresh")).to_be_visible()
        facts.checked_in(ANNE, 0)
        await attendance.store(facts.written)
        await page.unroute("**/live/stream?*")
        await expect(page.locator("#timeline li").first).to_contain_text("came in", timeout=15_000)
        await expect(page.get_by_role("link", name="Refresh")).to_be_hidden()


async def test_the_filter_holds_for_what_is_there_and_for_what_comes(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    facts.checked_in(ANNE, 0)
    facts.joined(participant(2), 1)
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE) as page:
        await page.get_by_label("Person").first.fill("lefevre anne-2")
        await page.get_by_role("button", name="Filter").click()
        await page.wait_for_url("**/live?*")
        await expect(page.locator("#timeline li")).to_have_count(1)
        facts.chatted(participant(3), 2)
        facts.left(participant(2), 3)
        await attendance.store(facts.written)
        await expect(page.locator("#timeline li").first).to_contain_text("left the online room")
        await expect(page.locator("#timeline li")).to_have_count(2)


async def test_the_table_says_what_the_curve_shows(browser: Browser, attendance: Attendance) -> None:
    await attendance.store(colloquium(EVENT).written)
    async with opened(browser, attendance, LIVE) as page:
        await page.get_by_text("The same as a table").click()
        rows = page.locator(".live-curve tbody tr")
        assert 4 <= await rows.count() <= 12
        for row in await rows.all():
            here, there, both, everybody = [int(await cell.inner_text()) for cell in await row.locator("td").all()]
            assert everybody == here + there - both
        assert max([int(await row.locator("td").nth(3).inner_text()) for row in await rows.all()]) > 200


async def test_a_person_s_page_tells_how_each_end_is_known(browser: Browser, attendance: Attendance) -> None:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    facts.registered(ANNE, Mode.REMOTE)
    facts.left(ANNE, 20, joined=5)
    facts.joined(ANNE, 30, connection="c2")
    facts.room(40, opened=False)
    facts.checked_in(ANNE, 60)
    facts.event(EventStatus.CLOSED, minutes=500)
    await attendance.store(facts.written)
    async with opened(browser, attendance, f"{LIVE}/people") as page:
        await page.get_by_role("link", name="Anne-1 Lefèvre").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Anne-1 Lefèvre")
        rows = page.locator("tbody tr")
        await expect(rows.nth(0)).to_contain_text("Inferred: no join came, the platform told it with the leave")
        await expect(rows.nth(0)).to_contain_text("Told by the platform")
        await expect(rows.nth(1)).to_contain_text("Inferred: no leave came, the room closed then")
        await expect(rows.nth(2)).to_contain_text("Scanned at the door")
        await expect(rows.nth(2)).to_contain_text("Inferred: no exit was seen, the event ended then")
        await expect(page.locator(".figures")).to_contain_text("7 hrs 40 mins")


async def test_analysts_see_numbers_and_never_a_name(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    facts.checked_in(ANNE, 0)
    await attendance.store(facts.written)
    for path in (LIVE, f"{LIVE}/people", f"{LIVE}/people/{ANNE}", f"{LIVE}/people?who=lefevre"):
        async with opened(browser, attendance, path, token=ANALYST) as page:
            text = await page.content()
            assert "Lefèvre" not in text
            assert "/desk" not in text
            if not path.endswith("lefevre"):
                assert "par_00000000" in text


async def test_everything_is_there_without_javascript(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    facts.checked_in(ANNE, 0)
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE, java_script_enabled=False) as page:
        await expect(page.locator(".now-total b")).to_have_text("1")
        await expect(page.locator("#timeline li").first).to_contain_text("Anne-1 Lefèvre")
        await expect(page.locator("svg.curve")).to_be_visible()
        await expect(page.get_by_role("button", name="Pause")).to_be_hidden()
        facts.checked_out(ANNE, 5)
        await attendance.store(facts.written)
        await page.get_by_role("link", name="Refresh", exact=True).click()
        await expect(page.locator("#timeline li").first).to_contain_text("went out")
        await page.get_by_label("Mode").select_option("remote")
        await page.get_by_role("button", name="Filter").click()
        await expect(page.get_by_text("Nothing of that kind yet.")).to_be_visible()


async def test_people_are_found_by_name_without_accents_and_paged(browser: Browser, attendance: Attendance) -> None:
    await attendance.store(colloquium(EVENT).written)
    async with opened(browser, attendance, f"{LIVE}/people") as page:
        await expect(page.locator("tbody tr")).to_have_count(25)
        first = await page.locator("tbody tr a").all_inner_texts()
        await page.get_by_role("link", name="Next page").click()
        await expect(page.get_by_role("status")).to_contain_text("from number 26 on")
        assert not set(first) & set(await page.locator("tbody tr a").all_inner_texts())
        await page.get_by_label("Name or number").fill("ANNE-299 lefevre")
        await page.get_by_role("button", name="Search").click()
        await expect(page.locator("tbody tr")).to_have_count(1)
        await expect(page.get_by_role("status")).to_have_text("1 person")


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
