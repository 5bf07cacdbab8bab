"""What issued documents need of the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.registration.application.certificate_ports import CertificateReading, CertificateWriting
from services.registration.domain.documents import DocumentKind, IssuedDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentQuery:
    """Which documents of an event, the latest first; `before` is the last one already seen (its time and code)."""

    event_id: str
    limit: int
    before: tuple[datetime, str] | None = None
    participant_id: str | None = None
    kind: DocumentKind | None = None
    only_in_force: bool = False


class DocumentReading(CertificateReading, Protocol):
    """A consistent view of the register of issued documents."""

    async def document(self, code: str) -> IssuedDocument | None:
        """The one of this code."""
        ...

    async def documents(self, query: DocumentQuery) -> Sequence[IssuedDocument]:
        """A page of those of an event."""
        ...

    async def document_in_force(
        self, kind: DocumentKind, event_id: str, participant_id: str | None, part: str | None
    ) -> IssuedDocument | None:
        """The latest of a kind about the same, neither replaced nor revoked."""
        ...

    async def is_file_of(self, code: str, sha256: str) -> bool:
        """Whether a file of this digest was given out as this document."""
        ...


class DocumentWriting(DocumentReading, CertificateWriting, Protocol):
    """A transaction on it."""

    async def save_document(self, document: IssuedDocument) -> None:
        """Insert or replace a document."""
        ...

    async def keep_file(self, code: str, sha256: str, *, at: datetime) -> None:
        """Keep that a file of this digest is given out as this document; once is enough."""
        ...
