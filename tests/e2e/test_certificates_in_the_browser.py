"""Certificates in the browser: who issues, for everybody, the participant's own, and what a stranger is told."""

import io
from datetime import timedelta
from pathlib import Path

import segno
from playwright.async_api import Browser, FilePayload, Page, expect

from services.chassis.access import Role
from tests.e2e.test_registration_in_the_browser import address, browsing
from tests.e2e.test_sessions_in_the_browser import is_sound
from tests.fakes.attendance_records import AttendanceSays, attendance_saying, time_of
from tests.integration.running_registration import START, MovedClock, RunningRegistration, running_registration

NOW = START + timedelta(hours=9)


async def a_closed_event(service: RunningRegistration, says: AttendanceSays) -> tuple[str, str]:
    """Its id, and that of Léa, who was there."""
    event_id = await service.event(title="Colloque d’été")
    lea = (await service.register(event_id, name="Léa Martin"))["participant_id"]
    absent = (await service.register(event_id, name="Jean Absent"))["participant_id"]
    await service.api("POST", f"/events/{event_id}/close")
    attended = (time_of(in_person=7200), time_of())
    says.people = [
        {"participant_id": whose, "mode": "in_person", "whole": whole}
        for whose, whole in zip((lea, absent), attended, strict=True)
    ]
    return event_id, lea


async def issue_to_everybody(page: Page, service: RunningRegistration, event_id: str) -> str:
    """Say who issues, with a mistake corrected at its field, and issue; gives the code of Léa's certificate."""
    logo = io.BytesIO()
    segno.make_qr("a logo").save(logo, kind="png")
    await page.goto(address(service, f"/events/{event_id}"))
    await page.get_by_role("link", name="Documents", exact=True).click()
    await page.get_by_label("Nom de qui délivre").fill("Association Passerelles")
    await page.get_by_label("SIRET").fill("123")
    await page.get_by_role("button", name="Enregistrer").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Un SIRET compte 14 chiffres")
    await is_sound(page)
    await page.get_by_label("SIRET").fill("732 829 320 00074")
    picture = FilePayload(name="logo.png", mimeType="image/png", buffer=logo.getvalue())
    await page.get_by_label("Logo").set_input_files(files=[picture])
    await page.get_by_role("group", name="Ce que chacun peut obtenir seul").get_by_label("Attestation").check()
    await page.get_by_role("button", name="Enregistrer").press("Enter")
    await expect(page.get_by_role("status")).to_have_text("Enregistré.")
    await page.get_by_role("button", name="Délivrer à tout le monde").press("Enter")
    await expect(page.get_by_text("1 personne a la sienne.")).to_be_visible()
    await expect(page.get_by_text("Aucune présence n’est connue.")).to_be_visible()
    await is_sound(page)
    await page.get_by_role("row", name="Léa Martin").get_by_role("link").first.click()
    await page.get_by_role("button", name="Révoquer le document").press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Motif")
    await is_sound(page)
    return await page.locator("dd code").first.inner_text()


async def take_own(page: Page) -> bytes:
    """A participant's certificate, from their personal page."""
    await page.get_by_role("link", name="Your certificates").click()
    await page.get_by_role("button", name="Get the document").press("Enter")
    await is_sound(page)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download Certificate of attendance").click()
    return Path(await (await download.value).path()).read_bytes()


async def check(page: Page, service: RunningRegistration, code: str, pdf: bytes) -> None:
    """What a stranger is told of a document, its name and its file."""
    await page.goto(address(service, "/verify"))
    await is_sound(page)
    await page.get_by_label("Code of the document").fill(f" {code.lower()} ")
    await page.get_by_role("button", name="Check").press("Enter")
    await expect(page.get_by_text("This document is genuine and up to date.")).to_be_visible()
    await expect(page.get_by_text("Léa")).to_have_count(0)
    await page.get_by_label("Name on the document").fill("Lea Martin")
    await page.get_by_role("button", name="Compare the name").press("Enter")
    await expect(page.get_by_text("Yes: this is the name on the document.")).to_be_visible()
    for content, told in ((pdf, "Yes: this file was given out"), (pdf + b"\n", "No: this file was not")):
        held = FilePayload(name="held.pdf", mimeType="application/pdf", buffer=content)
        await page.get_by_label("PDF file").set_input_files(files=[held])
        await page.get_by_role("button", name="Compare the file").press("Enter")
        await expect(page.locator("#file-told")).to_contain_text(told)
    await is_sound(page)


async def test_an_organizer_issues_a_participant_takes_and_a_stranger_checks(tmp_path: Path, browser: Browser) -> None:
    async with (
        attendance_saying(AttendanceSays(as_of=NOW.isoformat())) as says,
        running_registration(tmp_path, clock=MovedClock(NOW), attendance_url=says.url) as service,
    ):
        event_id, lea = await a_closed_event(service, says)
        whose = {"event_id": event_id, "participant_id": lea}
        url = service.parts.use_cases.links.confirmation_url(**whose).removeprefix(service.settings.public_url)
        for wide in (360, 1280):
            async with browsing(browser, service, role=Role.ORGANIZER, locale="fr-FR", wide=wide) as page:
                code = await issue_to_everybody(page, service, event_id)
            async with browsing(browser, service, wide=wide) as page:
                await page.goto(address(service, url))
                pdf = await take_own(page)
                await check(page, service, code, pdf)
