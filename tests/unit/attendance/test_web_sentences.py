"""Every sentence of the pages has a French one."""

from pathlib import Path
from typing import Final

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import services.attendance.web
import services.chassis.pages

WEB: Final = Path(services.attendance.web.__file__).parent
CHASSIS: Final = Path(services.chassis.pages.__file__).parent
KEYWORDS: Final = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}


def translated(package: Path) -> dict[str, str]:
    with (package / "locale" / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = [message for message in read_po(file, locale="fr") if message.id]
    return {
        message.id if isinstance(message.id, str) else message.id[0]: str(message.string)
        for message in messages
        if message.string and all([message.string] if isinstance(message.string, str) else message.string)
    }


def test_every_sentence_of_the_pages_is_translated() -> None:
    methods = [("templates/**.html", "jinja2"), ("**.py", "python")]
    found = extract_from_dir(WEB, method_map=methods, keywords=KEYWORDS)
    sentences = {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}
    assert len(sentences) > 80
    assert sentences - {*translated(WEB), *translated(CHASSIS)} == set()


def test_a_word_of_the_chassis_is_not_translated_anew() -> None:
    own, shared = translated(WEB), translated(CHASSIS)
    assert {word: own[word] for word in own.keys() & shared.keys() if own[word] != shared[word]} == {}
