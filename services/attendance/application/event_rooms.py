"""Which room of an event a remote interval leads to, by its `via`: the source and the platform's own key of the room.

The bridge tells keys, and the event claims rooms by their names, as people write them: this compares the two as the
bridge does, for each platform whose keys are not names.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha1
from typing import Final
from urllib.parse import unquote

from schemas.registration import EventData

_PLAYER: Final = "player"
_OF_A_REPORT: Final = "report/"
_GROUPED_NUMBER: Final = re.compile(r"[0-9]+(?:[ -][0-9]+)+")
"""As Zoom shows its numbers: "847 1263 9219"."""


def room_finder(event: EventData) -> Callable[[str], str | None]:
    """What finds the name of the event's room, given the `via` of a remote interval; None if it is of no room."""
    by_key: dict[tuple[str, str], str] = {}
    by_id = {room.room_id: room.name for room in event.rooms}
    for room in event.rooms:
        if room.conference is not None:
            name = _plain(room.conference.room)
            for key in (name, _digest(room.conference.room), room.conference.room.casefold()):
                by_key.setdefault((room.conference.source, key), room.name)

    @lru_cache(maxsize=10_000)
    def find(via: str) -> str | None:
        if not via.startswith("/bridge/"):
            return None
        _, _, platform, source, *rest = via.split("/", 4)
        key = "".join(rest).removeprefix(_OF_A_REPORT)
        if platform == _PLAYER:
            return by_id.get(key.rpartition("@")[2])
        main, _, _ = key.partition("#")  # a breakout room belongs to its main room
        return by_key.get((source, _plain(main))) or by_key.get((source, key.casefold()))

    return find


def _plain(written: str) -> str:
    """A room's name in the form in which names are compared."""
    name = unicodedata.normalize("NFC", unquote(_last_part(written))).casefold()
    return re.sub("[ -]", "", name) if _GROUPED_NUMBER.fullmatch(name) else name


def _digest(written: str) -> str:
    """By which BigBlueButton means a room."""
    return sha1(_last_part(written).encode(), usedforsecurity=False).hexdigest()


def _last_part(written: str) -> str:
    """The name in an address, in a JID or in JaaS's `appId/room`."""
    text = written.strip()
    if "://" in text:
        text = text.partition("?")[0].partition("#")[0]
    return text.rstrip("/").rpartition("/")[2].partition("@")[0] or text
