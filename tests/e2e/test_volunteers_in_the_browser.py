"""Volunteers' hours in the browser: written down and valued by keyboard on a phone, on pages that are sound."""

from pathlib import Path

from playwright.async_api import Browser, expect

from services.chassis.access import Role
from tests.e2e.test_registration_in_the_browser import address, browsing
from tests.e2e.test_sessions_in_the_browser import is_sound
from tests.integration.running_registration import START, MovedClock, running_registration


async def test_hours_are_written_down_and_valued_and_the_year_adds_them_up(tmp_path: Path, browser: Browser) -> None:
    async with running_registration(tmp_path, clock=MovedClock(START)) as service:
        event_id = await service.event()
        async with browsing(browser, service, role=Role.ORGANIZER, wide=360, locale="fr-FR") as page:
            await page.goto(address(service, f"/events/{event_id}/volunteers"))
            await page.get_by_role("button", name="Noter").press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("Tâche")
            await is_sound(page)
            for task in ("Accueil", "Son et vidéo"):
                await page.get_by_label("Tâche", exact=True).fill(task)
                await page.get_by_label("Heures par personne").fill("2")
                await page.get_by_role("button", name="Noter").press("Enter")
                await expect(page.get_by_role("rowheader", name=task).first).to_be_visible()
            await page.get_by_label("Taux horaire").fill("12,02")
            await page.get_by_label("Ce sur quoi il repose").fill("SMIC horaire brut")
            await page.get_by_role("button", name="Enregistrer la méthode").press("Enter")
            await expect(page.get_by_text("48,08").first).to_be_visible()
            await is_sound(page)
            await page.goto(address(service, "/volunteers/2037"))
            await expect(page.get_by_role("row").last).to_contain_text("48,08")
            await is_sound(page)
