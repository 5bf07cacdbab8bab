"""As whom documents are issued: the provider of a training, or whoever organizes an event."""

from dataclasses import dataclass, replace
from typing import Final

_SIRET_LENGTH: Final = 14
_NDA_LENGTH: Final = 11
_LA_POSTE: Final = "356000000"
"""The one company whose many establishments are numbered by another rule: their digits add up to a multiple of five."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who issues, in words that stand on documents.

    `activity_number` is the training activity declaration number (NDA) of a French provider. `place` is where documents
    are signed. `logo` and `stamp` (which may hold a signature) are pictures, PNG.
    """

    name: str
    address: str | None = None
    siret: str | None = None
    activity_number: str | None = None
    place: str | None = None
    signatory: str | None = None
    signatory_role: str | None = None
    logo: bytes | None = None
    stamp: bytes | None = None

    @property
    def without_stamp(self) -> "Issuer":
        """As whom another event may be issued for until somebody says so: a signature is given for one event."""
        return replace(self, stamp=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIssuer:
    """An issuer as it was saved for an event."""

    issuer_id: str
    event_id: str
    issuer: Issuer


def read_siret(typed: str) -> str | None:
    """The fourteen digits of an establishment; None if they cannot be one."""
    digits = _digits(typed)
    if len(digits) != _SIRET_LENGTH or not digits.isdigit():
        return None
    if digits.startswith(_LA_POSTE) and sum(map(int, digits)) % 5 == 0:
        return digits
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(digits)]
    return digits if sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0 else None  # noqa: PLR2004


def read_activity_number(typed: str) -> str | None:
    """The eleven digits of a training activity declaration; None if they cannot be one."""
    digits = _digits(typed)
    return digits if len(digits) == _NDA_LENGTH and digits.isdigit() and digits.isascii() else None


def _digits(typed: str) -> str:
    return "".join(sign for sign in typed if not sign.isspace() and sign not in ".-")
