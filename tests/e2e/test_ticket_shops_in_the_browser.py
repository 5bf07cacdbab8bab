"""An organizer connects a ticket shop, says whom its tickets register, and sees what became of them."""

from playwright.async_api import Browser, expect

from services.chassis.access import Role
from tests.e2e.test_registration_in_the_browser import address, browsing
from tests.e2e.test_seats_in_the_browser import is_sound, service  # noqa: F401  (a fixture)
from tests.fakes.ticket_shops import API_TOKEN, LUNCH, pretix_shop, secret_of
from tests.integration.running_registration import RunningRegistration


async def test_a_shop_is_connected_by_keyboard_on_pages_that_all_can_use(
    service: RunningRegistration,  # noqa: F811  (the fixture)
    browser: Browser,
) -> None:
    async with pretix_shop() as shop:
        sold = shop.sell("A1", name="Zoé Ünal")
        shop.sell("A1", name="", kind=LUNCH)
        shop.sell("A2", name="")
        shop.sell("A2", name="")
        for wide in (360, 1280):
            event_id = await service.event()
            async with browsing(browser, service, role=Role.ORGANIZER, locale="fr-FR", wide=wide) as page:
                await page.goto(address(service, f"/events/{event_id}"))
                await page.get_by_role("link", name="Billetteries").click()
                await is_sound(page)
                await page.get_by_role("link", name="Relier pretix").click()
                await is_sound(page)
                await page.get_by_label("Adresse de pretix").fill(shop.origin)
                await page.get_by_label("Organisateur").fill("asso")
                await page.get_by_label("Événement", exact=True).fill("colloque")
                await page.get_by_label("Jeton d’API").fill("a-wrong-one")
                await page.get_by_role("button", name="Tester et relier").press("Enter")
                await expect(page.get_by_role("alert")).to_contain_text("La billetterie refuse le jeton")
                await is_sound(page)
                await page.get_by_label("Jeton d’API").fill(API_TOKEN)
                await page.get_by_role("button", name="Tester et relier").press("Enter")
                await is_sound(page)
                await page.get_by_role("button", name="Commencer l’import").press("Enter")
                await expect(page.get_by_role("alert")).to_contain_text("Entrée – Sur place")
                await is_sound(page)
                await page.get_by_label("Entrée – Sur place").select_option("in_person")
                await page.get_by_label("Entrée – À distance").select_option("remote")
                await page.get_by_label("Repas").select_option("nobody")
                await page.get_by_role("button", name="Voir d’abord").press("Enter")
                await expect(page.get_by_role("cell", name="Zoé Ünal")).to_be_visible()
                await is_sound(page)
                await page.get_by_role("button", name="Commencer l’import").press("Enter")
                await expect(page.get_by_role("row", name="A2").first).to_contain_text("pas de nom")
                await is_sound(page)
                # The doors read the code on the ticket of pretix, without the network too.
                async with page.expect_response(f"**/api/v1/events/{event_id}/desk") as listed:
                    await page.goto(address(service, f"/events/{event_id}/desk"))
                await (await listed.value).finished()
                await expect(page.locator("#network-state")).to_have_text("Connecté")
                await page.context.set_offline(offline=True)
                await page.locator("#typed").fill(secret_of(sold))
                await page.locator("#typed").press("Enter")
                await expect(page.locator("#result")).to_contain_text("Zoé Ünal")
            names = [each["name"] for each in (await service.api("GET", f"/events/{event_id}/registrations"))["items"]]
            assert names == ["Zoé Ünal"]
