"""An organizer brings a list, chooses what its columns hold, and sees what became of each line."""

from playwright.async_api import Browser, FilePayload, expect

from services.chassis.access import Role
from tests.e2e.test_registration_in_the_browser import address, browsing
from tests.e2e.test_seats_in_the_browser import is_sound, service  # noqa: F401  (a fixture)
from tests.integration.running_registration import RunningRegistration

LIST = "Qui;Courriel;Participation\nZoé Ünal;zoe@example.org;Sur place\n=Anne;faux;\nKim Lee;kim@example.org;\n"


async def test_a_list_is_imported_by_keyboard_on_pages_that_all_can_use(
    service: RunningRegistration,  # noqa: F811  (the fixture)
    browser: Browser,
) -> None:
    event_id = await service.event()
    for wide in (360, 1280):
        async with browsing(browser, service, role=Role.ORGANIZER, locale="fr-FR", wide=wide) as page:
            await page.goto(address(service, f"/events/{event_id}"))
            await page.get_by_role("link", name="Importer une liste").click()
            await is_sound(page)
            await page.get_by_role("button", name="Examiner le fichier").press("Enter")
            await expect(page.get_by_role("alert")).to_contain_text("Fichier : Choisissez un fichier.")
            await is_sound(page)
            file = FilePayload(name="liste.csv", mimeType="text/csv", buffer=LIST.encode("cp1252"))
            await page.get_by_label("Fichier").set_input_files(files=[file])
            await page.get_by_role("button", name="Examiner le fichier").press("Enter")
            await expect(page.get_by_text("Aucune colonne ne contient de noms")).to_be_visible()
            await is_sound(page)
            await page.get_by_label("Colonne Qui").select_option(label="Prénom et nom")
            await page.get_by_role("button", name="Examiner à nouveau").press("Enter")
            await expect(page.get_by_role("row", name="Ce n’est pas une adresse e-mail.")).to_be_visible()
            await is_sound(page)
            await page.get_by_role("button", name="Importer", exact=True).press("Enter")
            await expect(page.get_by_text("Les 3 lignes sont importées")).to_be_visible()
            await expect(page.get_by_role("link", name="Télécharger la ligne refusée")).to_be_visible()
            await is_sound(page)
            await page.get_by_role("link", name="Vers les inscriptions").click()
            await expect(page.get_by_role("link", name="Zoé Ünal")).to_have_count(1)
            await is_sound(page)
