"""Names of rooms, as people write them and as platforms send them."""

import hashlib
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

_LONGEST_KEY: Final = 500
"""In characters. PostgreSQL indexes up to 2,704 bytes, and some letters are three in the form they are compared in."""


def room_name(written: str) -> str:
    """The platform's own name of a room, from how people write it.

    They write the name ("Réunion 1"), an address (`https://meet.example.org/Reunion1`), a JID, or JaaS's `appId/room`.
    """
    text = written.strip()
    if "://" in text:
        text = text.partition("?")[0].partition("#")[0]
    return text.rstrip("/").rpartition("/")[2].partition("@")[0] or text


@lru_cache(maxsize=4096)
def room_key(written: str) -> str:
    """The form in which names of rooms are compared: Jitsi sends them percent-encoded in lower case.

    Of a very long one, a digest.
    """
    key = unicodedata.normalize("NFC", unquote(room_name(written))).casefold()
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()
