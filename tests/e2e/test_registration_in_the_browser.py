"""The pages of registration in Debian's Chromium: they fit, they are light, accessible, and the desk is quick."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, Request, async_playwright, expect

from schemas.envelope import format_instant
from services.chassis.access import SESSION_COOKIE, Role
from services.chassis.clock import system_clock
from tests.ecoindex import A, ecoindex
from tests.integration.running_registration import RunningRegistration, running_registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Colloquium:
    """An event with people in every state; `paths` are pages by name, those of the organizer under `organizer`."""

    event_id: str
    tickets: Mapping[str, str]
    organizer: Mapping[str, str]
    public: Mapping[str, str]


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield started
        await started.close()


@pytest_asyncio.fixture
async def colloquium(service: RunningRegistration) -> Colloquium:
    event_id = await service.event(capacity={"in_person": 30, "remote": 1})
    anne = await service.register(event_id, name="Anne Lefèvre")
    remote = await service.register(event_id, name="Rémi Petit", mode="remote")
    waiting = await service.register(event_id, name="Wanda Moreau", mode="remote")
    for number in range(24):
        await service.register(event_id, name=f"Personne {number}")
    await service.check_in(event_id, ticket=anne["ticket"], gate="Nord")
    late = format_instant(system_clock() - timedelta(minutes=5))
    await service.check_in(event_id, ticket=anne["ticket"], gate="Sud", at=late)

    def path(registered: dict[str, str], name: str) -> str:
        return registered[name].removeprefix(service.settings.public_url)

    return Colloquium(
        event_id=event_id,
        tickets={"anne": anne["ticket"], "remote": remote["ticket"]},
        organizer={
            "home": "/",
            "new event": "/events/new",
            "event": f"/events/{event_id}",
            "edit": f"/events/{event_id}/edit",
            "duplicate": f"/events/{event_id}/duplicate",
            "participant": f"/events/{event_id}/registrations/{anne['participant_id']}",
            "somebody's data": f"/events/{event_id}/registrations/{anne['participant_id']}/data",
            "needs": f"/events/{event_id}/needs",
            "letters": f"/events/{event_id}/letters",
            "waitlist": f"/events/{event_id}/waitlist",
            "letter": f"/events/{event_id}/letters/1",
            "desk": f"/events/{event_id}/desk",
            "doors": f"/events/{event_id}/doors",
            "keeping": f"/events/{event_id}/keeping",
            "register of processing": "/processing",
            "room to give away": "/rooms/claim?source=main&room=amphi",
        },
        public={
            "home": "/",
            "sign in": "/sign-in",
            "event": f"/e/{event_id}",
            "sent": f"/e/{event_id}/sent",
            "privacy": f"/e/{event_id}/privacy",
            "group": f"/e/{event_id}/group",
            "venue": f"/e/{event_id}/venue",
            "own data": f"{path(anne, 'confirmation_url')}/data",
            "ticket": path(anne, "confirmation_url"),
            "remote": path(remote, "confirmation_url"),
            "waiting": path(waiting, "confirmation_url"),
            "not yet": path(waiting, "join_url"),
            "not found": "/e/nothing",
        },
    )


@asynccontextmanager
async def browsing(
    browser: Browser,
    service: RunningRegistration,
    *,
    role: Role | None = None,
    wide: int = 1280,
    **wishes: Any,  # noqa: ANN401  (Playwright's own)
) -> AsyncIterator[Page]:
    """A page in a browser of its own, signed in if it has a role."""
    context = await browser.new_context(viewport={"width": wide, "height": 800}, **({"locale": "en-GB"} | wishes))
    if role is not None:
        token = await service.parts.use_cases.tokens.create(role)
        session = await service.parts.use_cases.access.sessions.open_with_token(token, device="Chromium")
        assert session is not None
        await context.add_cookies([{"name": SESSION_COOKIE, "value": session.secret, "url": address(service)}])
    page = await context.new_page()
    yield page
    await context.close()


def address(service: RunningRegistration, path: str = "/") -> str:
    return str(service.client.make_url("/")).rstrip("/") + path


def requests_of(page: Page) -> list[Request]:
    """The requests that the page makes from now on, once they are answered."""
    asked: list[Request] = []
    # Playwright cannot wrap a built-in method.
    page.on("requestfinished", lambda request: asked.append(request))  # noqa: PLW0108
    return asked


async def open_all(page: Page) -> None:
    """Unfold what is folded, so that it is looked at too."""
    await page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")


async def violations(page: Page) -> list[str]:
    found = await Axe().run(page)
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found.response["violations"]]


@pytest.mark.parametrize("scheme,wide", [("light", 1280), ("dark", 320)])
async def test_no_page_has_an_accessibility_fault_or_overflows(
    service: RunningRegistration, browser: Browser, colloquium: Colloquium, scheme: str, wide: int
) -> None:
    for role, pages in ((Role.ORGANIZER, colloquium.organizer), (None, colloquium.public)):
        async with browsing(browser, service, role=role, wide=wide, color_scheme=scheme) as page:
            for name, path in pages.items():
                await page.goto(address(service, path))
                await open_all(page)
                assert await violations(page) == [], name
                assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


async def test_forms_with_errors_and_each_answer_of_the_desk_are_accessible_too(
    service: RunningRegistration, browser: Browser, colloquium: Colloquium
) -> None:
    async with browsing(browser, service, role=Role.ORGANIZER, wide=360) as page:
        await page.goto(address(service, f"/e/{colloquium.event_id}"))
        await page.get_by_label("E-mail address").fill("anne@nowhere")
        await page.get_by_role("button", name="Register").click()
        await expect(page.get_by_label("E-mail address")).to_have_attribute("aria-invalid", "true")
        assert await violations(page) == []
        await page.goto(address(service, "/events/new"))
        await page.get_by_role("button", name="Create the draft").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        assert await violations(page) == []
        await page.goto(address(service, f"/events/{colloquium.event_id}/desk"))
        await expect(page.locator("[data-ready]")).to_be_visible()
        for typed, answer in (
            (colloquium.tickets["anne"], "Already in"),
            (colloquium.tickets["remote"], "registered to take part remotely"),
            ("0000-0000-0000", "No ticket has this code"),
            ("personne", "Who is it?"),
            ("nobody", "Nobody found"),
        ):
            await scan(page, typed)
            # Until the answer is here, the one before is greyed: two in a row may say the same.
            await expect(page.locator("[aria-busy]")).to_have_count(0)
            await expect(page.locator("#result")).to_contain_text(answer)
            assert await violations(page) == [], typed


async def test_every_page_is_light(service: RunningRegistration, browser: Browser, colloquium: Colloquium) -> None:
    for role, pages in ((Role.ORGANIZER, colloquium.organizer), (None, colloquium.public)):
        for name, path in pages.items():
            async with browsing(browser, service, role=role) as page:
                asked = requests_of(page)
                await page.goto(address(service, path), wait_until="networkidle")
                sizes = [await request.sizes() for request in asked]
                kilobytes = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes) / 1024
                elements = await page.locator("*").count()
                assert len(asked) <= 10, name
                assert kilobytes <= 150, name
                assert ecoindex(elements=elements, requests=len(asked), kilobytes=kilobytes) > A, name


async def test_the_desk_answers_by_keyboard_alone_without_loading_the_page_again(
    service: RunningRegistration, browser: Browser, colloquium: Colloquium
) -> None:
    async with browsing(browser, service, role=Role.DESK) as page:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(address(service, f"/events/{colloquium.event_id}/desk"))
        await page.evaluate("globalThis.sameDocument = true")
        typed = page.get_by_label("Ticket code or name")
        await expect(page.locator("#network-state")).to_have_text("Connected")
        await expect(typed).to_be_focused()
        await page.keyboard.type("personne 7")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Personne 7")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("#result")).to_contain_text("Personne 7")
        await expect(page.locator("#result")).to_contain_text("Welcome")
        await expect(typed).to_be_focused()
        await expect(typed).to_have_value("")
        await page.keyboard.type(colloquium.tickets["remote"])
        await page.keyboard.press("Enter")
        await page.get_by_role("button", name="Switch to in person (seats left: 5)").press("Enter")
        await expect(page.locator("#result")).to_contain_text("Welcome")
        await expect(page.locator("#count")).to_contain_text("In the room: 3 of 30.")
        await page.get_by_role("button", name="Undo: Rémi Petit").press("Enter")
        await expect(page.locator("#result")).to_contain_text("Undone")
        await expect(page.locator("#count")).to_contain_text("In the room: 2 of 30.")
        assert await page.evaluate("globalThis.sameDocument")
        assert complaints == []


async def test_the_desk_works_without_javascript(
    service: RunningRegistration, browser: Browser, colloquium: Colloquium
) -> None:
    async with browsing(browser, service, role=Role.DESK, java_script_enabled=False, wide=360) as page:
        await page.goto(address(service, f"/events/{colloquium.event_id}/desk"))
        await page.get_by_label("Exit").check()
        await page.get_by_label("Gate").fill("Sud")
        await scan(page, colloquium.tickets["anne"])
        await expect(page.get_by_role("status")).to_contain_text("Goodbye")
        await expect(page.get_by_label("Gate")).to_have_value("Sud")
        await expect(page.get_by_label("Exit")).to_be_checked()


async def test_somebody_registers_switches_and_cancels_in_french(
    service: RunningRegistration, browser: Browser, colloquium: Colloquium
) -> None:
    async with browsing(browser, service, locale="fr-FR", wide=360, java_script_enabled=False) as page:
        await page.goto(address(service, f"/e/{colloquium.event_id}"))
        await page.get_by_label("Sur place").first.check()
        await page.get_by_label("Prénom et nom").fill("Zoé Ünal")
        await page.get_by_label("Adresse e-mail").fill("zoe@example.org")
        await page.get_by_role("button", name="S’inscrire").click()
        await expect(page.get_by_role("heading", name="Votre billet")).to_be_visible()
        await expect(page.get_by_role("img", name="QR code du billet")).to_be_visible()
        await page.get_by_role("button", name="Attendre une place à distance en gardant celle-ci").click()
        await expect(page.get_by_text("Vous êtes en position 2 sur la liste d’attente à distance.")).to_be_visible()
        await page.get_by_text("Annuler mon inscription…").click()
        await page.get_by_role("button", name="Annuler mon inscription", exact=True).click()
        await expect(page.get_by_text("Votre inscription est annulée.")).to_be_visible()


async def scan(page: Page, typed: str) -> None:
    await page.get_by_label("Ticket code or name").fill(typed)
    await page.get_by_label("Ticket code or name").press("Enter")
