"""What certificates need of the outside: the database, the proofs that attendance gives, and a printer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.registration.domain.attendance_records import AttendanceRecord
from services.registration.domain.certificates import Batch, CertificateSettings, Nature
from services.registration.domain.documents import IssuedDocument
from services.registration.domain.event import Event
from services.registration.domain.issuers import Issuer, KnownIssuer


class CertificateReading(Protocol):
    """A consistent view of issuers, settings and batches."""

    async def issuer_of(self, event_id: str) -> KnownIssuer | None:
        """As whom documents of an event are issued, as it was said last."""
        ...

    async def issuer(self, issuer_id: str) -> Issuer:
        """The one of this id, which a document names."""
        ...

    async def last_issuer(self) -> KnownIssuer | None:
        """The one saved last, of any event."""
        ...

    async def certificate_settings(self, event_id: str) -> CertificateSettings:
        """How certificates of an event are made."""
        ...

    async def batch(self, event_id: str, batch_id: str) -> Batch:
        """Certificates for all of an event.

        Raises:
            BatchNotFoundError: if there are none of this id.
        """
        ...

    async def last_batch(self, event_id: str) -> Batch | None:
        """Those of an event that were asked for last."""
        ...

    async def people_at(self, event_id: str) -> int:
        """How many registrations an event has."""
        ...

    async def running_batches(self) -> Sequence[tuple[str, str]]:
        """The events and ids of those that are being issued."""
        ...


class CertificateWriting(CertificateReading, Protocol):
    """A transaction on them."""

    async def save_issuer(self, issuer: KnownIssuer, *, at: datetime) -> None:
        """Insert an issuer; earlier ones of the event that no document names are deleted."""
        ...

    async def save_certificate_settings(self, event_id: str, settings: CertificateSettings) -> None:
        """Insert or replace how certificates of an event are made."""
        ...

    async def save_batch(self, batch: Batch) -> None:
        """Insert or replace a batch."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceProofs:
    """What shows that facts about somebody are among those of an event: the Merkle `root`, and the path of each."""

    root: str
    facts: int
    proofs: Sequence[Mapping[str, object]]


class EvidenceProving(Protocol):
    """The service that keeps the facts."""

    async def proofs(
        self, event_id: str, participant_ids: Collection[str], *, as_of: datetime
    ) -> Mapping[str, EvidenceProofs]:
        """Proofs of the facts about each of some participants, at most 200, recorded up to an instant.

        Raises:
            AttendanceAwayError: if the service does not answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """All that stands on a certificate; `verify_at` is the address that its code is asked at."""

    document: IssuedDocument
    event: Event
    name: str
    employer: str | None
    issuer: Issuer
    nature: Nature
    record: AttendanceRecord
    evidence: EvidenceProofs
    verify_at: str


class CertificatePrinter(Protocol):
    """Draws certificates, in the language of the document."""

    def language_of(self, wish: str) -> str:
        """The language that one is drawn in for whoever wishes this one, which may be no language at all."""
        ...

    def draw(self, certificate: Certificate) -> bytes:
        """The PDF: the same bytes for the same certificate. Safe in a thread.

        Raises:
            NoCertificateError: if something in it cannot be printed.
        """
        ...
