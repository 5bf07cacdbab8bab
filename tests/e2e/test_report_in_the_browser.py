"""The report of an event in Debian's Chromium: its figures, worked out by hand, on the page and in every file."""

import csv
import io
import re
from collections.abc import Mapping

import pytest
from playwright.async_api import Browser, expect

from schemas.registration import EventStatus, Mode, SeatData
from services.chassis.access import SESSION_COOKIE
from tests.ecoindex import A, ecoindex
from tests.fakes.attendance_browser import EVENT, opened, too_wide, violations
from tests.fakes.attendance_facts import EventFacts, colloquium, participant
from tests.fakes.attendance_web import ANALYST, ORGANIZER, Attendance
from tests.fakes.spreadsheet import read_sheet

REPORT = f"/events/{EVENT}/report"
CLOSED = "2026-11-24T18:30:00"
ROOM, LINK, LAPTOP, SWITCHED, VENUE, ABSENT = (participant(number) for number in range(1, 7))
CAME: Mapping[str, tuple[int, int, int, int]] = {
    "Registered": (3, 2, 0, 5),
    "Came": (3, 3, 2, 4),
    "Registered and never seen": (1, 0, 0, 1),
}
"""By hand, on site, remote, both and in all. Came: three were in the room, two of them online too; one online alone."""


@pytest.fixture
def facts() -> EventFacts:
    """One in the room, one online and cut off, one with a laptop there, one who went home; a venue; one absent."""
    facts = EventFacts(event_id=EVENT)
    facts.event()
    for who, mode in (
        (ROOM, Mode.IN_PERSON),
        (LINK, Mode.REMOTE),
        (LAPTOP, Mode.IN_PERSON),
        (SWITCHED, Mode.REMOTE),
        (ABSENT, Mode.IN_PERSON),
    ):
        facts.registered(who, mode)
    venue = facts.registered(VENUE, Mode.REMOTE)
    assert isinstance(venue.data, SeatData)
    counted = venue.data.model_copy(update={"headcount": 12})
    facts.written[-1] = venue.model_copy(update={"data": counted})
    facts.room(-5, opened=True)
    for who in (ROOM, LAPTOP, SWITCHED):
        facts.checked_in(who, 0)
    facts.joined(LINK, 0)
    facts.joined(VENUE, 0)
    facts.joined(LAPTOP, 30)
    facts.left(LAPTOP, 60)
    facts.checked_out(SWITCHED, 90)
    facts.joined(SWITCHED, 120)
    facts.left(SWITCHED, 210)
    facts.checked_out(ROOM, 210)
    facts.checked_out(LAPTOP, 210)
    facts.room(210, opened=False)
    facts.event(EventStatus.CLOSED, minutes=500)
    return facts


