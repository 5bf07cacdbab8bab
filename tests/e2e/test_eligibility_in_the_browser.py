"""Eligibility in the browser: rules in plain words, a participant who reads why not and contests, and the answer."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, expect

from services.chassis.access import Role
from tests.e2e.test_registration_in_the_browser import address, browsing
from tests.e2e.test_sessions_in_the_browser import is_sound
from tests.fakes.attendance_records import AttendanceSays, attendance_saying, time_of
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration

MORNING: Final = "2037-11-23/morning"
NOON: Final = START + timedelta(hours=4)
NOW: Final = START + timedelta(hours=9)


async def a_closed_event(service: RunningRegistration, says: AttendanceSays) -> tuple[str, str]:
    """Its id, and the path of the personal page of Léa, who was there for two hours and ten minutes of four."""
    event_id = await service.event(title="Colloque d’été", sessions=[])
    lea = (await service.register(event_id, mode="remote"))["participant_id"]
    await service.api("POST", f"/events/{event_id}/close")
    span = {"mode": "remote", "start": START.isoformat(), "end": (START + timedelta(minutes=130)).isoformat()}
    says.half_days = [{"half_day_id": MORNING, "starts_at": START.isoformat(), "ends_at": NOON.isoformat()}]
    says.people = [
        {
            "participant_id": lea,
            "mode": "remote",
            "whole": time_of(remote=7800),
            "half_days": {MORNING: time_of(remote=7800)},
            "intervals": [span | {"via": "main/plenary", "grade": "inferred", "end_inferred": "room_closed"}],
        }
    ]
    whose = {"event_id": event_id, "participant_id": lea}
    url = service.parts.use_cases.links.confirmation_url(**whose)
    return event_id, url.removeprefix(service.settings.public_url)


@pytest.mark.parametrize("wide", [360, 1280])
async def test_a_participant_reads_why_not_contests_and_is_granted_the_time(
    tmp_path: Path, browser: Browser, wide: int
) -> None:
    async with (
        attendance_saying(AttendanceSays(as_of=NOW.isoformat())) as says,
        running_registration(tmp_path, clock=MovedClock(NOW), attendance_url=says.url) as service,
    ):
        event_id, own = await a_closed_event(service, says)
        async with browsing(browser, service, role=Role.ORGANIZER, locale="fr-FR", wide=wide) as page:
            await page.goto(address(service, f"/events/{event_id}"))
            await page.get_by_role("link", name="Qui a été assez présent").click()
            await page.get_by_text("Changer les règles").press("Enter")
            await page.get_by_label("une règle à moi, ci-dessous").check()
            await page.get_by_role("button", name="Appliquer ces règles").press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("Dites combien")
            await is_sound(page)
            await page.get_by_label("80 % de l’événement").check()
            await page.get_by_role("button", name="Appliquer ces règles").press("Enter")
            await expect(page.get_by_role("status")).to_contain_text("Ces règles valent désormais.")
            await expect(page.get_by_role("row", name="Léa Martin")).to_contain_text("non éligible")
            await is_sound(page)
        async with browsing(browser, service, wide=wide) as page:
            await page.goto(address(service, own))
            await page.get_by_role("link", name="Your attendance").click()
            await expect(page.get_by_text("You are not eligible")).to_be_visible()
            await is_sound(page)
            await page.get_by_role("button", name="Send to the organizer").press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("What happened")
            await page.get_by_label("What it is about").select_option(f"half:{MORNING}")
            await page.get_by_label("What happened").fill("My line broke, and I followed by telephone.")
            await page.get_by_role("button", name="Send to the organizer").press("Enter")
            await expect(page.get_by_role("status")).to_contain_text("The organizer has what you wrote.")
            await is_sound(page)
        async with browsing(browser, service, role=Role.ORGANIZER, wide=wide) as page:
            await page.goto(address(service, f"/events/{event_id}"))
            await page.get_by_role("link", name="1 contest of the attendance waits for an answer.").click()
            await is_sound(page)
            await page.get_by_role("link", name="Léa Martin").click()
            await is_sound(page)
            await page.get_by_role("button", name="Grant this time").press("Enter")
            await expect(page.get_by_text("Granted by the organizer on")).to_be_visible()
        async with browsing(browser, service, wide=wide) as page:
            await page.goto(address(service, f"{own}/attendance"))
            await expect(page.get_by_role("heading", name="You are eligible")).to_be_visible()
            await is_sound(page)
