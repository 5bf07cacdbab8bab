"""The register of issued documents in the SQL store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, desc, exists, insert, or_, select, update

from services.registration.adapters.certificate_store import SqlCertificateReading, SqlCertificateWriting
from services.registration.adapters.document_tables import ISSUED_DOCUMENTS, ISSUED_FILES
from services.registration.application.document_ports import DocumentQuery
from services.registration.domain.documents import DocumentKind, IssuedDocument, Revocation

_ISSUED: Final = ISSUED_DOCUMENTS.c
_IN_FORCE: Final = (_ISSUED.replaced_by.is_(None), _ISSUED.revoked_at.is_(None))


class SqlDocumentReading(SqlCertificateReading):
    """A view through one connection; implements the port `DocumentReading`."""

    async def document(self, code: str) -> IssuedDocument | None:
        """See the port."""
        row = (await self._connection.execute(select(ISSUED_DOCUMENTS).where(_ISSUED.code == code))).one_or_none()
        return None if row is None else _document(row)

    async def documents(self, query: DocumentQuery) -> Sequence[IssuedDocument]:
        """See the port."""
        found = select(ISSUED_DOCUMENTS).where(_ISSUED.event_id == query.event_id)
        if query.participant_id is not None:
            found = found.where(_ISSUED.participant_id == query.participant_id)
        if query.kind is not None:
            found = found.where(_ISSUED.kind == query.kind.value)
        if query.only_in_force:
            found = found.where(*_IN_FORCE)
        if query.before is not None:
            at, code = query.before
            found = found.where(or_(_ISSUED.issued_at < at, and_(_ISSUED.issued_at == at, _ISSUED.code < code)))
        found = found.order_by(desc(_ISSUED.issued_at), desc(_ISSUED.code)).limit(query.limit)
        return [_document(row) for row in await self._connection.execute(found)]

    async def document_in_force(
        self, kind: DocumentKind, event_id: str, participant_id: str | None, part: str | None
    ) -> IssuedDocument | None:
        """See the port."""
        about = (
            _ISSUED.event_id == event_id,
            _ISSUED.kind == kind.value,
            _ISSUED.participant_id.is_not_distinct_from(participant_id),
            _ISSUED.part.is_not_distinct_from(part),
        )
        latest = select(ISSUED_DOCUMENTS).where(*about, *_IN_FORCE)
        row = (await self._connection.execute(latest.order_by(desc(_ISSUED.issued_at)).limit(1))).first()
        return None if row is None else _document(row)

    async def is_file_of(self, code: str, sha256: str) -> bool:
        """See the port."""
        same = exists().where(ISSUED_FILES.c.code == code, ISSUED_FILES.c.sha256 == sha256)
        return bool(await self._connection.scalar(select(same)))


class SqlDocumentWriting(SqlDocumentReading, SqlCertificateWriting):
    """A transaction; implements the port `DocumentWriting`."""

    async def save_document(self, document: IssuedDocument) -> None:
        """See the port."""
        revoked = document.revoked
        ends = {
            "replaced_by": document.replaced_by,
            "revoked_at": None if revoked is None else revoked.at,
            "revoked_reason": None if revoked is None else revoked.reason,
        }
        mine = update(ISSUED_DOCUMENTS).where(_ISSUED.code == document.code)
        # Nothing else of what was issued can change.
        if (await self._connection.execute(mine.values(ends))).rowcount:
            return
        values: dict[str, Any] = {
            "code": document.code,
            "kind": document.kind.value,
            "event_id": document.event_id,
            "participant_id": document.participant_id,
            "part": document.part,
            "language": document.language,
            "issuer_id": document.issuer_id,
            "as_of": document.as_of,
            "issued_at": document.issued_at,
            "issued_by": document.issued_by,
            "root": document.root,
            "facts": document.facts,
            "figures": document.figures,
            "provisional": document.provisional,
        }
        await self._connection.execute(insert(ISSUED_DOCUMENTS).values(values | ends))

    async def keep_file(self, code: str, sha256: str, *, at: datetime) -> None:
        """See the port."""
        if not await self.is_file_of(code, sha256):
            await self._connection.execute(insert(ISSUED_FILES).values(code=code, sha256=sha256, given_out_at=at))


def _document(row: Row[Any]) -> IssuedDocument:
    return IssuedDocument(
        code=row.code,
        kind=DocumentKind(row.kind),
        event_id=row.event_id,
        participant_id=row.participant_id,
        part=row.part,
        language=row.language,
        issuer_id=row.issuer_id,
        as_of=row.as_of,
        issued_at=row.issued_at,
        issued_by=row.issued_by,
        root=row.root,
        facts=row.facts,
        figures=row.figures,
        provisional=row.provisional,
        replaced_by=row.replaced_by,
        revoked=None if row.revoked_at is None else Revocation(at=row.revoked_at, reason=row.revoked_reason),
    )
