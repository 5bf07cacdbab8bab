"""The wordings that people were asked to consent to, all versions of them, for ever: a consent is to what was read."""

from collections.abc import Mapping
from typing import Final

from services.chassis.pages.languages import mark
from services.registration.domain.consents import CONSENT_TEXT_VERSION
from services.registration.domain.registrations import Purpose

TEXTS: Final[Mapping[int, Mapping[Purpose, str]]] = {
    1: {
        Purpose.NEWSLETTER: mark("Send me news of the organizer’s next events by e-mail."),
        Purpose.PHOTOS: mark("Photos on which I can be recognised may be published."),
        Purpose.RECORDING: mark("Recordings in which I can be seen or heard may be published."),
    },
}
NAMES: Final[Mapping[Purpose, str]] = {
    Purpose.NEWSLETTER: mark("News by e-mail"),
    Purpose.PHOTOS: mark("Photos"),
    Purpose.RECORDING: mark("Recordings"),
}


def asked_now() -> Mapping[Purpose, str]:
    """The wordings in force, in English: `gettext` translates them where they are shown."""
    return TEXTS[CONSENT_TEXT_VERSION]
