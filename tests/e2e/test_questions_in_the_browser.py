"""Questions of an event in the browser: put by the organizer, answered and corrected by a participant."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, expect

from services.chassis.access import Role
from tests.e2e.test_registration_in_the_browser import address, browsing
from tests.e2e.test_sessions_in_the_browser import is_sound
from tests.integration.running_registration import RunningRegistration, running_registration


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


async def test_what_an_organizer_asks_is_answered_corrected_at_the_field_and_read(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event()
    async with (
        browsing(browser, service, role=Role.ORGANIZER) as organizer,
        browsing(browser, service, locale="fr-FR", wide=360) as page,
    ):
        await organizer.goto(address(service, f"/events/{event_id}/edit"))
        meal = organizer.get_by_role("group", name="Question 1", exact=True)
        await meal.get_by_label("Question", exact=True).fill("Repas")
        await meal.get_by_label("Answered with").select_option("one choice")
        await meal.get_by_label("An answer is required").check()
        await organizer.get_by_role("button", name="Save").click()
        await expect(organizer.get_by_role("alert")).to_contain_text("Enter 2 to 20 answers to choose from")
        await is_sound(organizer)
        await meal.get_by_label("Answers to choose from").fill("Avec viande\nVégétarien")
        lifts = organizer.get_by_role("group", name="Question 2", exact=True)
        await lifts.get_by_label("Question", exact=True).fill("Covoiturage")
        await lifts.get_by_label("Answered with").select_option("several choices")
        await lifts.get_by_label("Answers to choose from").fill("Aller\nRetour")
        await organizer.get_by_role("button", name="Save").click()
        await expect(organizer.get_by_role("heading", level=1)).to_have_text("Colloque")

        await page.goto(address(service, f"/e/{event_id}"))
        await page.get_by_label("Sur place").first.check()
        await page.get_by_label("Prénom et nom").fill("Zoé Ünal")
        await page.get_by_label("Adresse e-mail").fill("zoe@example.org")
        await page.get_by_role("group", name="Covoiturage").get_by_label("Retour").check()
        await page.get_by_role("button", name="S’inscrire").click()
        await expect(page.get_by_role("group", name="Repas")).to_contain_text("Répondez à cette question.")
        await expect(page.get_by_role("group", name="Covoiturage").get_by_label("Retour")).to_be_checked()
        await is_sound(page)
        await page.get_by_role("group", name="Repas").get_by_label("Végétarien").check()
        await page.get_by_role("button", name="S’inscrire").click()
        await page.get_by_text("Vos données et vos choix").click()
        await expect(page.get_by_label("Végétarien")).to_be_checked()
        await is_sound(page)
        await page.get_by_label("Avec viande").check()
        await page.get_by_role("button", name="Enregistrer mes réponses").press("Enter")
        await page.get_by_text("Vos données et vos choix").click()
        await expect(page.get_by_label("Avec viande")).to_be_checked()

        await organizer.goto(address(service, f"/events/{event_id}"))
        await organizer.get_by_role("link", name="Zoé Ünal").click()
        await expect(organizer.get_by_text("Avec viande")).to_be_visible()
        await expect(organizer.get_by_text("Retour")).to_be_visible()
        await is_sound(organizer)
