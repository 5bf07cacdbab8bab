"""Names of rooms, as people write them and as platforms send them."""

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

DIGEST_LENGTH: Final = 40
_DIGEST: Final = re.compile(rf"[0-9a-f]{{{DIGEST_LENGTH}}}")
_GROUPED_NUMBER: Final = re.compile(r"\d{3}(?:[ \u00a0-]\d{3,4}){2}")
_BETWEEN_DIGITS: Final = re.compile(r"[ \u00a0-]")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
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
def room_digest(written: str) -> str:
    """The SHA-1 of a room's name, by which BigBlueButton means the room where it does not name it."""
    return hashlib.sha1(room_name(written).encode(), usedforsecurity=False).hexdigest()


def is_room_digest(key: str) -> bool:
    """Whether a room is meant by its digest; rooms that are named so are no great loss."""
    return _DIGEST.fullmatch(key) is not None


@lru_cache(maxsize=4096)
def room_key(written: str) -> str:
    """The form in which names of rooms are compared: Jitsi sends them percent-encoded in lower case.

    Zoom shows its numbers in groups ("847 1263 9219"). Of a very long one, a digest. Control characters, which not
    every database can hold, are not compared.
    """
    key = unicodedata.normalize("NFC", _CONTROLS.sub("", unquote(room_name(written)))).casefold()
    key = _BETWEEN_DIGITS.sub("", key) if _GROUPED_NUMBER.fullmatch(key) else key
    return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()
