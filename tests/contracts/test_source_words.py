"""Each platform has its words: organizers read no name of a field, and find a page that says how to switch it on."""

import re
from pathlib import Path

import pytest

from services.streaming_bridge.adapters.platforms import PLATFORMS
from services.streaming_bridge.domain.sources import PlatformName
from services.streaming_bridge.web.help_pages import HELP
from services.streaming_bridge.web.refusal_words import REFUSALS
from services.streaming_bridge.web.source_words import PLATFORMS as WORDS
from tests.fakes.platforms import ALL_SHAPES, Shapes

BRIDGE = Path("services/streaming_bridge")
REASONS = re.compile(r'Un(?:verified|readable)DeliveryError\(\s*"([a-z_]+)"')


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_field_of_a_form_has_its_words_and_no_word_is_left_over(platform: PlatformName) -> None:
    said, form = WORDS[platform], PLATFORMS[platform].form
    assert set(said.fields) == set(form.model_fields) - {"name", "platform"}
    assert said.steps
    assert {name for name, _ in said.together.values()} <= set(said.fields)
    sources = (BRIDGE / "adapters" / "platforms").glob("*.py")
    code = "".join(path.read_text() for path in sources)
    assert [sentence for sentence in said.together if f'"{sentence}"' not in code] == []


@pytest.mark.parametrize("shapes", ALL_SHAPES, ids=lambda shapes: shapes.platform)
def test_what_is_never_shown_again_is_called_secret(shapes: Shapes) -> None:
    platform, said = PLATFORMS[PlatformName(shapes.platform)], WORDS[PlatformName(shapes.platform)]
    given = {"platform": shapes.platform, "name": "main", shapes.proof_field: shapes.secret}
    form = platform.form.model_validate(given)
    assert said.fields[platform.proof_field].secret
    assert [name for name in form.settings() if said.fields[name].secret] == []
    assert [name for name in form.secrets() if not said.fields[name].secret] == []


@pytest.mark.parametrize("platform", PLATFORMS)
def test_there_is_a_page_that_says_how_to_switch_it_on(platform: PlatformName) -> None:
    for language, heading in (("en", "## What it cannot tell"), ("fr", "## Ce qu’elle ne peut pas dire")):
        assert heading in (HELP / language / f"{platform}.md").read_text()
    assert f"/help/en/{platform}.md)" in Path("docs/platforms/README.md").read_text()


def test_every_reason_of_a_refusal_is_told_in_plain_words() -> None:
    code = "".join(path.read_text() for path in sorted(BRIDGE.rglob("*.py")))
    assert set(REASONS.findall(code)) - set(REFUSALS) == set()
