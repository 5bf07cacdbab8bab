"""Issuers, settings of certificates and batches of them in the SQL store."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, desc, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.document_tables import (
    CERTIFICATE_BATCHES,
    CERTIFICATE_SETTINGS,
    ISSUED_DOCUMENTS,
    ISSUERS,
)
from services.registration.adapters.tables import REGISTRATIONS
from services.registration.domain.certificates import (
    Batch,
    BatchNotFoundError,
    BatchState,
    CertificateSettings,
    Nature,
    NoCertificate,
)
from services.registration.domain.documents import DocumentKind
from services.registration.domain.issuers import Issuer, KnownIssuer

_PICTURES = {"logo", "stamp"}


class SqlCertificateReading:
    """A view through one connection; implements the port `CertificateReading`."""

    _connection: AsyncConnection

    async def issuer_of(self, event_id: str) -> KnownIssuer | None:
        """See the port."""
        latest = select(ISSUERS).where(ISSUERS.c.event_id == event_id).order_by(desc(ISSUERS.c.saved_at)).limit(1)
        row = (await self._connection.execute(latest)).first()
        return None if row is None else _known(row)

    async def issuer(self, issuer_id: str) -> Issuer:
        """See the port."""
        found = select(ISSUERS).where(ISSUERS.c.issuer_id == issuer_id)
        return _known((await self._connection.execute(found)).one()).issuer

    async def last_issuer(self) -> KnownIssuer | None:
        """See the port."""
        row = (await self._connection.execute(select(ISSUERS).order_by(desc(ISSUERS.c.saved_at)).limit(1))).first()
        return None if row is None else _known(row)

    async def certificate_settings(self, event_id: str) -> CertificateSettings:
        """See the port."""
        mine = select(CERTIFICATE_SETTINGS).where(CERTIFICATE_SETTINGS.c.event_id == event_id)
        row = (await self._connection.execute(mine)).one_or_none()
        if row is None:
            return CertificateSettings()
        return CertificateSettings(
            nature=Nature(row.nature),
            handed_out=frozenset(map(DocumentKind, row.handed_out)),
            employer_question=row.employer_question,
        )

    async def batch(self, event_id: str, batch_id: str) -> Batch:
        """See the port."""
        columns = CERTIFICATE_BATCHES.c
        mine = select(CERTIFICATE_BATCHES).where(columns.event_id == event_id, columns.batch_id == batch_id)
        row = (await self._connection.execute(mine)).one_or_none()
        if row is None:
            raise BatchNotFoundError(batch_id)
        return _batch(row)

    async def last_batch(self, event_id: str) -> Batch | None:
        """See the port."""
        columns = CERTIFICATE_BATCHES.c
        latest = select(CERTIFICATE_BATCHES).where(columns.event_id == event_id).order_by(desc(columns.started_at))
        row = (await self._connection.execute(latest.limit(1))).first()
        return None if row is None else _batch(row)

    async def running_batches(self) -> Sequence[tuple[str, str]]:
        """See the port."""
        columns = CERTIFICATE_BATCHES.c
        query = select(columns.event_id, columns.batch_id).where(columns.state == BatchState.RUNNING.value)
        rows = await self._connection.execute(query.order_by(columns.started_at))
        return [(row.event_id, row.batch_id) for row in rows]

    async def people_at(self, event_id: str) -> int:
        """See the port."""
        number = select(func.count()).select_from(REGISTRATIONS).where(REGISTRATIONS.c.event_id == event_id)
        return await self._connection.scalar(number) or 0


class SqlCertificateWriting(SqlCertificateReading):
    """A transaction; implements the port `CertificateWriting`."""

    async def save_issuer(self, issuer: KnownIssuer, *, at: datetime) -> None:
        """See the port."""
        named = exists().where(ISSUED_DOCUMENTS.c.issuer_id == ISSUERS.c.issuer_id)
        await self._connection.execute(delete(ISSUERS).where(ISSUERS.c.event_id == issuer.event_id, ~named))
        said = issuer.issuer
        details = {name: value for name, value in asdict(said).items() if name not in _PICTURES}
        keys = {"issuer_id": issuer.issuer_id, "event_id": issuer.event_id, "saved_at": at}
        values = keys | {"details": details, "logo": said.logo, "stamp": said.stamp}
        await self._connection.execute(insert(ISSUERS).values(values))

    async def save_certificate_settings(self, event_id: str, settings: CertificateSettings) -> None:
        """See the port."""
        await self._connection.execute(delete(CERTIFICATE_SETTINGS).where(CERTIFICATE_SETTINGS.c.event_id == event_id))
        values = {
            "nature": settings.nature.value,
            "handed_out": sorted(kind.value for kind in settings.handed_out),
            "employer_question": settings.employer_question,
        }
        await self._connection.execute(insert(CERTIFICATE_SETTINGS).values(event_id=event_id, **values))

    async def save_batch(self, batch: Batch) -> None:
        """See the port."""
        stands: dict[str, Any] = {
            "state": batch.state.value,
            "total": batch.total,
            "done_up_to": batch.done_up_to,
            "issued": batch.issued,
            "refused": {whose: why.value for whose, why in batch.refused.items()},
        }
        mine = update(CERTIFICATE_BATCHES).where(CERTIFICATE_BATCHES.c.batch_id == batch.batch_id)
        if (await self._connection.execute(mine.values(stands))).rowcount:
            return
        asked = {
            "batch_id": batch.batch_id,
            "event_id": batch.event_id,
            "actor": batch.actor,
            "kind": batch.kind.value,
            "language": batch.language,
            "letters": batch.letters,
            "started_at": batch.started_at,
            "as_of": batch.as_of,
        }
        await self._connection.execute(insert(CERTIFICATE_BATCHES).values(asked | stands))


def _known(row: Row[Any]) -> KnownIssuer:
    issuer = Issuer(**row.details, logo=row.logo, stamp=row.stamp)
    return KnownIssuer(issuer_id=row.issuer_id, event_id=row.event_id, issuer=issuer)


def _batch(row: Row[Any]) -> Batch:
    return Batch(
        batch_id=row.batch_id,
        event_id=row.event_id,
        actor=row.actor,
        kind=DocumentKind(row.kind),
        language=row.language,
        letters=row.letters,
        started_at=row.started_at,
        as_of=row.as_of,
        state=BatchState(row.state),
        total=row.total,
        done_up_to=row.done_up_to,
        issued=row.issued,
        refused={whose: NoCertificate(why) for whose, why in row.refused.items()},
    )
