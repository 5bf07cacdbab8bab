from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from services.chassis.pages.languages import load_texts, negotiate, preferred


@pytest.mark.parametrize(
    "header,language",
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en-GB, fr;q=0.9", "en"),
        ("de, fr;q=0.2", "fr"),
        ("fr;q=0, de", "en"),
        ("de, es", "en"),
        ("en;q=0.5, FR;q=0.6", "fr"),
        ("*", "en"),
        ("", "en"),
        (";;q=,,=fr;q=9", "en"),
        ("fr;q=1.5", "en"),
        (", " * 10_000 + "fr", "en"),
    ],
)
def test_the_browsers_wishes_are_weighed(header: str, language: str) -> None:
    assert preferred(header) == language


@pytest.mark.parametrize(
    "query,cookie,header,language",
    [
        ("?lang=fr", "en", "en", "fr"),
        ("?lang=xx", "fr", "en", "fr"),
        ("", "fr", "en", "fr"),
        ("", "xx", "fr", "fr"),
        ("", None, "fr", "fr"),
        ("", None, None, "en"),
    ],
)
def test_a_choice_counts_before_the_browsers_wish(
    query: str, cookie: str | None, header: str | None, language: str
) -> None:
    headers = {"Cookie": f"passerelle_language={cookie}"} if cookie else {}
    headers |= {"Accept-Language": header} if header else {}

    assert negotiate(make_mocked_request("GET", f"/{query}", headers=headers)) == language


def write_catalog(package: Path, **translations: str) -> Path:
    catalog = package / "locale" / "fr" / "LC_MESSAGES" / "messages.po"
    catalog.parent.mkdir(parents=True)
    head = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n'
    entries = [f'msgid "{sentence}"\nmsgstr "{translation}"\n' for sentence, translation in translations.items()]
    catalog.write_text("\n".join([head, *entries]))
    return package


def test_the_catalogs_of_packages_are_joined_and_the_first_decides(tmp_path: Path) -> None:
    first = write_catalog(tmp_path / "first", Hello="Bonjour", Both="Premier")
    second = write_catalog(tmp_path / "second", Bye="Au revoir", Both="Second")

    texts = load_texts("fr", [first, tmp_path / "without", second])

    assert [texts.gettext(text) for text in ("Hello", "Bye", "Both")] == ["Bonjour", "Au revoir", "Premier"]


def test_plurals_follow_the_language() -> None:
    chassis = Path("services/chassis/pages").resolve()
    one, many = "%(num)s answer needs another look", "%(num)s answers need another look"

    french = load_texts("fr", [chassis])

    assert french.ngettext(one, many, 0) == "%(num)s réponse est à revoir"
    assert french.ngettext(one, many, 2) == "%(num)s réponses sont à revoir"
    assert load_texts("en", [chassis]).ngettext(one, many, 0) == many
