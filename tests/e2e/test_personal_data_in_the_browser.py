"""What people are told and take along, and two editors of one event, in Debian's Chromium: every state, held to axe."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from services.chassis.access import Role
from tests.e2e.test_registration_in_the_browser import address, browsing, open_all
from tests.fakes.attendance_facts import guest
from tests.integration.running_registration import RunningRegistration, running_registration

CONTACT = {
    "controller": "Association Passerelle",
    "email": "donnees@example.org",
    "postal_address": "1 place du Pont, 19000 Tulle",
    "officer": "dpo@example.org",
}
WIDTHS = pytest.mark.parametrize("scheme,wide", [("light", 1280), ("dark", 320)])


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


async def faultless(page: Page) -> None:
    """No fault that axe finds, and nothing to scroll sideways for."""
    await open_all(page)
    found = await Axe().run(page)
    faults = [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found.response["violations"]]
    assert faults == [], page.url
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


async def test_two_editors_are_told_of_each_other_and_the_second_saves_on_top(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event(publish=False, data_contact=CONTACT)
    here = f"/events/{event_id}"
    async with browsing(browser, service, role=Role.ORGANIZER, wide=320, color_scheme="dark") as page:
        await page.goto(address(service, f"{here}/edit"))
        await page.get_by_label("Title").fill("Rencontre")
        await page.get_by_label("Responsible for the data").fill("Association du Pont")
        changed = {"title": "Journée", "data_contact": CONTACT | {"email": "nouveau@example.org"}}
        await service.api("PATCH", f"/events/{event_id}", changed)
        await page.get_by_role("button", name="Save", exact=True).click()
        told = page.get_by_role("alert")
        await expect(told).to_be_focused()
        await expect(told).to_contain_text("is now “Journée”. You wrote “Rencontre”.")
        await expect(told).to_contain_text("is now “nouveau@example.org”")
        await faultless(page)
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page).to_have_url(address(service, here))
        await service.api("PATCH", f"/events/{event_id}", {"title": "Colloque"})
        await page.get_by_role("button", name="Publish").click()
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_role("alert")).to_contain_text("Nothing is done yet")
        await faultless(page)
        await page.get_by_role("button", name="Publish").click()
        await expect(page.get_by_text("People register here:")).to_be_visible()
    stands = await service.api("GET", f"/events/{event_id}")
    assert (stands["status"], stands["data_contact"]["controller"]) == ("published", "Association du Pont")
    assert stands["data_contact"]["email"] == "nouveau@example.org"


async def test_the_contact_is_asked_for_told_and_wrong_answers_are_named(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event()
    async with browsing(browser, service, role=Role.ORGANIZER, wide=320, color_scheme="light") as page:
        await page.goto(address(service, f"/events/{event_id}"))
        await faultless(page)
        await page.get_by_role("link", name="Say who is responsible").click()
        await page.get_by_label("Responsible for the data").fill("Association Passerelle")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("link", name="Fill in the e-mail address, too")).to_be_visible()
        await faultless(page)
        await page.get_by_label("E-mail address for questions").fill("donnees@example.org")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("link", name="Say who is responsible")).not_to_be_attached()
    async with browsing(browser, service, wide=320, color_scheme="light", java_script_enabled=False) as page:
        await page.goto(address(service, f"/e/{event_id}"))
        await expect(page.get_by_text("Association Passerelle answers for your data.")).to_be_visible()
    async with browsing(browser, service, wide=320, color_scheme="light") as page:
        await page.goto(address(service, f"/e/{event_id}/privacy?lang=fr"))
        await expect(page.get_by_role("heading", name="Vos données à cet événement")).to_be_visible()
        await faultless(page)


@WIDTHS
async def test_a_person_and_an_organizer_read_and_download_all_that_is_known(
    service: RunningRegistration, browser: Browser, tmp_path: Path, scheme: str, wide: int
) -> None:
    event_id = await service.event(data_contact=CONTACT)
    registered = await service.register(event_id)
    participant = registered["participant_id"]
    await service.check_in(event_id, ticket=registered["ticket"], gate="Nord")
    link = {"guest_id": guest(1), "participant_id": participant}
    await service.api("POST", f"/events/{event_id}/links", link, expect=201)
    personal = registered["confirmation_url"].removeprefix(service.settings.public_url)
    async with browsing(browser, service, role=Role.ORGANIZER, wide=wide, color_scheme=scheme) as page:
        await page.goto(address(service, f"/events/{event_id}/registrations/{participant}"))
        await page.get_by_role("link", name="All that is known of this person").click()
        await expect(page.get_by_role("heading", name="All that is known of Léa Martin")).to_be_visible()
        # Neither attendance nor the bridge runs here.
        await expect(page.get_by_role("status")).to_contain_text("When you came and went")
        await faultless(page)
        await page.goto(address(service, f"{personal}/data"))
        await expect(page.get_by_text("let in, by an organizer or at the desk")).to_be_visible()
        await faultless(page)
        async with page.expect_download() as started:
            await page.get_by_role("link", name="Download to read (HTML)").click()
        file = tmp_path / (await started.value).suggested_filename
        await (await started.value).save_as(file)
        assert file.name == f"passerelle-{participant}.html"
        await page.goto(file.as_uri())
        await expect(page.get_by_role("heading", name="All that is known of you here")).to_be_visible()
        await faultless(page)


async def test_who_registers_where_letters_leave_is_sent_to_their_mail(tmp_path: Path, browser: Browser) -> None:
    sender = "Colloque <tickets@example.org>"
    async with running_registration(tmp_path, smtp_url="smtp://127.0.0.1:9", mail_sender=sender) as service:
        event_id = await service.event(data_contact=CONTACT)
        async with browsing(browser, service, wide=1280, color_scheme="dark") as page:
            await page.goto(address(service, f"/e/{event_id}#register"))
            await page.get_by_label("In person").check()
            await page.get_by_label("First and last name").fill("Léa Martin")
            await page.get_by_label("E-mail address").fill("lea@example.org")
            await page.get_by_role("button", name="Register").click()
            await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
            await faultless(page)
