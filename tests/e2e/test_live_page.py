"""The live page in Debian's Chromium: it lives, and it works without JavaScript."""

import asyncio

import pytest
from playwright.async_api import Browser, expect

from schemas.registration import EventStatus, Mode
from services.attendance.web import live_page
from tests.fakes.attendance_browser import ANNE, EVENT, LIVE, opened, violations
from tests.fakes.attendance_facts import EventFacts, colloquium, guest, participant
from tests.fakes.attendance_web import ANALYST, Attendance


@pytest.fixture
def facts() -> EventFacts:
    """An event with Anne registered on site."""
    facts = EventFacts(event_id=EVENT)
    facts.event()
    facts.registered(ANNE, Mode.IN_PERSON)
    return facts


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


async def test_what_became_known_last_is_first_and_late_news_say_so(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    for number in range(live_page.ROWS + 5):
        facts.checked_in(participant(number), 10 * number)
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE) as page:
        rows = page.locator("#timeline li")
        await expect(rows).to_have_count(live_page.ROWS)
        late = facts.checked_in(participant(200), 1)
        await attendance.store(facts.written)
        await expect(rows.first).to_have_attribute("id", late.id)
        await expect(rows.first).to_contain_text("known at 09:01:00")
        in_time = facts.checked_in(participant(201), 500)
        await attendance.store(facts.written)
        await expect(rows.first).to_have_attribute("id", in_time.id)
        await expect(rows.first).not_to_contain_text("known at")
        await expect(rows).to_have_count(live_page.ROWS)
        await page.reload()
        await expect(rows.nth(1)).to_contain_text("known at 09:01:00")
        await expect(page.locator("#timeline").get_by_text("known at")).to_have_count(1)


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
        facts.checked_in(ANNE, 0)
        await attendance.store(facts.written)
        # It came by the stream, so that there is one to be cut.
        await expect(page.locator("#timeline li").first).to_contain_text("came in")
        await page.route(
            "**/live/stream?*", lambda route: route.fulfill(status=200, content_type="text/plain", body="")
        )
        attendance.feed.close()
        await expect(page.get_by_role("link", name="Refresh")).to_be_visible()
        facts.checked_out(ANNE, 10)
        await attendance.store(facts.written)
        await page.unroute("**/live/stream?*")
        await expect(page.locator("#timeline li").first).to_contain_text("went out")
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


async def test_what_somebody_did_as_a_guest_is_on_their_own_page(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    facts.joined(guest(1), 5)
    facts.linked(guest(1), ANNE, 10)
    await attendance.store(facts.written)
    async with opened(browser, attendance, f"{LIVE}/people/{guest(1)}") as page:
        await expect(page.get_by_role("heading", level=1)).to_have_text("Anne-1 Lefèvre")
        await expect(page.locator(".timeline")).to_contain_text("was recognised behind a guest")
        await expect(page.locator(".timeline")).to_contain_text("joined online")
        await expect(page.locator("tbody tr")).to_contain_text("amphi-a · Jitsi (main)")


async def test_analysts_are_led_to_a_page_of_numbers_without_names(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    for number in range(10, 16):
        facts.registered(participant(number), Mode.IN_PERSON)
        facts.checked_in(participant(number), 0)
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE, token=ANALYST) as page:
        await expect(page.get_by_text("Analysts are told of an event once it is closed.")).to_be_visible()
    facts.event(EventStatus.CLOSED, minutes=500)
    await attendance.store(facts.written)
    async with opened(browser, attendance, LIVE, token=ANALYST) as page:
        await expect(page.locator("main")).to_contain_text("6 people, under random numbers.")
        await expect(page.get_by_role("link", name="minutes, csv")).to_be_visible()
        await expect(page.get_by_role("row", name="Opening and keynote")).to_contain_text("on site")
        assert await violations(page) == []
        assert "par_" not in await page.content()


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
