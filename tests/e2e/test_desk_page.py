"""The desk's page as a volunteer sees, hears and operates it: its words, without a mouse, in any colours."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e.test_desk import desk_of, scan, sign_in
from tests.e2e.test_registration_in_the_browser import address, violations
from tests.integration.running_registration import MovedClock, RunningRegistration, running_registration

BEFORE_MIDNIGHT_IN_PARIS = datetime(2037, 11, 23, 22, 30, tzinfo=UTC)
EVERY_ANSWER = """() => {
  const result = document.getElementById("result");
  const all = [...document.querySelectorAll("template[id^=answer-]")].map(({ content }) => content.cloneNode(true));
  result.replaceChildren(...all);
  const provisional = document.getElementById("provisional");
  for (const one of result.querySelectorAll(".answer > div")) one.append(provisional.content.cloneNode(true));
  for (const hidden of document.querySelectorAll("#desk > [hidden]:not(#said)")) hidden.hidden = false;
  for (const details of document.querySelectorAll("details")) details.open = true;
  return all.length;
}"""
FELT = """async (kind) => {
  const [shaken, heard] = [[], []];
  navigator.vibrate = (pattern) => shaken.push(pattern);
  OscillatorNode.prototype.start = function () {
    heard.push(this.frequency.value);
  };
  OscillatorNode.prototype.stop = () => {};
  const page = document.querySelector('script[type="module"]').src;
  const { tell } = await import(page.replace("page.js", "feedback.js"));
  tell(kind, { silent: true });
  if (heard.length) return "heard";
  tell(kind, { silent: false });
  return JSON.stringify({ shaken, heard });
}"""
# A slow phone: the key of what it keeps is made when the test says so.
OPENED_LATE = """
  const { generateKey } = SubtleCrypto.prototype;
  SubtleCrypto.prototype.generateKey = async function (...all) {
    await new Promise((done) => (globalThis.goOn = done));
    return generateKey.apply(this, all);
  };
