"""Issued documents: what the register keeps of each, so that anybody who holds one can ask whether it is genuine.

The register holds random ids and digests alone, and no file: a document is drawn again when it is wanted.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.registration.domain.errors import RegistrationError
from services.registration.domain.typed_codes import BITS_A_CHARACTER, code_from_bits, read_code, spelled

CODE_LENGTH: Final = 20
CODE_BITS: Final = BITS_A_CHARACTER * CODE_LENGTH
_GROUP: Final = 5


class DocumentKind(StrEnum):
    """What is issued; the values are kept, and stand in the API and in the files."""

    ATTENDANCE_CERTIFICATE = "attendance_certificate"
    COMPLETION_CERTIFICATE = "completion_certificate"
    """The certificat de réalisation of a training (code du travail, art. R6313-3)."""
    ATTENDANCE_SHEET = "attendance_sheet"


class DocumentNotFoundError(RegistrationError):
    """No document was issued under this code."""


class DocumentRevokedError(RegistrationError):
    """The document was revoked: it is not drawn again."""

    def __init__(self, code: str) -> None:
        """Keep which one."""
        super().__init__(code)
        self.code = code


class DocumentOutdatedError(RegistrationError):
    """What stands on the document cannot be reckoned any more: it is not drawn again as it was."""

    def __init__(self, code: str) -> None:
        """Keep which one."""
        super().__init__(code)
        self.code = code


class Because(StrEnum):
    """Why a document is no longer current; the values stand in the API."""

    EVENT_CLOSED = "event_closed"
    """It was provisional, and the event was closed since."""
    FIGURES = "figures"
    """Other figures are known: a late scan, say, a connection that was told afterwards, or time that was granted."""
    ISSUER = "issuer"
    LANGUAGE = "language"
    REISSUED = "reissued"
    """It could not be drawn again as it was."""


class FiguresUnknownError(RegistrationError):
    """What a document would say today cannot be told any more: what was granted to somebody is erased with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """That a document counts for nothing any more, and why; the reason is told to whoever asks, and names nobody."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedDocument:
    """A document as the register knows it.

    `part` is the part of the event that it is about (a half-day), where it is not about the whole. `root` is the Merkle
    root of the event's `facts` as of `as_of`; `figures` is the digest of what is reckoned from them and printed.
    `issuer_id` says as whom it was issued. `provisional`: the event was open still.
    """

    code: str
    kind: DocumentKind
    event_id: str
    participant_id: str | None
    part: str | None
    language: str
    issuer_id: str | None
    as_of: datetime
    issued_at: datetime
    issued_by: str
    root: str
    facts: int
    figures: str
    provisional: bool = False
    replaced_by: str | None = None
    revoked: Revocation | None = None

    @property
    def in_force(self) -> bool:
        """Whether it is neither replaced nor revoked."""
        return self.replaced_by is None and self.revoked is None

    def says_the_same_as(self, other: "IssuedDocument") -> bool:
        """Whether another one, issued later, would be no news: one that says what this one says, as of another time."""
        told = replace(other, code=self.code, as_of=self.as_of, issued_at=self.issued_at, issued_by=self.issued_by)
        return replace(told, root=self.root, facts=self.facts) == self

    def why_replaced_by(self, newer: "IssuedDocument") -> tuple["Because", ...]:
        """What the one that took its place says otherwise."""
        closed = self.provisional and not newer.provisional
        found = (
            (closed, Because.EVENT_CLOSED),
            (self.figures != newer.figures and not closed, Because.FIGURES),
            (self.issuer_id != newer.issuer_id, Because.ISSUER),
            (self.language != newer.language, Because.LANGUAGE),
        )
        return tuple(why for differs, why in found if differs) or (Because.REISSUED,)


def document_code(bits: int) -> str:
    """The code of a hundred bits, as stored: twenty characters without separators."""
    return code_from_bits(bits, length=CODE_LENGTH)


def spelled_code(code: str) -> str:
    """The code as shown to people: `XXXXX-XXXXX-XXXXX-XXXXX`."""
    return spelled(code, group=_GROUP)


def read_document_code(typed: str) -> str | None:
    """The code that somebody typed, as stored; None if it cannot be one."""
    return read_code(typed, length=CODE_LENGTH)


def digest_of(figures: Mapping[str, object]) -> str:
    """The digest (SHA-256, hexadecimal) of figures that are the same as JSON, whatever the order of their names."""
    canonical = json.dumps(figures, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
