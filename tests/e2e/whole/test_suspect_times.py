"""A time that cannot be right, from the door to the page and back, behind the one address of a running Passerelle."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from deploy.local.demo.client import Client
from deploy.local.up import Running
from schemas.envelope import format_instant
from services.chassis.access import SESSION_COOKIE
from tests.fakes.passerelle import passerelle

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

_SOON = 30_000


async def test_an_organizer_accepts_a_time_from_before_the_event_and_sees_what_changed(
    passerelle: tuple[Running, str],
) -> None:
    running, token = passerelle
    began = datetime.now(UTC)
    starts_at = began + timedelta(days=2)
    async with Client(running.address, token) as client:
        event = {
            "title": "Colloque",
            "starts_at": format_instant(starts_at),
            "ends_at": format_instant(starts_at + timedelta(hours=3)),
            "timezone": "Europe/Paris",
            "capacity": {"in_person": 10, "remote": 10},
            "sessions": [],
            "rooms": [],
        }
        event_id = (await client.api("POST", "/api/v1/events", event))["event_id"]
        await client.api("POST", f"/api/v1/events/{event_id}/publish")
        ada = await client.api(
            "POST",
            f"/api/v1/events/{event_id}/registrations",
            {"mode": "in_person", "name": "Ada Lovelace", "email": "ada@example.org", "language": "en", "consents": {}},
        )
        for action, ago in (("in", 60), ("out", 30)):
            at = format_instant(began - timedelta(minutes=ago))
            check_in = {"ticket": ada["ticket"], "action": action, "gate": "Nord", "device": "phone", "at": at}
            await client.api("POST", f"/api/v1/events/{event_id}/check-ins", check_in)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await browser.new_context(locale="en-GB")
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": running.address}])
        page = await context.new_page()
        person = f"{running.address}/events/{event_id}/live/people/{ada['participant_id']}"
        accept = page.get_by_role("button", name="Accept this time")
        await _shows(page, person, "Left out. Its time lies before the day of the event.", times=2)
        before = datetime.now(UTC)
        await _press(page, accept.first)
        await _shows(page, person, "An organizer takes it for right all the same.", times=1)
        await _press(page, accept.first)
        await _shows(page, person, "An organizer takes it for right all the same.", times=2)
        await expect(page.locator(".figures")).to_contain_text("30 mins")
        await browser.close()

    changed = await _changes(running, event_id, before, datetime.now(UTC))
    assert [item["participant_id"] for item in changed] == [ada["participant_id"]]
    assert (changed[0]["before"]["total"], changed[0]["after"]["total"]) == (0, 1800)
    assert {step["fact"]["type"] for step in changed[0]["steps"]} == {"passerelle.registration.time.accepted.v1"}


async def _press(page: Page, button: Locator) -> None:
    async with page.expect_response(lambda response: "/suspect-times/" in response.url) as answered:
        await button.click()
    assert (await answered.value).status == 303


async def _shows(page: Page, address: str, words: str, *, times: int) -> None:
    """What registration accepts comes by Kafka: the page is asked until it has come."""
    async with asyncio.timeout(_SOON / 1000):
        while True:
            await page.goto(address)
            section = page.locator("section").filter(has=page.get_by_role("heading", name="Times that cannot be right"))
            if await section.get_by_text(words).count() == times:
                return
            await page.wait_for_timeout(200)


async def _changes(running: Running, event_id: str, earlier: datetime, later: datetime) -> list[dict[str, Any]]:
    """What `passerelle timeline --diff` writes beside it."""
    finished = await passerelle(
        *("timeline", event_id, "--format", "ndjson"),
        *("--diff", format_instant(earlier), format_instant(later)),
        settings={"PASSERELLE_DATA_DIR": running.environment["PASSERELLE_DATA_DIR"]},
    )
    assert finished.code == 0, finished.said
    return [json.loads(line) for line in finished.out.splitlines()]
