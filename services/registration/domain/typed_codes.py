"""Codes that survive being read aloud, typed on a phone and scanned: Crockford's base 32 has no I, L, O or U."""

from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BITS_A_CHARACTER: Final = 5
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SEPARATORS: Final = str.maketrans("", "", " -_.\t\r\n\u00a0\u2010\u2011\u2013")


def code_from_bits(bits: int, *, length: int) -> str:
    """The code of so many times five bits, as stored: without separators."""
    return "".join(ALPHABET[(bits >> (BITS_A_CHARACTER * place)) & 31] for place in reversed(range(length)))


def spelled(code: str, *, group: int) -> str:
    """The code as shown to people, in groups."""
    return "-".join(code[start : start + group] for start in range(0, len(code), group))


def read_code(typed: str, *, length: int) -> str | None:
    """The code that somebody typed or scanned, as stored; None if it cannot be one.

    Case and separators do not matter; O is read as 0, I and L as 1.
    """
    code = typed.translate(_SEPARATORS).upper().translate(_MISREAD)
    return code if len(code) == length and all(letter in ALPHABET for letter in code) else None
