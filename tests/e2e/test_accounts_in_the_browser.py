"""Accounts in Debian's Chromium: a virtual authenticator's passkey, a volunteer's link, and how the pages look."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import unused_port
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, CDPSession, Page, expect

from services.chassis.clock import system_clock
from tests.ecoindex import A, ecoindex
from tests.integration.running_registration import RunningRegistration, running_registration


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    """At a name: browsers have no passkeys for an IP address."""
    port = unused_port()
    async with running_registration(tmp_path, listen=port, public_url=f"http://localhost:{port}") as running:
        yield running


@asynccontextmanager
async def browsing(browser: Browser, **wishes: Any) -> AsyncIterator[Page]:  # noqa: ANN401  (Playwright's own)
    context = await browser.new_context(**({"locale": "en-GB"} | wishes))
    yield await context.new_page()
    await context.close()


async def authenticator(page: Page) -> CDPSession:
    """Give the browser an authenticator that keeps passkeys, and knows its owner."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools


async def found(page: Page, service: RunningRegistration) -> None:
    """Come with the link that `passerelle up` prints, and make the account."""
    code = await service.parts.use_cases.tokens.create_sign_in_code()
    await page.goto(f"{service.settings.public_url}/sign-in?code={code}")
    await page.get_by_role("link", name="Make an account").click()
    await page.get_by_label("Name").fill("Anne Lefèvre")
    await page.get_by_label("E-mail address").fill("anne@example.org")
    await page.get_by_role("button", name="Make the account").click()
    await expect(page.get_by_role("heading", name="Anne Lefèvre")).to_be_visible()


async def event_of_today(service: RunningRegistration) -> str:
    now = system_clock()
    times: dict[str, Any] = {
        "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(minutes=1)).isoformat(),
        "sessions": [],
    }
    return await service.event(publish=True, **times)


async def test_a_passkey_is_added_signs_in_and_once_removed_no_more(
    service: RunningRegistration, browser: Browser
) -> None:
    site = service.settings.public_url
    async with browsing(browser) as page:
        await authenticator(page)
        await found(page, service)
        await page.get_by_label("Name of the passkey").fill("Téléphone d’Anne")
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.get_by_role("heading", name="Téléphone d’Anne")).to_be_visible()
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.get_by_text("Is it added already?")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await page.goto(f"{site}/sign-in?next=/account")
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page).to_have_url(f"{site}/account")
        await expect(page.get_by_text("Last used on")).to_be_visible()
        await page.get_by_role("button", name="Remove Téléphone d’Anne").click()
        await expect(page.get_by_role("heading", name="Téléphone d’Anne")).not_to_be_attached()
        await page.get_by_role("button", name="Sign out").click()
        await page.goto(f"{site}/sign-in")
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page.get_by_text("This passkey is not known here")).to_be_visible()
        await expect(page.get_by_role("button", name="Sign out")).not_to_be_attached()


async def test_at_an_address_without_passkeys_one_goes_on_at_the_name_of_this_machine(
    tmp_path: Path, browser: Browser
) -> None:
    port = unused_port()
    async with (
        running_registration(tmp_path, listen=port, public_url=f"http://127.0.0.1:{port}") as service,
        browsing(browser) as page,
    ):
        await authenticator(page)
        await found(page, service)
        await faultless(page)
        await page.get_by_role("link", name=f"Go on at http://localhost:{port}").click()
        await page.get_by_role("button", name="Sign in").click()
        await expect(page).to_have_url(f"http://localhost:{port}/account#passkeys")
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.get_by_role("button", name="Remove")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await page.goto(f"{service.settings.public_url}/sign-in?next=/account")
        await faultless(page)
        await page.get_by_role("link", name="Sign in with a passkey at").click()
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page).to_have_url(f"http://localhost:{port}/account")


async def test_another_address_for_the_account_is_asked_for_confirmed_and_taken_back(
    service: RunningRegistration, browser: Browser
) -> None:
    site, cases = service.settings.public_url, service.parts.use_cases.access
    async with browsing(browser, color_scheme="dark", viewport={"width": 320, "height": 800}) as page:
        await found(page, service)
        await page.get_by_label("New e-mail address").fill("anne")
        await page.get_by_role("button", name="Change the address").click()
        await expect(page.get_by_role("alert").filter(has_text="needs another look")).to_be_focused()
        await faultless(page)
        await page.get_by_label("New e-mail address").fill("new@example.org")
        await page.get_by_role("button", name="Change the address").click()
        await expect(page.get_by_text("A letter is on its way to new@example.org")).to_be_visible()
        await faultless(page)
        for button, done in (
            ("Confirm this address", "The address is changed"),
            ("Take the change back", "The change is taken back"),
        ):
            await cases.letters.deliver_due()
            ((stored, _),) = await cases.letters.page(before=None, limit=1)
            await page.goto(cases.emailed.links.url(stored.link))
            await faultless(page)
            await page.get_by_role("button", name=button).click()
            await expect(page.get_by_role("heading", name=done)).to_be_visible()
            await faultless(page)
        await page.goto(f"{site}/account/address/x")
        await expect(page.get_by_role("heading", name="This link is no longer good")).to_be_visible()
        await faultless(page)


