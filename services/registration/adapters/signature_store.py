"""Signatures, and what sheets are made with, in the SQL store."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.sheet_tables import SHEET_SETTINGS, SIGNATURES
from services.registration.application.signature_ports import SealedSignature
from services.registration.domain.signatures import Asked, SheetSettings, Way

_SIGNED: Final = SIGNATURES.c


class SqlSignatureReading:
    """A view through one connection; implements the port `SignatureReading`."""

    _connection: AsyncConnection

    async def sheet_settings(self, event_id: str) -> SheetSettings:
        """See the port."""
        mine = select(SHEET_SETTINGS).where(SHEET_SETTINGS.c.event_id == event_id)
        row = (await self._connection.execute(mine)).one_or_none()
        if row is None:
            return SheetSettings()
        return SheetSettings(asked=Asked(row.asked), from_afar=row.from_afar, trainers=tuple(row.trainers))

    async def signatures(
        self, event_id: str, *, half_day_id: str | None = None, participant_id: str | None = None
    ) -> Sequence[SealedSignature]:
        """See the port."""
        query = select(SIGNATURES).where(_SIGNED.event_id == event_id)
        if half_day_id is not None:
            query = query.where(_SIGNED.half_day_id == half_day_id)
        if participant_id is not None:
            query = query.where(_SIGNED.participant_id == participant_id)
        rows = (await self._connection.execute(query.order_by(_SIGNED.at, _SIGNED.participant_id))).mappings()
        return [SealedSignature(**{**row, "way": Way(row["way"])}) for row in rows]

    async def signature_times(self, event_id: str) -> Mapping[tuple[str, str], datetime]:
        """See the port."""
        query = select(_SIGNED.participant_id, _SIGNED.half_day_id, _SIGNED.at).where(_SIGNED.event_id == event_id)
        return {(row.participant_id, row.half_day_id): row.at for row in await self._connection.execute(query)}


class SqlSignatureWriting(SqlSignatureReading):
    """A transaction; implements the port `SignatureWriting`."""

    async def save_sheet_settings(self, event_id: str, settings: SheetSettings) -> None:
        """See the port."""
        await self._connection.execute(delete(SHEET_SETTINGS).where(SHEET_SETTINGS.c.event_id == event_id))
        values = {"asked": settings.asked.value, "from_afar": settings.from_afar, "trainers": list(settings.trainers)}
        await self._connection.execute(insert(SHEET_SETTINGS).values(event_id=event_id, **values))

    async def save_signature(self, signature: SealedSignature) -> None:
        """See the port."""
        same = (_SIGNED.participant_id == signature.participant_id, _SIGNED.half_day_id == signature.half_day_id)
        await self._connection.execute(delete(SIGNATURES).where(*same))
        values = asdict(signature) | {"way": signature.way.value}
        await self._connection.execute(insert(SIGNATURES).values(values))
