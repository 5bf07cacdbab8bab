"""Somebody erases their data: the page says what is gone, and a desk's phone forgets them, without the network too."""

from urllib.parse import urlsplit

from playwright.async_api import Browser, expect

from services.chassis.access import Role
from tests.e2e.test_desk import desk_of, scan, service  # noqa: F401  (a fixture)
from tests.e2e.test_registration_in_the_browser import address, browsing
from tests.e2e.test_seats_in_the_browser import is_sound
from tests.integration.running_registration import RunningRegistration


async def test_who_erases_their_data_is_told_what_is_gone_and_leaves_the_phones_at_the_doors(
    service: RunningRegistration,  # noqa: F811  (the fixture)
    browser: Browser,
) -> None:
    event_id = await service.event()
    registered = await service.register(event_id, name="Zoé Ünal")
    async with (
        desk_of(browser, service, event_id) as desk,
        browsing(browser, service, locale="fr-FR", wide=360) as page,
        browsing(browser, service, role=Role.ORGANIZER, wide=360) as organizer,
    ):
        await scan(desk, "Zoé", "Who is it?")
        await expect(desk.get_by_role("button", name="Zoé Ünal")).to_be_visible()
        await page.goto(address(service, urlsplit(registered["confirmation_url"]).path))
        await page.get_by_text("Vos données et vos choix").press("Enter")
        await page.get_by_text("Effacer mes données…").press("Enter")
        await page.get_by_role("button", name="Effacer mes données", exact=True).press("Enter")
        await expect(page.get_by_role("heading", name="Vos données sont effacées")).to_be_visible()
        await expect(page.get_by_text("le nom, l’adresse e-mail et la langue")).to_be_visible()
        await is_sound(page)
        await organizer.goto(address(service, f"/events/{event_id}/registrations/{registered['participant_id']}"))
        await expect(organizer.get_by_role("heading", name="The personal data is erased")).to_be_visible()
        await is_sound(organizer)
        # It asks every few seconds.
        told = await desk.wait_for_event("response", lambda answer: "/desk?since=" in answer.url and answer.ok)
        await told.finished()
        await scan(desk, "Zoé", "Nobody found")
        await desk.context.set_offline(offline=True)
        await desk.reload()
        # Before it is ready, Enter would send the form, which leads nowhere now.
        await desk.wait_for_selector("#desk[data-ready]")
        await scan(desk, "Zoé", "Nobody found")