"""
SAID = """() => {
  globalThis.said = [];
  const watch = new MutationObserver(() => said.push(document.getElementById("said").textContent));
  watch.observe(document.getElementById("said"), { childList: true });
}"""


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    "wishes,font",
    [
        ({"color_scheme": "light", "viewport": {"width": 320, "height": 640}}, "100%"),
        ({"color_scheme": "dark", "viewport": {"width": 1280, "height": 800}}, "100%"),
        ({"forced_colors": "active", "viewport": {"width": 640, "height": 800}}, "200%"),
    ],
    ids=["light and narrow", "dark and wide", "forced colours and large text"],
)
async def test_every_answer_is_accessible_and_fits(
    service: RunningRegistration, browser: Browser, wishes: dict[str, Any], font: str
) -> None:
    event_id = await service.event()
    async with desk_of(browser, service, event_id, **wishes) as page:
        for language in ("en", "fr"):
            await page.goto(f"{page.url.partition('?')[0]}?lang={language}")
            await expect(page.locator("[data-ready]")).to_be_visible()
            await page.evaluate("(size) => (document.documentElement.style.fontSize = size)", font)
            assert await page.evaluate(EVERY_ANSWER) > 25
            assert await violations(page) == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_each_kind_of_answer_has_a_sign_a_colour_a_sound_and_a_shake_of_its_own(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event()
    async with desk_of(browser, service, event_id) as page:
        await page.evaluate(EVERY_ANSWER)
        looks = await page.eval_on_selector_all(
            "#result .answer",
            """(all) => Object.fromEntries(all.map((one) => {
              const { backgroundColor, borderTopStyle } = getComputedStyle(one);
              return [one.dataset.kind, `${backgroundColor} ${borderTopStyle}`];
            }))""",
        )
        kinds = {"in", "out", "again", "asks", "refused"}
        assert kinds <= looks.keys()
        assert len({looks[kind] for kind in kinds}) == len(kinds)
        answers = {kind: await page.evaluate(FELT, kind) for kind in sorted(kinds)}
        assert len(set(answers.values())) == len(kinds)


async def test_what_is_no_ticket_is_named_in_plain_words(service: RunningRegistration, browser: Browser) -> None:
    event_id = await service.event()
    async with desk_of(browser, service, event_id) as page:
        for language, answers in (
            (
                "en",
                {
                    "https://example.org/programme/2037": "leads to a web page",
                    "BEGIN:VCARD VERSION:4.0 FN:Anne END:VCARD": "is a contact card",
                    "WIFI:T:WPA;S:Maison;P:secret;;": "not which ticket it is",
                    "xwjhkzwrmfbzjnpzgk4tqv8r2dm7s3nc": "of another ticket office",
                    "0000-0000-0000": "No ticket has this code",
                },
            ),
            ("fr", {"MECARD:N:Anne;;": "une carte de visite", "https://example.org/": "mène à une page web"}),
        ):
            await page.goto(f"{page.url.partition('?')[0]}?lang={language}")
            await expect(page.locator("[data-ready]")).to_be_visible()
            for text, answer in answers.items():
                await page.locator("#typed").fill(text)
                await page.keyboard.press("Enter")
                await expect(page.locator("#result")).to_contain_text(answer)


async def test_an_answer_is_read_out_once_even_where_the_server_speaks_after_the_device(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id, name="Anne Lefèvre"))["ticket"]
    async with desk_of(browser, service, event_id) as page:
        await page.evaluate(SAID)
        devtools = await page.context.new_cdp_session(page)
        slow = {"offline": False, "latency": 1500, "downloadThroughput": -1, "uploadThroughput": -1}
        await devtools.send("Network.emulateNetworkConditions", slow)
        await scan(page, ticket, "Provisional")
        await expect(page.locator("#result")).not_to_contain_text("Provisional")
        assert await page.evaluate("said") == ["Welcome. Anne Lefèvre"]


@pytest.mark.parametrize(
    "refused,words",
    [
        (
            """for (const name of ["indexedDB", "localStorage"])
              Object.defineProperty(globalThis, name, { get() { throw new DOMException("", "SecurityError"); } });""",
            "as in a private window",
        ),
        (
            "IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError'); }",
            "storage is full",
        ),
    ],
    ids=["a private window", "a full disk"],
)
async def test_a_browser_that_keeps_nothing_says_so_and_goes_on(
    service: RunningRegistration, browser: Browser, refused: str, words: str
) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id, name="Anne Lefèvre"))["ticket"]
    async with desk_of(browser, service, event_id) as page:
        await page.add_init_script(refused)
        await page.reload()
        await expect(page.locator("#unkept")).to_contain_text(words)
        await expect(page.locator("#network-state")).to_have_text("Connected")
        await scan(page, ticket, "Welcome")
        await page.context.set_offline(offline=True)
        await scan(page, ticket, "Already in")


async def test_a_whole_shift_goes_by_keyboard_alone(service: RunningRegistration, browser: Browser) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id, name="Anne Lefèvre"))["ticket"]
    async with desk_of(browser, service, event_id, viewport={"width": 1280, "height": 800}) as page:
        await page.reload()
        await expect(page.locator("#network-state")).to_have_text("Connected")
        typed, gate = page.get_by_label("Ticket code or name"), page.get_by_label("Gate")
        await expect(typed).to_be_focused()
        await tab_to(page, "Gate", back=True)
        await page.keyboard.type("Nord")
        await tab_to(page, "Ticket code or name")
        await page.keyboard.type(ticket)
        await page.keyboard.press("Enter")
        await expect(page.locator("#result")).to_contain_text("Anne Lefèvre")
        await expect(typed).to_be_focused()
        await tab_to(page, "Entry", back=True)
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_label("Exit")).to_be_checked()
        # A handheld scanner types wherever the focus is: it goes to the field.
        await page.keyboard.type(ticket)
        await page.keyboard.press("Enter")
        await expect(page.locator("#result")).to_contain_text("Goodbye")
        await page.keyboard.type(ticket)
        await page.keyboard.press("Enter")
        await expect(page.locator("#result")).to_contain_text("An exit is recorded already")
        await tab_to(page, "Somebody without a ticket…")
        await page.keyboard.press("Enter")
        await tab_to(page, "First and last name")
        await page.keyboard.type("Zoé Ünal")
        await page.keyboard.press("Enter")
        await expect(page.locator("#result")).to_contain_text("Zoé Ünal")
        await tab_to(page, "Undo: Zoé Ünal")
        await page.keyboard.press("Enter")
        await expect(page.locator("#result")).to_contain_text("Undone")
        await expect(typed).to_be_focused()
        await expect(gate).to_have_value("Nord")
        await tab_to(page, "Without sound")
        await page.keyboard.press("Space")
        await page.reload()
        await expect(page.get_by_label("Without sound")).to_be_checked()


async def test_a_desk_link_says_when_it_ends_and_a_revoked_one_is_noticed_by_itself(
    tmp_path: Path, browser: Browser
) -> None:
    clock = MovedClock()
    async with running_registration(tmp_path, clock=clock) as service:
        event_id = await service.event()
        body = {"day": "2037-11-23", "label": "Camille", "gate": "Entrée nord"}
        link = await service.api("POST", f"/events/{event_id}/desk-links", body, expect=201)
        context = await browser.new_context(locale="en-GB")
        page = await context.new_page()
        await page.goto(address(service, link["url"].removeprefix(service.settings.public_url)))
        await page.get_by_role("button", name="Open the desk").click()
        await expect(page.get_by_text("until midnight (Europe/Paris)")).to_be_visible()
        await expect(page.locator("#closing")).to_be_hidden()
        gate = page.get_by_label("Gate", exact=True)
        await expect(gate).to_have_value("Entrée nord")
        await gate.fill("Porte B")
        await gate.blur()
        await page.reload()
        await expect(gate).to_have_value("Porte B")
        await page.goto(address(service, link["url"].removeprefix(service.settings.public_url)))
        await page.get_by_role("button", name="Open the desk").click()
        await expect(gate).to_have_value("Entrée nord")
        await expect(page.locator("#network-state")).to_have_text("Connected")
        clock.now = BEFORE_MIDNIGHT_IN_PARIS
        await expect(page.locator("#closing")).to_contain_text("closes at midnight")
        await service.api("DELETE", f"/events/{event_id}/desk-links/{link['link_id']}", expect=204)
        await expect(page.locator("#sign-in")).to_contain_text("desk’s link is opened again")
        await expect(page.locator("#network-state")).to_have_text("Signed out")
        await context.close()


@pytest.mark.parametrize("late", ["its modules", "where it keeps things"])
async def test_a_gate_named_before_the_desk_is_ready_is_remembered(
    service: RunningRegistration, browser: Browser, late: str
) -> None:
    async def hold(route: Route) -> None:
        await named.wait()
        await route.continue_()

    named = asyncio.Event()
    event_id = await service.event()
    context = await browser.new_context(locale="en-GB", service_workers="block")
    await sign_in(context, service, event_id)
    await context.add_init_script(f"localStorage['desk {event_id} gate'] ??= 'Porte A'")
    page = await context.new_page()
    gate, ready = page.get_by_label("Gate", exact=True), page.locator("#desk[data-ready]")
    if late == "where it keeps things":
        await page.add_init_script(OPENED_LATE)
    else:
        await context.route("**/page.js", hold)
    await page.goto(address(service, f"/events/{event_id}/desk"), wait_until="commit")
    await gate.fill("Porte B")
    await gate.blur()
    await expect(ready).not_to_be_attached()
    named.set()
    await page.evaluate("globalThis.goOn?.()")
    await expect(ready).to_be_attached()
    await expect(gate).to_have_value("Porte B")
    await page.reload()
    await expect(ready).to_be_attached()
    await expect(gate).to_have_value("Porte B")
    await context.close()


async def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until the focus is on what has this name, as somebody does who sees it ahead."""
    named = """(name) => {
      const { activeElement: one } = document;
      const own = one.getAttribute("aria-label") ?? (one.labels?.[0] ?? one).textContent;
      return own.trim().startsWith(name);
    }"""
    for _ in range(40):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        if await page.evaluate(named, name):
            return
    pytest.fail(f"Tab does not lead to {name}")
