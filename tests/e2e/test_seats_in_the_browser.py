"""Somebody waits for the room, takes part remotely meanwhile, and takes the seat that is kept for them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from services.chassis.access import Role
from tests.e2e.test_registration_in_the_browser import address, browsing, violations
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path, clock=MovedClock(START - timedelta(days=3))) as running:
        yield running


async def is_sound(page: Page) -> None:
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_place_in_the_room_is_waited_for_at_home_and_taken_when_it_is_offered(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event(capacity={"in_person": 1, "remote": 2})
    first = await service.register(event_id, name="Anne Lefèvre")
    async with (
        browsing(browser, service, locale="fr-FR", wide=360) as page,
        browsing(browser, service, role=Role.ORGANIZER) as organizer,
    ):
        await page.goto(address(service, f"/e/{event_id}"))
        await page.get_by_label("Sur place").first.check()
        await page.get_by_label("Prénom et nom").fill("Zoé Ünal")
        await page.get_by_label("Adresse e-mail").fill("zoe@example.org")
        await page.get_by_role("button", name="S’inscrire").click()
        await is_sound(page)
        await page.get_by_role("button", name="Prendre une place à distance et garder mon rang").click()
        await expect(page.get_by_role("link", name="Rejoindre la réunion")).to_be_visible()
        await expect(page.get_by_text("Vous êtes en position 1 sur la liste d’attente de la salle.")).to_be_visible()
        await is_sound(page)
        await service.api("DELETE", f"/events/{event_id}/registrations/{first['participant_id']}", expect=204)
        await organizer.goto(address(service, f"/events/{event_id}/waitlist"))
        await expect(organizer.get_by_role("row", name="Zoé Ünal")).to_contain_text("offered until 21 November 2037")
        await is_sound(organizer)
        await page.reload()
        await expect(page.get_by_role("heading", name="Une place dans la salle vous est réservée")).to_be_visible()
        await is_sound(page)
        await page.get_by_role("button", name="Prendre cette place").press("Enter")
        await expect(page.get_by_role("heading", name="Votre billet")).to_be_visible()
        await expect(page.get_by_text("Vous êtes en position")).to_have_count(0)
