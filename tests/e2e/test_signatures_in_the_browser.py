"""Signing in the browser: after a scan by mouse, on a tablet by keyboard, without scripts; and what the sheet tells."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from services.chassis.access import Role
from services.registration.domain.signatures import Asked, SheetSettings
from tests.e2e.test_desk import desk_of
from tests.e2e.test_registration_in_the_browser import address, browsing
from tests.e2e.test_sessions_in_the_browser import is_sound
from tests.fakes.attendance_records import AttendanceSays, attendance_saying
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    """On the morning of the event, with an attendance that knows of nobody yet."""
    clock = MovedClock(START + timedelta(minutes=40))
    async with (
        attendance_saying(AttendanceSays(as_of=clock.now.isoformat(), is_open=True)) as says,
        running_registration(tmp_path, clock=clock, attendance_url=says.url) as running,
    ):
        yield running


async def draw(page: Page) -> None:
    """Two strokes in the box, with the mouse."""
    await expect(page.locator("#pad[data-ready]")).to_be_visible()
    box = await page.locator("#pad-canvas").bounding_box()
    assert box is not None
    for start, end in (((0.1, 0.6), (0.8, 0.3)), ((0.5, 0.2), (0.6, 0.9))):
        await page.mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
        await page.mouse.down()
        await page.mouse.move(box["x"] + end[0] * box["width"], box["y"] + end[1] * box["height"], steps=8)
        await page.mouse.up()


async def test_people_sign_after_a_scan_on_a_tablet_and_without_scripts_and_the_sheet_shows_it(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event(sessions=[])
    signatures = service.parts.use_cases.proofs.signatures
    await signatures.change_settings(event_id, SheetSettings(asked=Asked.SCREEN))
    anne = await service.register(event_id, name="Anne Lefèvre")
    await service.register(event_id, name="Bo Li")
    await service.register(event_id, name="Chloé Roux")
    async with desk_of(browser, service, event_id) as desk:
        await desk.get_by_label("Ticket code or name").fill(anne["ticket"])
        await desk.get_by_role("button", name="Check").press("Enter")
        await desk.locator("#result").get_by_role("button", name="Sign").click()
        await expect(desk.get_by_role("heading", level=1)).to_have_text("Anne Lefèvre")
        await is_sound(desk)
        await draw(desk)
        await desk.get_by_role("button", name="Clear the box").click()
        await desk.get_by_role("button", name="Sign", exact=True).click()
        await expect(desk.get_by_role("alert")).to_contain_text("Type your name.")
        await is_sound(desk)
        await draw(desk)
        await expect(desk.get_by_text("Signed in the box.")).to_be_visible()
        await desk.get_by_role("button", name="Sign", exact=True).click()
        await expect(desk.locator("#desk[data-ready]")).to_be_visible()

        await desk.goto(address(service, f"/events/{event_id}/sign"))
        await expect(desk.get_by_role("listitem").filter(has_text="Anne Lefèvre")).to_contain_text("signed at")
        await is_sound(desk)
        await desk.get_by_role("link", name="Bo Li").press("Enter")
        await desk.get_by_text("Sign with the keyboard instead").press("Enter")
        await desk.get_by_label("Your first and last name").fill("Bo Li")
        await desk.get_by_label("I was present at this half-day.").press("Space")
        await desk.get_by_role("button", name="Sign", exact=True).press("Enter")
        await expect(desk.get_by_role("status")).to_contain_text("the signature of Bo Li is kept")
    async with (
        browsing(browser, service, role=Role.ORGANIZER, java_script_enabled=False, locale="fr-FR") as plain,
        browsing(browser, service, role=Role.ORGANIZER) as organizer,
    ):
        await plain.goto(address(service, f"/events/{event_id}/sign"))
        await plain.get_by_role("link", name="Chloé Roux").click()
        await plain.get_by_label("Vos prénom et nom").fill("Chloé Roux")
        await plain.get_by_label("J’étais là pendant cette demi-journée.").check()
        await plain.get_by_role("button", name="Signer").click()
        await expect(plain.get_by_role("status")).to_contain_text("la signature de Chloé Roux est enregistrée")

        await organizer.goto(address(service, f"/events/{event_id}"))
        await organizer.get_by_role("link", name="Attendance sheets").click()
        morning = organizer.get_by_role("row").filter(has_text="morning")
        await expect(morning.get_by_role("cell").nth(3)).to_have_text("3")
        await is_sound(organizer)
        async with organizer.expect_download() as download:
            await morning.get_by_role("link", name="as CSV").click()
        rows = csv.DictReader(io.StringIO(Path(await (await download.value).path()).read_text("utf-8-sig")))
        assert [(row["Half-day or session"], row["Name"], row["Signature"]) for row in rows] == [
            ("Monday, 23 November 2037, morning", "Anne Lefèvre", "drawn"),
            ("Monday, 23 November 2037, morning", "Bo Li", "confirmed by keyboard"),
            ("Monday, 23 November 2037, morning", "Chloé Roux", "confirmed by keyboard"),
        ]
        async with organizer.expect_download() as download:
            await morning.get_by_role("link", name="as PDF").first.click()
        assert Path(await (await download.value).path()).read_bytes().startswith(b"%PDF-1.7")
