"""Every sentence of the pages has a French one."""

from pathlib import Path
from typing import Final

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import services.chassis.pages
import services.registration.web

WEB: Final = Path(services.registration.web.__file__).parent
CHASSIS: Final = Path(services.chassis.pages.__file__).parent
KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}


def translated() -> set[str]:
    sentences: set[str] = set()
    for package in (WEB, CHASSIS):
        with (package / "locale" / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
            for message in read_po(file, locale="fr"):
                if message.string and all(message.string if isinstance(message.string, tuple) else (message.string,)):
                    sentences.add(message.id if isinstance(message.id, str) else message.id[0])
    return sentences


def test_every_sentence_of_the_pages_is_translated() -> None:
    methods = [("templates/**.html", "jinja2"), ("**.py", "python")]
    found = extract_from_dir(WEB, method_map=methods, keywords=KEYWORDS)
    sentences = {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}
    assert len(sentences) > 100
    assert sentences - translated() == set()


def test_errors_of_fields_are_translated() -> None:
    expected = {
        "Enter an e-mail address, such as name@example.org.",
        "Use letters, numbers and punctuation only, on one line.",
    }
    assert expected <= translated()
