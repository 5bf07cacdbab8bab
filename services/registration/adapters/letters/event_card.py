"""The picture that networks show beside a link to an event."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import typst

from services.registration.adapters.letters.enclosures import when, where
from services.registration.adapters.letters.languages import Tongue, Tongues
from services.registration.domain.event import Event
from services.registration.domain.seats import Mode

WIDTH: Final = 1200
HEIGHT: Final = 630
_CARD: Final = Path(__file__).parent / "event_card.typ"
_LONGEST_TITLE: Final = 110
_LONGEST_LINE: Final = 90
_MOST_KEPT: Final = 64


class EventCards:
    """Draws them, in the language of the page that names one. Safe in a thread."""

    def __init__(self) -> None:
        """The latest are kept: a link that many share is asked for by many."""
        self._tongues = Tongues.load()
        self._card = _CARD.read_bytes()
        self._kept: dict[tuple[str, datetime, str], bytes] = {}

    def card(self, event: Event, language: str) -> bytes:
        """A PNG of `WIDTH` by `HEIGHT`."""
        tongue = self._tongues.of(language)
        key = (event.event_id, event.changed_at, tongue.language)
        kept = self._kept.get(key)
        if kept is None:
            words = {
                "language": tongue.language,
                "title": _short(event.title, _LONGEST_TITLE),
                "lines": card_lines(event, tongue),
            }
            kept = typst.compile(self._card, format="png", ppi=72, sys_inputs={"card": json.dumps(words)})
            while len(self._kept) >= _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)), None)
            self._kept[key] = kept
        return kept

    def described(self, event: Event, language: str) -> str:
        """What the picture shows, for who does not see it."""
        return " · ".join([event.title, *card_lines(event, self._tongues.of(language))])


def card_lines(event: Event, tongue: Tongue) -> Sequence[str]:
    """When, where and how one takes part."""
    gettext = tongue.texts.gettext
    here, there = (event.capacity.of(mode) != 0 for mode in (Mode.IN_PERSON, Mode.REMOTE))
    both = gettext("In person and remotely")
    how = both if here == there else gettext("In person") if here else gettext("Remotely")
    return [_short(line, _LONGEST_LINE) for line in (when(event, tongue), where(event), how) if line]


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"
