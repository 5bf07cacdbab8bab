"""Ticket codes: twelve typed characters, sixty random bits: guessing one is out of reach for whoever asks a desk."""

import hashlib
import re
from typing import Final

from services.registration.domain.typed_codes import BITS_A_CHARACTER, code_from_bits, read_code, spelled

LENGTH: Final = 12
_GROUP: Final = 4
_BITS: Final = BITS_A_CHARACTER * LENGTH
_OF_ANOTHER: Final = re.compile(r"[A-Za-z0-9+/=_.:-]{16,300}")
_STRANGERS: Final = (
    (re.compile(r"https?://", re.IGNORECASE), "web_link"),
    (re.compile(r"BEGIN:VCARD|MECARD:|BIZCARD:", re.IGNORECASE), "contact_card"),
    (
        re.compile(
            r"WIFI:|mailto:|tel:|sms(to)?:|geo:|BEGIN:VEVENT|BEGIN:VCALENDAR|MATMSG:|otpauth:|bitcoin:|BCD\n",
            re.IGNORECASE,
        ),
        "other_code",
    ),
)


def ticket_from_bits(bits: int) -> str:
    """The code of sixty bits, as stored: twelve characters without separators."""
    return code_from_bits(bits, length=LENGTH)


def spell(ticket: str) -> str:
    """The code as shown to people: `XXXX-XXXX-XXXX`."""
    return spelled(ticket, group=_GROUP)


def read_ticket(typed: str) -> str | None:
    """The code that somebody typed or scanned, as stored; None if it cannot be one."""
    return read_code(typed, length=LENGTH)


def ticket_of_another(event_id: str, scanned: str) -> str | None:
    """The code of a ticket that another office made, from what its QR code reads; None if it cannot be one.

    It is a digest, sixty bits long: what the other office keeps secret is not kept here, and at another event the same
    ticket has another code. A name is no such text: it has no digit, or is shorter.
    """
    text = scanned.strip()
    if not _OF_ANOTHER.fullmatch(text) or not any(letter.isdigit() for letter in text):
        return None
    digest = hashlib.sha256(f"{event_id}:{text}".encode()).digest()
    return ticket_from_bits(int.from_bytes(digest[:8], "big") >> (64 - _BITS))


def not_a_ticket(scanned: str) -> str | None:
    """What a code says that is no ticket: `web_link`, `contact_card`, `other_code`; None if it may be one."""
    text = scanned.strip()
    return next((kind for pattern, kind in _STRANGERS if pattern.match(text)), None)