async def test_an_answer_to_a_challenge_is_good_once_and_in_the_browser_that_was_asked(
    service: RunningRegistration, browser: Browser
) -> None:
    site = service.settings.public_url
    async with browsing(browser) as page, browsing(browser) as thief:
        await authenticator(page)
        await found(page, service)
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.get_by_role("button", name="Remove")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await page.goto(f"{site}/sign-in")
        async with page.expect_request("**/sign-in/passkey") as caught:
            await page.get_by_role("button", name="Sign in with a passkey").click()
        answer = (await caught.value).post_data
        await expect(page.get_by_role("link", name="Account")).to_be_visible()
        headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
        for other in (page, thief):
            repeated = await other.request.post(f"{site}/sign-in/passkey", data=answer, headers=headers)
            assert (repeated.status, (await repeated.json())["reason"]) == (403, "stale")


async def test_a_volunteer_opens_the_desk_without_javascript_and_reaches_nothing_else(
    service: RunningRegistration, browser: Browser
) -> None:
    site, event_id = service.settings.public_url, await event_of_today(service)
    async with browsing(browser) as organizer, browsing(browser, java_script_enabled=False) as volunteer:
        await found(organizer, service)
        await organizer.goto(f"{site}/events/{event_id}")
        await organizer.get_by_role("link", name="Access and desk links").click()
        await organizer.get_by_label("For whom").fill("Camille")
        await organizer.get_by_role("button", name="Make the link").click()
        link = await organizer.get_by_text("/desk-link/").inner_text()
        await volunteer.goto(link)
        await volunteer.get_by_role("button", name="Open the desk").click()
        await expect(volunteer).to_have_url(re.compile(f"/events/{event_id}/desk"))
        assert (await volunteer.goto(f"{site}/events/{event_id}")).status == 403  # type: ignore[union-attr]
        await organizer.get_by_role("button", name="Revoke").click()
        await organizer.get_by_text("Revoked").wait_for()
        await volunteer.goto(f"{site}/events/{event_id}/desk")
        await expect(volunteer.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


@pytest.mark.parametrize("scheme,wide", [("light", 1280), ("dark", 320)])
async def test_the_pages_are_accessible_and_light_and_fit(
    service: RunningRegistration, browser: Browser, scheme: str, wide: int
) -> None:
    site, event_id = service.settings.public_url, await event_of_today(service)
    async with browsing(browser, color_scheme=scheme, viewport={"width": wide, "height": 800}) as page:
        for path in ("/sign-in", "/sign-in/sent", "/sign-in/link/x", "/desk-link/x"):
            await look_at(page, site + path)
        code = await service.parts.use_cases.tokens.create_sign_in_code()
        await page.goto(f"{site}/sign-in?code={code}")
        await look_at(page, f"{site}/account")
        await found(page, service)
        await page.goto(f"{site}/events/{event_id}/access")
        await page.get_by_role("button", name="Invite").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await faultless(page)
        await page.get_by_label("Name").fill("Basile Roy")
        await page.get_by_label("E-mail address").fill("basile@example.org")
        await page.get_by_role("button", name="Invite").click()
        await page.get_by_label("For whom").fill("Camille")
        await page.get_by_role("button", name="Make the link").click()
        card = page.url
        link = await page.get_by_text("/desk-link/").inner_text()
        await service.parts.use_cases.access.letters.deliver_due()
        here = f"{site}/events/{event_id}"
        for address in (card, link, f"{here}/access?invited=1", f"{here}/audit", f"{here}/audit?topic=door"):
            await look_at(page, address)
        for path in ("/", "/account", "/organizers", "/organizers/letters", "/organizers/letters/1", "/audit"):
            await look_at(page, site + path)


async def look_at(page: Page, address: str) -> None:
    """Open a page, unfold it, and hold it to what every page promises."""
    sizes: list[int] = []

    async def weigh(request: Any) -> None:  # noqa: ANN401  (Playwright's)
        size = await request.sizes()
        sizes.append(size["responseBodySize"] + size["responseHeadersSize"])

    page.on("requestfinished", weigh)
    await page.goto(address, wait_until="networkidle")
    page.remove_listener("requestfinished", weigh)
    elements = await page.locator("*").count()
    index = ecoindex(elements=elements, requests=len(sizes), kilobytes=sum(sizes) / 1024)
    assert (len(sizes) <= 10, sum(sizes) <= 150 * 1024, index > A) == (True, True, True), (address, len(sizes), index)
    await page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    await faultless(page)


async def faultless(page: Page) -> None:
    """No fault that axe finds, and nothing to scroll sideways for."""
    found = await Axe().run(page)
    faults = [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found.response["violations"]]
    assert faults == [], page.url
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
