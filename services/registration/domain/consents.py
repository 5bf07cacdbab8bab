"""What somebody consented to, when, and to which wording."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.registration.domain.registrations import Purpose

CONSENT_TEXT_VERSION: Final = 1
"""Which wording of the consents is asked now: raise it with every change of a text, and keep the earlier ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEntry:
    """One word on a purpose: given, refused or revoked; the latest counts."""

    purpose: Purpose
    given: bool
    text_version: int
    at: datetime
