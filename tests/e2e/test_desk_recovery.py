"""A desk that comes back, in Debian's Chromium: with a long queue, killed, or after seats were given away."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, Route, async_playwright, expect

from services.chassis.access import SESSION_COOKIE
from services.chassis.clock import system_clock
from tests.e2e.test_desk import chromium, desk_of, scan, sign_in
from tests.e2e.test_registration_in_the_browser import address, violations
from tests.integration.running_registration import RunningRegistration, kinds, running_registration

SCAN_ALL = """async ([eventId, tickets]) => {
  const page = document.querySelector("script[src$='/desk/page.js']").src;
  const { Desk } = await import(page.replace("page.js", "desk.js"));
  const desk = await Desk.open(eventId, () => {});
  desk.server.online = false;
  for (const code of tickets) await desk.scan({ code, action: "in", gate: "Nord", place_id: "" }, () => {});
}"""
"""As the page does it, without waiting for what it draws."""


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


@asynccontextmanager
async def profile_in(folder: Path) -> AsyncIterator[BrowserContext]:
    """A browser that keeps what it is told, as a volunteer's does."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            folder, executable_path="/usr/bin/chromium", args=["--no-sandbox"], locale="en-GB"
        )
        yield context
        await context.close()


async def event_of_today(service: RunningRegistration, **changed: Any) -> str:  # noqa: ANN401  (whatever an event has)
    now = system_clock()
    times: dict[str, Any] = {
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "sessions": [],
    }
    return await service.event(**times, **changed)


async def entries_told(service: RunningRegistration) -> int:
    return kinds(await service.outbox()).count("checkin.checked_in")


async def kill(folder: Path) -> None:
    """What an empty battery does to the browser of this profile."""
    own = f"--user-data-dir={folder}"
    (browser,) = [
        process
        for process in psutil.process_iter(["cmdline"])
        if own in (process.info["cmdline"] or ())
        and not any(one.startswith("--type=") for one in process.info["cmdline"])
    ]
    everything = [browser, *browser.children(recursive=True)]
    for process in everything:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    await asyncio.to_thread(psutil.wait_procs, everything, 10)


async def test_a_long_queue_goes_in_batches_and_nothing_of_it_is_lost_on_the_way(service: RunningRegistration) -> None:
    event_id = await event_of_today(service, capacity={"in_person": 300, "remote": 5})
    people = await asyncio.gather(*(service.register(event_id, name=f"P{number}") for number in range(120)))
    tickets = [who["ticket"] for who in people]
    fates = ["too many", "answer lost", "broken", "page left"]
    under_way, left = asyncio.Event(), asyncio.Event()

    async def fate(route: Route) -> None:
        match fates.pop(0) if fates else "taken":
            case "too many":
                await route.fulfill(status=429, headers={"Retry-After": "1"}, json={"status": 429})
            case "broken":
                await route.fulfill(status=500, json={"status": 500})
            case "answer lost":
                await route.fetch()
                await route.abort()
            case "page left":
                await route.fetch()
                under_way.set()
                await left.wait()
            case _:
                await route.continue_()

    async with chromium() as browser, desk_of(browser, service, event_id) as page:
        await page.evaluate(SCAN_ALL, [event_id, [ticket.replace("-", "") for ticket in tickets]])
        await page.context.set_offline(offline=True)
        await page.reload()
        await expect(page.locator("#network-waiting")).to_have_text("Scans waiting: 120")

        # The session ends meanwhile: nothing is sent, and nothing lost, until somebody opens the link again.
        session = next(one["value"] for one in await page.context.cookies() if one["name"] == SESSION_COOKIE)
        grant = await service.parts.use_cases.tokens.verify(session)
        assert grant is not None
        await service.parts.use_cases.tokens.revoke(grant.token_id)
        await page.context.set_offline(offline=False)
        await expect(page.locator("#sign-in")).to_contain_text("What this device keeps is not lost")
        await expect(page.locator("#network-waiting")).to_have_text("Scans waiting: 120")
        await page.route("**/late-scans", fate)
        await sign_in(page.context, service, event_id)
        await asyncio.wait_for(under_way.wait(), timeout=60)
        await expect(page.locator("#network-waiting")).to_have_text("0 of 120 sent")
        await page.reload()
        left.set()
        await expect(page.locator("#network-state")).to_have_text("Connected")
        await expect(page.locator("#network-waiting")).to_be_empty()
        await expect(page.locator("#count")).to_contain_text("In the room: 120 of 300.")
        await expect(page.locator("#troubles")).to_be_hidden()
    assert fates == []
    assert await entries_told(service) == len(tickets)


