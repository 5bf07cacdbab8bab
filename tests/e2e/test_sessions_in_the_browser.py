"""Workshops side by side: chosen at registration and afterwards, seen by the organizer, kept at their door."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from services.chassis.access import Role
from tests.e2e.test_desk import desk_of, scan
from tests.e2e.test_registration_in_the_browser import address, browsing, violations
from tests.integration.running_registration import RunningRegistration, running_registration
from tests.integration.test_registration_sessions import a_session, an_event_with, come, standing


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


async def is_sound(page: Page) -> None:
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_sessions_are_chosen_corrected_at_the_field_and_seen_by_the_organizer(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id, (one, _, later) = await an_event_with(
        service,
        a_session("Cartes", 0, seats={"in_person": 1, "remote": 9}),
        a_session("Données", 1, seats={"in_person": 5}),
        a_session("Archives", 4, seats={"in_person": 3}),
    )
    await come(service, event_id, 0, one)
    async with (
        browsing(browser, service, locale="fr-FR", wide=360) as page,
        browsing(browser, service, role=Role.ORGANIZER) as organizer,
    ):
        await page.goto(address(service, f"/e/{event_id}"))
        choice = page.get_by_role("group", name="Séances sur inscription")
        await expect(choice).to_contain_text("complet en salle : il y a une liste d’attente")
        await is_sound(page)
        await page.get_by_label("Sur place").first.check()
        await page.get_by_label("Prénom et nom").fill("Zoé Ünal")
        await page.get_by_label("Adresse e-mail").fill("zoe@example.org")
        for title in ("Cartes", "Données", "Archives"):
            await choice.get_by_label(title).check()
        await page.get_by_role("button", name="S’inscrire").click()
        refused = "« Données » a lieu en même temps que « Cartes » : choisissez l’une des deux."
        await expect(choice).to_contain_text(refused)
        assert await choice.get_by_label("Archives").is_checked()
        await is_sound(page)
        await choice.get_by_label("Données").uncheck()
        await page.get_by_role("button", name="S’inscrire").click()
        mine = page.get_by_role("region", name="Vos séances")
        await expect(mine).to_contain_text("vous êtes numéro 1 sur la liste d’attente")
        await expect(mine).to_contain_text("vous avez une place")
        await is_sound(page)
        await mine.get_by_label("Données").check()
        await mine.get_by_role("button", name="Enregistrer mes séances").click()
        await expect(mine).to_contain_text(refused)
        await is_sound(page)
        await mine.get_by_label("Cartes").uncheck()
        await mine.get_by_role("button", name="Enregistrer mes séances").press("Enter")
        await expect(mine.get_by_label("Données")).to_be_checked()
        await expect(mine.get_by_label("Cartes")).not_to_be_checked()

        await organizer.goto(address(service, f"/events/{event_id}"))
        await organizer.get_by_role("link", name="Sessions to register for").click()
        await expect(organizer.get_by_role("row", name="Archives")).to_contain_text("1 of 3")
        await is_sound(organizer)
        await organizer.get_by_role("link", name="Archives").click()
        await is_sound(organizer)
        await organizer.get_by_role("link", name="Zoé Ünal").click()
        await organizer.get_by_role("button", name="Put into Cartes").click()
        await expect(organizer.get_by_role("button", name="Put into Données")).to_be_visible()
        await is_sound(organizer)
        assert await standing(service, event_id, one) == [("P0", "confirmed", None), ("Zoé Ünal", "waitlisted", 1)]
        await organizer.goto(address(service, f"/events/{event_id}/sessions/{later}"))
        await organizer.get_by_text("Remove…").click()
        await organizer.get_by_role("button", name="Take out: Zoé Ünal").click()
        await expect(organizer.get_by_text("Nobody is registered yet.")).to_be_visible()


async def test_at_the_door_of_a_session_somebody_is_added_in_one_tap_while_there_are_seats(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id, (workshop,) = await an_event_with(service, a_session("Cartes", 0, seats={"in_person": 2}))
    people = [await come(service, event_id, 0, workshop), await come(service, event_id, 1)]
    people += [await come(service, event_id, 2), await come(service, event_id, 3)]
    async with desk_of(browser, service, event_id) as desk:
        await desk.get_by_label("Room or session").select_option("Cartes")
        await scan(desk, people[0]["ticket"], "Welcome")
        await scan(desk, people[1]["ticket"], "Seats left in it: 1.")
        assert await violations(desk) == []
        await desk.get_by_role("button", name="Add and let in").press("Enter")
        await expect(desk.locator("#result")).to_contain_text("Welcome")
        await scan(desk, people[2]["ticket"], "This person is not registered for this session, and it is full.")
        await desk.context.set_offline(offline=True)
        await scan(desk, people[3]["ticket"], "This person is not registered for this session, and it is full.")
        await desk.context.set_offline(offline=False)
    names = [(name, status) for name, status, _ in await standing(service, event_id, workshop)]
    assert names == [("P0", "confirmed"), ("P1", "confirmed")]
