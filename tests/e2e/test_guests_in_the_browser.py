"""An organizer says who the guests of a meeting are, and accepts what its report has and its deliveries lack."""

from playwright.async_api import Browser, FilePayload, expect

from services.chassis.access import SESSION_COOKIE, Role
from tests.e2e.test_registration_in_the_browser import address, browsing, requests_of
from tests.e2e.test_seats_in_the_browser import is_sound
from tests.ecoindex import A, ecoindex
from tests.integration.test_bridge_reconciliation import HEADINGS, Reconciled, reconciled  # noqa: F401  (a fixture)
from tests.integration.test_registration_guests import Meeting, meeting  # noqa: F401  (a fixture)

REPORT = HEADINGS + (
    "Ida Noir,,2026-11-23 09:10,2026-11-23 10:40\nJo,,2026-11-23 09:10,2026-11-23 09:20\n"
    "Kim,,2026-11-20 09:10,2026-11-20 09:20\n"
)


async def test_a_guest_is_linked_in_one_tap_and_the_link_undone_in_another_without_javascript(
    meeting: Meeting,  # noqa: F811  (the fixture)
    browser: Browser,
) -> None:
    for name in ("Hélène Martin", "Helena Marin", "Paul Petit"):
        await meeting.register(name)
    for minute in range(12):
        await meeting.came(["MARTIN Hélène", "Paul", "Enregistreur", "Hélène martin"][minute % 4], minute, stayed=50)
    place = f"/events/{meeting.event_id}"
    async with browsing(
        browser, meeting.service, role=Role.ORGANIZER, locale="fr-FR", wide=360, java_script_enabled=False
    ) as page:
        await page.goto(address(meeting.service, place))
        await page.get_by_role("link", name="Invités des réunions").press("Enter")
        await expect(page.get_by_role("heading", name="MARTIN Hélène").first).to_be_visible()
        await page.get_by_role("button", name="Hélène Martin : ").first.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("MARTIN Hélène = Hélène Martin")
        await page.get_by_role("button", name="Défaire : MARTIN Hélène").press("Enter")
        await expect(page.get_by_text("À revoir : MARTIN Hélène")).to_be_visible()
        await page.get_by_label("et les 5 autres invités de ce nom").first.check()
        await page.get_by_role("button", name="Hélène Martin : ").first.press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("6 invités sont reconnus.")
        await page.get_by_role("link", name="Chercher qui c’est… : Enregistreur").first.press("Enter")
        await page.get_by_label("Nom ou e-mail").fill("petit")
        await page.get_by_label("Nom ou e-mail").press("Enter")
        await page.get_by_role("button", name="Paul Petit").press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("Enregistreur = Paul Petit")
    async with browsing(browser, meeting.service, role=Role.ORGANIZER, wide=320) as page:
        asked = requests_of(page)
        await page.goto(address(meeting.service, f"{place}/guests"))
        await expect(page.get_by_role("link", name="To look at (5)")).to_be_visible()
        await is_sound(page)
        elements = await page.evaluate("document.querySelectorAll('*').length")
        sizes = [await request.sizes() for request in asked]
        kilobytes = sum(size["responseBodySize"] for size in sizes) / 1024
        assert ecoindex(elements=elements, requests=len(asked), kilobytes=kilobytes) > A
        await page.get_by_role("button", name="Nobody who registered").first.press("Enter")
        await is_sound(page)
        await page.get_by_role("link", name="Linked (7)").press("Enter")
        await is_sound(page)
        await page.get_by_role("link", name="Hélène Martin").first.wait_for()
        guest = (await meeting.guests("?state=open"))["items"][0]["guest_id"]
        await page.goto(address(meeting.service, f"{place}/guests/{guest}?search=e"))
        await is_sound(page)


async def test_what_a_report_has_is_compared_and_accepted_by_keyboard(
    reconciled: Reconciled,  # noqa: F811  (the fixture)
    browser: Browser,
) -> None:
    await reconciled.came(0, until=60, who="gil", name="Gil le très long nom d’un invité")
    await reconciled.came(10, until=70, who="ida", name="Ida Noir")
    origin = str(reconciled.bridge.client.make_url("/")).rstrip("/")
    for wide, language in ((320, "fr-FR"), (1280, "en-GB")):
        context = await browser.new_context(viewport={"width": wide, "height": 800}, locale=language)
        await context.add_cookies([{"name": SESSION_COOKIE, "value": "organizer-token", "url": origin}])
        page = await context.new_page()
        await page.goto(origin + reconciled.path)
        await is_sound(page)
        await page.locator("main form button").press("Enter")
        await is_sound(page)
        file = FilePayload(name="report.csv", mimeType="text/csv", buffer=REPORT.encode())
        await page.locator("#file").set_input_files(files=[file])
        await page.locator("#zone").fill("UTC")
        await page.locator("main form button").press("Enter")
        await expect(page.locator("main table tbody tr")).to_have_count(3 if wide == 320 else 1)
        await is_sound(page)
        if wide == 320:
            await page.get_by_role("button", name="Accepter les 2 qui manquent…").press("Enter")
            await is_sound(page)
            await page.get_by_role("button", name="Accepter pour 2 personnes").press("Enter")
            await expect(page.get_by_role("status")).to_contain_text("2 présences sont acceptées")
            await is_sound(page)
        await context.close()