async def test_a_browser_that_is_killed_opens_the_desk_again_without_the_network_and_sends_what_it_kept(
    service: RunningRegistration, tmp_path: Path
) -> None:
    event_id, profile = await event_of_today(service), tmp_path / "profile"
    tickets = [(await service.register(event_id, name=name))["ticket"] for name in ("Anne", "Bob", "Chloé")]
    body = {"day": system_clock().astimezone(ZoneInfo("Europe/Paris")).date().isoformat(), "label": "Nord"}
    link = (await service.api("POST", f"/events/{event_id}/desk-links", body, expect=201))["url"]
    desk = address(service, f"/events/{event_id}/desk")
    async with profile_in(profile) as context:
        page = await context.new_page()
        await page.goto(address(service, link.removeprefix(service.settings.public_url)))
        await page.get_by_role("button", name="Open the desk").click()
        await page.evaluate("navigator.serviceWorker.ready.then((one) => one.active.state)")
        await expect(page.locator("#network-state")).to_have_text("Connected")
        await expect(page.locator("#network-list")).to_contain_text("3 tickets")
        await context.set_offline(offline=True)
        for ticket in tickets[:2]:
            await scan(page, ticket, "Provisional")
        await kill(profile)
    for left in profile.glob("Singleton*"):
        left.unlink()
    async with profile_in(profile) as context:
        await context.set_offline(offline=True)
        page = await context.new_page()
        await page.goto(desk)
        await expect(page.locator("#network-waiting")).to_have_text("Scans waiting: 2")
        await expect(page.locator("#network-state")).to_contain_text("(3 tickets)")
        await scan(page, tickets[0], "Already in")
        await scan(page, tickets[2], "Provisional")
        await context.set_offline(offline=False)
        await expect(page.locator("#network-waiting")).to_be_empty()
        await expect(page.locator("#network-state")).to_have_text("Connected")
        await page.goto(desk)
        await expect(page.locator("#count")).to_contain_text("In the room: 3 of 100.")
    assert await entries_told(service) == len(tickets)


async def test_who_is_let_in_without_a_seat_and_without_the_network_is_present_and_named_to_the_organizer(
    service: RunningRegistration,
) -> None:
    event_id = await event_of_today(service, capacity={"in_person": 2, "remote": 9})
    remote = {name: await service.register(event_id, name=name, mode="remote") for name in ("Anne", "Bob", "Zoé")}
    async with chromium() as browser, desk_of(browser, service, event_id, gate="Nord") as page:
        await page.context.set_offline(offline=True)
        await scan(page, remote["Anne"]["ticket"], "Switch to in person (seats left: 2)")
        assert await violations(page) == []
        await page.get_by_role("button", name="Switch to in person").press("Enter")
        await expect(page.locator("#result")).to_contain_text("Their seat is asked for when the network is back")
        await scan(page, remote["Anne"]["ticket"], "Already in")
        await scan(page, remote["Bob"]["ticket"], "Switch to in person (seats left: 1)")
        await page.get_by_role("button", name="Switch to in person").press("Enter")
        await expect(page.locator("#result")).to_contain_text("Welcome")
        await scan(page, remote["Zoé"]["ticket"], "no seat is left in the room")
        await walk_in(page, "Somebody New", "No seat is left in the room.")
        # Meanwhile somebody takes the last seat but one: the first at the door has the other.
        await service.register(event_id, name="Chloé")
        await page.context.set_offline(offline=False)
        await expect(page.locator("#troubles")).to_contain_text("Bob, let in at")
        await expect(page.locator("#troubles")).to_contain_text("no seat was left when this was sent")
        await expect(page.locator("#count")).to_contain_text("In the room: 2 of 2.")
        assert await violations(page) == []
        await page.context.add_cookies([{"name": SESSION_COOKIE, "value": service.organizer, "url": address(service)}])
        await page.goto(address(service, f"/events/{event_id}/doors"))
        await expect(page.locator("#unseated + p + .twice")).to_contain_text("no seat in the room")
        assert await violations(page) == []
    (notice,) = (await service.api("GET", f"/events/{event_id}/unseated-entries"))["items"]
    assert notice["participant_id"] == remote["Bob"]["participant_id"]