async def test_page_api_and_files_agree_with_a_calculation_by_hand(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    await attendance.store(facts.written)
    async with opened(browser, attendance, f"{REPORT}?as_of={CLOSED}") as page:
        rows = page.locator("section", has=page.get_by_role("heading", name="People", exact=True)).locator("tbody tr")
        for label, (here, there, both, total) in CAME.items():
            cells = rows.filter(has=page.get_by_role("rowheader", name=label, exact=True)).locator("td")
            shown = "–" if label != "Came" else str(both)
            await expect(cells).to_have_text([str(here), str(there), shown, str(total)])
        await expect(page.locator("section", has_text="Shared connections")).to_contain_text("12")
        # Two stayed in the room for 210 minutes, one for 90; online it was 210, 30 and 90; the 30 were in both.
        await expect(page.locator(".report-length")).to_have_text("3 hrs 22 mins")
        await page.get_by_role("link", name="How it went").click()
        inferred = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Inferred", exact=True))
        await expect(inferred.locator("td").first).to_have_text("3 hrs 30 mins")
        await expect(page.get_by_role("row").filter(has_text="From the room to remote").locator("td")).to_have_text(
            ["1", "0", "1"]
        )
        await page.get_by_role("link", name="Overview").click()
        await (
            rows.filter(has=page.get_by_role("rowheader", name="Registered and never seen"))
            .get_by_role("link")
            .last.click()
        )
        await expect(page.locator(".people-list tbody th")).to_have_text("Anne-6 Lefèvre")
        await expect(page.get_by_text("Those alone whom a figure of the report counts")).to_be_visible()
    _, api = await attendance.ask(f"/api/v1{REPORT}", token=ORGANIZER, as_of=f"{CLOSED}+01:00")
    came = {mode: figure["value"] for mode, figure in api["people"]["came"].items()}
    assert tuple(came.values()) == CAME["Came"]
    assert api["presence"]["seconds"] == {
        "in_person": (210 + 210 + 90) * 60,
        "remote": (210 + 30 + 90) * 60,
        "both": 30 * 60,
        "total": (210 + 210 + 90 + 210 + 90) * 60,
    }
    assert api["shared_connections"]["headcount_came"] == 12
    rows_of_csv = csv.DictReader(io.StringIO((await taken(attendance, "csv")).decode("utf-8-sig")))
    told = {(row["Part"], row["What"], row["Mode"]): row["Value"] for row in rows_of_csv}
    lines = {row[0]: row[1:] for row in read_sheet(await taken(attendance, "xlsx"), number=2).rows}
    for label, (here, there, _, total) in CAME.items():
        assert [told["People", label, mode] for mode in ("On site", "Remote", "In all")] == [
            str(here),
            str(there),
            str(total),
        ]
        assert [lines[label][column] for column in (0, 1, 3)] == [here, there, total]
    assert told["What it rests on", "Inferred, Time spent", ""] == str(210 * 60)


async def taken(attendance: Attendance, kind: str) -> bytes:
    headers = {"Cookie": f"{SESSION_COOKIE}={ORGANIZER}", "Accept-Language": "en"}
    async with attendance.session.get(f"{REPORT}.{kind}", params={"as_of": CLOSED}, headers=headers) as response:
        return await response.read()


@pytest.mark.parametrize("wide", [320, 1280])
async def test_every_part_is_accessible_and_light_and_fits_the_screen(
    browser: Browser, attendance: Attendance, wide: int
) -> None:
    await attendance.store(colloquium(EVENT, people=120).written)
    path = f"{REPORT}?as_of=2026-11-24T11:00"
    async with opened(browser, attendance, path, wide=wide, locale="fr-FR") as page:
        for part in ("Vue d’ensemble", "Déroulement", "Séances"):
            await page.get_by_role("navigation", name="Parties du rapport").get_by_role("link", name=part).click()
            await expect(page.get_by_role("status")).to_contain_text("L’événement n’était pas encore clos")
            assert await too_wide(page) == []
            assert await violations(page) == []
            elements = await page.evaluate("document.getElementsByTagName('*').length")
            assert ecoindex(elements=elements, requests=6, kilobytes=60) > A


async def test_analysts_get_the_figures_of_large_groups_alone(
    browser: Browser, attendance: Attendance, facts: EventFacts
) -> None:
    for number in range(10, 20):
        facts.checked_in(participant(number), 5)
        facts.checked_out(participant(number), 80)
    await attendance.store(facts.written)
    async with opened(browser, attendance, REPORT, token=ANALYST) as page:
        await expect(page.get_by_role("status")).to_contain_text("fewer than 5 people is left out")
        await expect(page.locator(".figures dd").first).to_have_text("12")
        await expect(page.locator(".report-table a")).to_have_count(0)
        assert await violations(page) == []
        for tab in ("Analysis", "Events compared"):
            await page.get_by_role("link", name=tab).click()
            await expect(page).to_have_title(re.compile(tab))
            for wide in (1280, 360):
                await page.set_viewport_size({"width": wide, "height": 800})
                assert await violations(page) == []
                assert await too_wide(page) == []
