"""The languages that letters and documents are written in, and their words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from babel.support import NullTranslations

from services.chassis.pages.formats import formats
from services.chassis.pages.languages import LANGUAGES, load_texts, preferred

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """One language: its texts, and how it writes dates and times."""

    language: str
    texts: NullTranslations
    formats: Mapping[str, Callable[..., str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongues:
    """All languages, loaded once at start."""

    known: Mapping[str, Tongue]

    @classmethod
    def load(cls, package: Path = HERE) -> "Tongues":
        """Read the catalogs of a package."""
        return cls(
            known={
                language: Tongue(language=language, texts=load_texts(language, [package]), formats=formats(language))
                for language in LANGUAGES
            }
        )

    def of(self, wish: str) -> Tongue:
        """The best one for a language tag such as `fr-CA`."""
        return self.known[preferred(wish)]
