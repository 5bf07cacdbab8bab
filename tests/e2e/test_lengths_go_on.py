"""How long somebody has been here goes on in an open page, and is right for its instant without JavaScript."""

import pytest
from playwright.async_api import Browser, expect

from schemas.registration import Mode
from services.attendance.adapters.tables import MIGRATIONS
from tests.databases import NewDatabase
from tests.fakes.attendance_browser import ANNE, EVENT, LIVE, NAMES, opened, violations
from tests.fakes.attendance_facts import EventFacts, participant
from tests.fakes.attendance_web import attending

BASIL = participant(2)
MINUTE_MS = 60_000


@pytest.mark.parametrize("wide", [320, 1280])
async def test_the_time_of_who_is_here_goes_on_and_can_be_held(
    browser: Browser, new_database: NewDatabase, wide: int
) -> None:
    facts = EventFacts(event_id=EVENT)
    facts.event()
    for who in (ANNE, BASIL):
        facts.registered(who, Mode.IN_PERSON)
        facts.checked_in(who, 0)
    facts.joined(ANNE, 30)
    facts.checked_out(BASIL, 40)
    # The latest sign is of minute 40; the page is asked for at minute 70.
    database = await new_database(MIGRATIONS)
    async with attending(database, names=NAMES, now=facts.at(70)) as attendance:
        await attendance.store(facts.written)
        async with opened(browser, attendance, f"{LIVE}/people", wide=wide, java_script_enabled=False) as page:
            await expect(page.locator("tbody tr").nth(0)).to_contain_text("40 mins")
            await expect(page.get_by_text("Counted up to 09:40")).to_be_visible()
            await expect(page.get_by_role("button", name="Pause")).to_be_hidden()
        async with opened(browser, attendance, "/health/live", wide=wide) as page:
            await page.clock.install()
            await page.goto(f"{attendance.url}{LIVE}/people")
            anne, basil = page.locator("tbody tr").nth(0), page.locator("tbody tr").nth(1)
            await expect(anne).to_contain_text("1 hr 10 mins")
            await page.clock.run_for(5 * MINUTE_MS)
            await expect(anne).to_contain_text("1 hr 15 mins")
            await expect(basil).to_contain_text("40 mins")
            await expect(page.get_by_text("goes on by itself")).to_be_visible()
            await expect(page.get_by_text("Counted up to")).to_be_hidden()
            hold = page.get_by_role("button", name="Pause")
            await hold.press("Enter")
            await page.clock.run_for(5 * MINUTE_MS)
            await expect(anne).to_contain_text("1 hr 15 mins")
            await hold.press("Enter")
            await expect(anne).to_contain_text("1 hr 20 mins")
            # It never goes on beyond the end of the event and its grace.
            await page.clock.run_for(24 * 60 * MINUTE_MS)
            await expect(anne).to_contain_text("8 hrs 15 mins")
            await page.goto(f"{attendance.url}{LIVE}/people/{ANNE}")
            lengths = page.locator(".figures dd")
            await expect(lengths).to_have_text(["1 hr 10 mins", "1 hr 10 mins", "40 mins", "40 mins"])
            await page.clock.run_for(MINUTE_MS)
            await expect(lengths).to_have_text(["1 hr 11 mins", "1 hr 11 mins", "41 mins", "41 mins"])
            await page.clock.resume()
            await page.get_by_role("button", name="Pause").press("Enter")
            assert await violations(page) == []
