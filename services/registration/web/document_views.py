"""What clients get of issued documents, and of certificates for all."""

from pydantic import BaseModel

from schemas.envelope import Instant
from services.registration.domain.certificates import Batch, BatchState, NoCertificate
from services.registration.domain.documents import DocumentKind, IssuedDocument, spelled_code


class RevocationView(BaseModel):
    """That a document counts for nothing any more, and why."""

    at: Instant
    reason: str


class DocumentView(BaseModel):
    """An issued document as the register knows it; `part` is the half-day that it is about.

    `root` is the Merkle root of the event's `facts` as of `as_of`, `figures` the digest of what is reckoned and
    printed. `replaced_by` is the code of a newer one.
    """

    code: str
    kind: DocumentKind
    event_id: str
    participant_id: str | None
    part: str | None
    language: str
    as_of: Instant
    issued_at: Instant
    issued_by: str
    provisional: bool
    root: str
    facts: int
    figures: str
    replaced_by: str | None
    revoked: RevocationView | None
    verify_url: str

    @classmethod
    def of(cls, document: IssuedDocument, public_url: str) -> "DocumentView":
        """One document."""
        revoked = document.revoked
        code = spelled_code(document.code)
        return cls(
            code=code,
            kind=document.kind,
            event_id=document.event_id,
            participant_id=document.participant_id,
            part=document.part,
            language=document.language,
            as_of=document.as_of,
            issued_at=document.issued_at,
            issued_by=document.issued_by,
            provisional=document.provisional,
            root=document.root,
            facts=document.facts,
            figures=document.figures,
            replaced_by=None if document.replaced_by is None else spelled_code(document.replaced_by),
            revoked=None if revoked is None else RevocationView(at=revoked.at, reason=revoked.reason),
            verify_url=f"{public_url}/verify/{code}",
        )


class RefusedCertificate(BaseModel):
    """Somebody who gets no certificate, and why."""

    participant_id: str
    reason: NoCertificate


class BatchView(BaseModel):
    """Certificates for everybody: `done` of about `total` people are dealt with, `issued` of them have theirs."""

    batch_id: str
    kind: DocumentKind
    state: BatchState
    started_at: Instant
    as_of: Instant
    total: int
    done: int
    issued: int
    refused: list[RefusedCertificate]

    @classmethod
    def of(cls, batch: Batch) -> "BatchView":
        """As they stand."""
        refused = [RefusedCertificate(participant_id=whose, reason=why) for whose, why in sorted(batch.refused.items())]
        return cls(
            batch_id=batch.batch_id,
            kind=batch.kind,
            state=batch.state,
            started_at=batch.started_at,
            as_of=batch.as_of,
            total=batch.total,
            done=batch.done,
            issued=batch.issued,
            refused=refused,
        )
