"""Every sentence that a page can show exists in French, and no catalog keeps sentences that are gone."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po

SERVICES = Path("services")
CHASSIS = Path("services/chassis")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}
FOLDERS = (*SERVICES.iterdir(), Path("deploy/local"))
OWNERS = sorted(path for path in FOLDERS if any(path.rglob("locale")) or any(path.rglob("templates")))
CATALOGS = sorted(path for folder in FOLDERS for path in folder.rglob("*.po"))

Sentence = str | tuple[str, ...]


def sentences_in(source: bytes, method: str) -> set[Sentence]:
    """The sentences marked in a file, those with a plural as pairs."""
    options = {"silent": "false", "trimmed": "false"}
    return {found[1] for found in extract(method, BytesIO(source), KEYWORDS, options=options)}


def sentences_of(owner: Path) -> dict[Sentence, Path]:
    """All sentences of a service, each with a file that says it."""
    found: dict[Sentence, Path] = {}
    for method, pattern in (("python", "*.py"), ("jinja2.ext:babel_extract", "*.html")):
        for path in sorted(owner.rglob(pattern)):
            found |= dict.fromkeys(sentences_in(path.read_bytes(), method), path)
    return found


def catalog_of(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="fr")


def translated(owner: Path) -> dict[Sentence, Sentence]:
    """What the catalogs of a service hold in French."""
    messages = [message for path in owner.rglob("*.po") for message in catalog_of(path) if message.id]
    return {plain(message.id): plain(message.string) for message in messages}


def plain(sentence: str | list[str] | tuple[str, ...] | None) -> Sentence:
    return sentence if isinstance(sentence, str) else tuple(sentence or ())


def test_there_is_something_to_check() -> None:
    assert CHASSIS in OWNERS
    assert {path.parts[1] for path in CATALOGS} >= {"chassis", "registration", "attendance"}


def test_an_untranslated_sentence_would_be_found() -> None:
    template = b"{% macro a() %}{{ _('One') }}{{ ngettext('%(num)s cat', '%(num)s cats', n) }}{% endmacro %}"

    assert sentences_in(template, "jinja2.ext:babel_extract") == {"One", ("%(num)s cat", "%(num)s cats")}
    assert sentences_in(b"texts.gettext('Two'); A = {'b': mark('Three')}", "python") == {"Two", "Three"}


@pytest.mark.parametrize("owner", OWNERS, ids=str)
def test_every_sentence_is_translated(owner: Path) -> None:
    known = translated(owner) | translated(CHASSIS)

    missing = {sentence: path.as_posix() for sentence, path in sentences_of(owner).items() if not known.get(sentence)}

    assert missing == {}


@pytest.mark.parametrize("owner", OWNERS, ids=str)
def test_no_translation_is_left_over(owner: Path) -> None:
    # A validator's sentence is translated where the form is drawn, and marked nowhere: it stands in the code as it is.
    code = "".join(path.read_text() for path in sorted(owner.rglob("*.py")))
    unmarked = translated(owner).keys() - sentences_of(owner).keys()

    assert sorted(str(sentence) for sentence in unmarked if f'"{sentence}"' not in code) == []


def faults(path: Path) -> Iterator[str]:
    catalog = catalog_of(path)
    for message in catalog:
        if message.id and message.fuzzy:
            yield f"{message.id}: fuzzy"
        forms = plain(message.string)
        if message.id and not (forms and all(forms)):
            yield f"{message.id}: not translated"
        yield from (f"{message.id}: {error}" for error in message.check(catalog))
    yield from (f"{message}: obsolete" for message in catalog.obsolete)


@pytest.mark.parametrize("path", CATALOGS, ids=str)
def test_a_catalog_is_whole_and_keeps_the_placeholders(path: Path) -> None:
    assert list(faults(path)) == []


def test_a_lost_placeholder_would_be_found(tmp_path: Path) -> None:
    broken = tmp_path / "broken.po"
    broken.write_text('msgid "%(num)s cats"\nmsgstr "%(nombre)s chats"\n')

    assert list(faults(broken))
