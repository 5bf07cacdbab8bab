"""How platforms are switched on stands in the product, in both languages, and comes with the wheel."""

import re
from collections import Counter

import pytest

from services.chassis.pages.languages import LANGUAGES
from services.streaming_bridge.web.help_pages import HELP, help_names, help_page
from tests.fakes.bridge import BridgeUnderTest
from tests.unit.streaming_bridge.test_meetings import page

CODE = re.compile(r"`([a-z_]+|/[a-z/{}_.…]+)`")
HERE = "https://colloque.example.net"


@pytest.mark.parametrize("name", help_names())
def test_a_page_says_the_same_in_every_language(name: str) -> None:
    texts = {language: (HELP / language / f"{name}.md").read_text() for language in LANGUAGES}
    marks = ("\n## ", "\n1. ", "\n- ", "\n| ", "```", "](")
    assert len({tuple(text.count(mark) for mark in marks) for text in texts.values()}) == 1
    # Names of fields and of reasons are the same in all of them.
    assert len({frozenset(Counter(CODE.findall(text)).items()) for text in texts.values()}) == 1


@pytest.mark.parametrize("name", help_names())
@pytest.mark.parametrize("language", LANGUAGES)
def test_its_links_lead_to_pages_and_its_addresses_here(name: str, language: str) -> None:
    body = help_page(name, language, public_url=HERE).body
    links = re.findall(r'href="([^"]+)"', body)
    assert {link for link in links if not link.startswith("https://")} <= set(help_names())
    assert "passerelle.example.org" not in body
    assert "<h1" not in body
    assert "style=" not in body


def test_no_language_has_a_page_that_another_lacks() -> None:
    assert {tuple(sorted(path.name for path in (HELP / language).iterdir())) for language in LANGUAGES} == {
        tuple(f"{name}.md" for name in help_names())
    }


async def test_whoever_sets_a_platform_up_reads_it_without_signing_in(bridge: BridgeUnderTest) -> None:
    for language, words in (("en", "Switch it on"), ("fr", "Mise en service")):
        async with bridge.client.get("/sources/help/jitsi", headers={"Accept-Language": language}) as response:
            assert response.status == 200
            text = await response.text()
        assert f"<h2>{words}</h2>" in text
        assert f"{bridge.bridge.settings.public_url}/webhooks/jitsi/our-jitsi" in text
    await page(bridge, "/sources/help/unknown", status=404)
    assert 'href="/sources/help/jitsi"' in await page(bridge, "/sources/new/jitsi")
