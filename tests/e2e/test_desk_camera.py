"""The desk's camera in Chromium: what reads a code, its lamp, which one it is, and what is said where there is none."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
import segno
from playwright.async_api import Browser, expect

from tests.e2e.test_desk import desk_of
from tests.e2e.test_registration_in_the_browser import violations
from tests.integration.running_registration import RunningRegistration, running_registration

CAMERA = Path(__file__).with_name("desk_camera.js").read_text()
PRETIX = "xwjhkzwrmfbzjnpzgk4tqv8r2dm7s3nc"
READER = """async (which) => {
  const folder = document.querySelector('script[type="module"]').src.replace("page.js", "");
  const library = await import(`${folder}../vendor/qr/decode.js`);
  if (which === "the browser's own") globalThis.BarcodeDetector = library.BarcodeDetector;
  if (which === "in the page") delete globalThis.VideoFrame;
  const video = Object.assign(document.createElement("video"), { muted: true, srcObject: camera.stream("back") });
  camera.show(null);
  await video.play();
  const { reader } = await import(`${folder}reading.js`);
  globalThis.read = await reader();
  globalThis.video = video;
}"""
SEEN = """async ([code, cell, expected]) => {
  camera.show(code, cell);
  let text;
  for (let looks = 0; looks < 200 && text !== expected; looks += 1) {
    await new Promise((next) => setTimeout(next, 50));
    text = await read(video);
  }
  return text;
}"""
"""Looks until it sees that, or for a while: a picture takes its time to come through."""


@pytest_asyncio.fixture
async def service(tmp_path: Path) -> AsyncIterator[RunningRegistration]:
    async with running_registration(tmp_path) as running:
        yield running


def code_of(text: str) -> Sequence[Sequence[int]]:
    return [list(row) for row in segno.make_qr(text).matrix_iter(border=4)]


@pytest.mark.parametrize("which", ["the browser's own", "in a worker", "in the page"])
async def test_each_reader_reads_the_same(service: RunningRegistration, browser: Browser, which: str) -> None:
    event_id = await service.event()
    async with desk_of(browser, service, event_id) as page:
        await page.evaluate(CAMERA)
        await page.evaluate(READER, which)
        for text, cell in (
            ("7K3M-9QXR-2TVB", 12),
            (PRETIX, 12),
            ("7K3M-9QXR-2TVB", 4),
            ("https://example.org/programme", 8),
        ):
            assert await page.evaluate(SEEN, [None, 0, None]) is None
            assert await page.evaluate(SEEN, [code_of(text), cell, text]) == text


async def test_a_camera_can_be_lit_and_chosen_and_the_choice_stays(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event()
    ticket = (await service.register(event_id, name="Anne Lefèvre"))["ticket"]
    async with desk_of(browser, service, event_id) as page:
        await page.add_init_script(CAMERA)
        await page.reload()
        await page.get_by_role("button", name="Scan with the camera").click()
        lamp, which = page.get_by_role("button", name="Light"), page.get_by_label("Camera", exact=True)
        await lamp.click()
        await expect(lamp).to_have_attribute("aria-pressed", "true")
        assert await page.evaluate("camera.lit") == [True]
        await expect(which).to_have_value("back")
        assert await violations(page) == []
        await which.select_option("Front camera")
        await expect(lamp).to_be_hidden()
        await expect(which).to_have_value("front")
        await page.evaluate("([code]) => camera.show(code)", [code_of(ticket)])
        await expect(page.locator("#result")).to_contain_text("Anne Lefèvre")
        await page.reload()
        await page.get_by_role("button", name="Scan with the camera").click()
        await expect(which).to_have_value("front")
        assert await page.evaluate("camera.asked") == ["front"]


@pytest.mark.parametrize(
    "language,words",
    [
        (
            "en",
            {
                "NotAllowedError": "allow it in the browser",
                "NotFoundError": "has no camera",
                "NotReadableError": "Another program uses the camera",
                "UnheardOfError": "does not start",
                "instead": "type the ticket’s code, or look for the name",
            },
        ),
        ("fr", {"NotAllowedError": "autorisez-la", "instead": "saisissez le code du billet, ou cherchez le nom"}),
    ],
)
async def test_a_camera_that_does_not_start_says_why_and_what_to_do_meanwhile(
    service: RunningRegistration, browser: Browser, language: str, words: dict[str, str]
) -> None:
    event_id = await service.event()
    async with desk_of(browser, service, event_id) as page:
        await page.add_init_script(CAMERA)
        await page.goto(f"{page.url}?lang={language}")
        for refusal in words.keys() - {"instead"}:
            await page.evaluate("(refusal) => (camera.refusal = refusal)", refusal)
            await page.locator("#camera-toggle").click()
            await expect(page.locator("#camera-trouble")).to_contain_text(words[refusal])
            await expect(page.locator("#camera-trouble")).to_contain_text(words["instead"])
        await page.evaluate("camera.refusal = null")
        await page.locator("#camera-toggle").click()
        await expect(page.locator("#camera-view")).to_be_visible()
        await expect(page.locator("#camera-trouble")).to_be_empty()
        # A call comes in, and takes the camera.
        await page.evaluate(
            "const [track] = document.getElementById('camera-view').srcObject.getVideoTracks();"
            "track.stop(); track.dispatchEvent(new Event('ended'))"
        )
        await expect(page.locator("#camera-view")).to_be_hidden()
        await expect(page.locator("#camera-trouble")).to_contain_text(words["instead"])


async def test_where_there_can_be_no_camera_the_page_says_so_at_once(
    service: RunningRegistration, browser: Browser
) -> None:
    event_id = await service.event()
    async with desk_of(browser, service, event_id) as page:
        await page.add_init_script(
            "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
            "Object.defineProperty(globalThis, 'isSecureContext', { value: false });"
        )
        await page.reload()
        await expect(page.locator("#camera-trouble")).to_contain_text("begin with https://")
        await expect(page.locator("#camera-toggle")).to_be_hidden()
