"""Languages: which one a reader wants, and the catalogs compiled in memory from the `.po` files at start.

Sentences in templates and in Python are English, and are the keys of the French catalogs.
"""

import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from aiohttp import web
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES: Final = {"en": "English", "fr": "Français"}
"""Language codes, each with its own name for itself."""

SOURCE_LANGUAGE: Final = "en"
_COOKIE: Final = "passerelle_language"
_YEAR: Final = 365 * 24 * 3600
_RANGE: Final = re.compile(
    r"^\s*([A-Za-z]{1,8})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*$"
)


def mark(sentence: str) -> str:
    """Mark a sentence for the catalogs where it is declared; `gettext` translates it where it is shown."""
    return sentence


def load_texts(language: str, packages: Iterable[Path]) -> NullTranslations:
    """One catalog of all the packages' sentences in a language; the first package that has a sentence decides."""
    texts = NullTranslations()
    if language == SOURCE_LANGUAGE:
        return texts
    for package in packages:
        path = package / "locale" / language / "LC_MESSAGES" / "messages.po"
        if path.exists():
            more = _compile(path, language)
            texts = more.merge(texts) if isinstance(texts, Translations) else more
    return texts


def negotiate(request: web.Request) -> str:
    """The language a reader wants: `?lang=`, else what they chose before, else their browser's."""
    for wish in (request.query.get("lang"), request.cookies.get(_COOKIE)):
        if wish in LANGUAGES:
            return wish
    return preferred(request.headers.get("Accept-Language", ""))


def preferred(accept_language: str) -> str:
    """The best of our languages for an `Accept-Language` header; English when it wants none of them."""
    wishes: dict[str, float] = {}
    for part in accept_language.split(",")[:20]:
        if found := _RANGE.match(part):
            language, quality = found.group(1).lower(), float(found.group(2) or 1)
            wishes[language] = max(quality, wishes.get(language, 0))
    best = max(LANGUAGES, key=lambda language: wishes.get(language, 0))
    return best if wishes.get(best, 0) > 0 else SOURCE_LANGUAGE


def remember_language(response: web.StreamResponse, language: str, *, secure: bool) -> None:
    """Keep the reader's choice for a year: a cookie that serves them only, and tells nothing about them."""
    response.set_cookie(_COOKIE, language, max_age=_YEAR, path="/", samesite="Lax", httponly=True, secure=secure)


def _compile(path: Path, language: str) -> Translations:
    with path.open("rb") as source:
        catalog = read_po(source, locale=language)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Translations(fp=compiled)