async def test_a_walk_in_is_looked_for_first_with_the_network_and_without(service: RunningRegistration) -> None:
    event_id = await event_of_today(service)
    await service.register(event_id, name="Léa Martin")
    await service.register(event_id, name="Luc Petit")
    async with chromium() as browser, desk_of(browser, service, event_id) as page:
        await walk_in(page, "L. M.", "Already registered?", email="lea@example.org")
        await page.get_by_role("button", name="Léa Martin").click()
        await expect(page.locator("#result")).to_contain_text("Welcome")
        await page.context.set_offline(offline=True)
        await walk_in(page, "luc petit", "Already registered?")
        assert await violations(page) == []
        await page.get_by_role("button", name="No, register somebody else").click()
        await expect(page.locator("#result")).to_contain_text("Provisional")
        await expect(page.locator("#count")).to_contain_text("In the room: 2 of 100.")
        await page.context.set_offline(offline=False)
        await expect(page.locator("#network-waiting")).to_be_empty()
        await expect(page.locator("#result")).not_to_contain_text("Provisional")
        await expect(page.locator("#count")).to_contain_text("In the room: 2 of 100.")
        await service.api("POST", f"/events/{event_id}/close")
        await walk_in(page, "Zoé Ünal", "This event is closed.")
    names = [ticket["name"] for ticket in (await service.api("GET", f"/events/{event_id}/desk"))["tickets"]]
    assert sorted(names) == ["Luc Petit", "Léa Martin", "luc petit"]


async def walk_in(page: Page, name: str, answer: str, *, email: str = "") -> None:
    await page.locator("details.walk-in").evaluate("(one) => one.open = true")
    await page.get_by_label("First and last name").fill(name)
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_role("button", name="Register and let in").click()
    await expect(page.locator("#result")).to_contain_text(answer)


async def test_a_desk_without_a_list_says_so_before_anybody_goes_to_the_door(service: RunningRegistration) -> None:
    event_id = await event_of_today(service)
    ticket = (await service.register(event_id))["ticket"]
    async with chromium() as browser:
        context = await browser.new_context(locale="en-GB")
        await sign_in(context, service, event_id)
        page = await context.new_page()
        held: list[Route] = []

        async def hold(route: Route) -> None:
            held.append(route)

        await page.route("**/api/v1/events/*/desk*", hold)
        await page.goto(address(service, f"/events/{event_id}/desk"))
        await expect(page.locator("#network-state")).to_contain_text("Loading the list of tickets")
        await context.set_offline(offline=True)
        for route in held:
            await route.abort()
        await expect(page.locator("#network-state")).to_contain_text("no list of tickets on this device")
        await scan(page, ticket, "This device cannot tell")
        assert await violations(page) == []
        await page.get_by_role("button", name="Let in, to be checked later").click()
        await expect(page.locator("#result")).to_contain_text("Provisional")
        await expect(page.locator("#network-waiting")).not_to_be_empty()
        await page.unroute("**/api/v1/events/*/desk*")
        await context.set_offline(offline=False)
        await expect(page.locator("#network-waiting")).to_be_empty()
        await expect(page.locator("#network-list")).to_contain_text("1 tickets")
    assert await entries_told(service) == 1
