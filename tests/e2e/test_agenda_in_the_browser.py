"""The agenda in Debian's Chromium: hours of the event and of the viewer, data for programs, two editors at once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, expect

from services.chassis.access import Role
from tests.e2e.test_registration_in_the_browser import address, browsing, open_all, violations
from tests.integration.running_registration import RunningRegistration, running_registration
from tests.integration.test_registration_agenda import ROOMS, SESSION


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


async def test_whoever_looks_from_elsewhere_sees_their_hours_beside_those_of_the_event(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event(rooms=ROOMS, sessions=[SESSION, SESSION | {"title": "Visite", "cancelled": True}])
    for zone, theirs in (
        ("America/Cayenne", "for you: 05:00 – 06:00 (America/Cayenne)"),
        ("Indian/Reunion", "for you: 12:00 – 13:00 (Indian/Reunion)"),
        ("Pacific/Noumea", "for you: 19:00 – 20:00 (Pacific/Noumea)"),
        ("Europe/Brussels", None),
    ):
        async with browsing(browser, service, wide=360, timezone_id=zone) as page:
            said: list[str] = []

            def hear(message: ConsoleMessage, said: list[str] = said) -> None:
                said.append(message.text)

            page.on("console", hear)
            await page.goto(address(service, f"/e/{event_id}"))
            first = page.locator(".agenda li").first
            await expect(first).to_contain_text("09:00 – 10:00")
            if theirs is not None:
                await expect(first).to_contain_text(theirs)
                assert await violations(page) == []
            assert await page.locator(".yours").count() == (3 if theirs else 0)
            # The policy lets no script but files run: what is only data must not offend it.
            assert said == []


async def test_hours_that_fall_on_another_day_elsewhere_say_so_in_the_choice_of_sessions_too(
    service: RunningRegistration, browser: Browser
) -> None:
    night = {
        "starts_at": "2037-11-23T15:00:00Z",
        "ends_at": "2037-11-23T16:00:00Z",
        "registration_needed": True,
        "room": None,
    }
    event_id = await service.event(sessions=[SESSION | night])
    someone = await service.register(event_id)
    personal = someone["confirmation_url"].removeprefix(service.settings.public_url)
    async with browsing(browser, service, locale="fr-FR", wide=360, timezone_id="Pacific/Noumea") as page:
        for path in (f"/e/{event_id}", f"/e/{event_id}/group", f"/e/{event_id}/venue", personal):
            await page.goto(address(service, path))
            choice = page.get_by_role("group", name="Séances sur inscription")
            await expect(choice).to_contain_text("pour vous : 24/11/2037 02:00 – 24/11/2037 03:00 (Pacific/Noumea)")
            assert await violations(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_second_editor_is_led_to_what_changed_and_saves_on_top_of_it(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event(rooms=ROOMS, sessions=[SESSION])
    async with browsing(browser, service, role=Role.ORGANIZER, wide=360) as page:
        await page.goto(address(service, f"/events/{event_id}/edit"))
        await service.api("PATCH", f"/events/{event_id}", {"title": "Journée", "grace_minutes": 30})
        await page.get_by_label("Title").fill("Rencontre")
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("alert")).to_be_focused()
        await expect(page.get_by_role("alert")).to_contain_text("is now “Journée”. You wrote “Rencontre”.")
        await expect(page.get_by_label("Grace after the end")).to_have_value("30")
        await open_all(page)
        assert await violations(page) == []
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Rencontre")
