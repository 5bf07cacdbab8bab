"""What signatures need of the database, which keeps what was signed sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.registration.domain.signatures import SheetSettings, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSignature:
    """A signature as it is stored; see `Signature`."""

    event_id: str
    participant_id: str
    half_day_id: str
    way: Way
    at: datetime
    taken_by: str
    sealed: str


class SignatureReading(Protocol):
    """A consistent view of signatures."""

    async def sheet_settings(self, event_id: str) -> SheetSettings:
        """What the sheets of an event are made with."""
        ...

    async def signatures(
        self, event_id: str, *, half_day_id: str | None = None, participant_id: str | None = None
    ) -> Sequence[SealedSignature]:
        """Those of an event, or of a half-day or participant of it, in the order of time."""
        ...

    async def signature_times(self, event_id: str) -> Mapping[tuple[str, str], datetime]:
        """When who signed for what, by participant and half-day."""
        ...


class SignatureWriting(SignatureReading, Protocol):
    """A transaction on them."""

    async def save_sheet_settings(self, event_id: str, settings: SheetSettings) -> None:
        """Insert or replace what the sheets of an event are made with."""
        ...

    async def save_signature(self, signature: SealedSignature) -> None:
        """Insert a signature, or replace the one that this participant gave for this half-day before."""
        ...
