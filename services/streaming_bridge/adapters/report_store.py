"""Reports that organizers brought, sealed: they name people, and are kept for a day at most."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
import structlog
from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.scrubbing import owe
from services.chassis.secrets import BrokenSealError, SecretBox
from services.streaming_bridge.adapters.storage import reading, storing
from services.streaming_bridge.adapters.tables import REPORTS, SCRUBS
from services.streaming_bridge.application.report_ports import BroughtReport
from services.streaming_bridge.domain.reports import Report

KEPT_FOR: Final = timedelta(days=1)
_REPORT: Final = TypeAdapter(Report)

log = structlog.stdlib.get_logger(__name__)


class SqlReports:
    """Keeps what was brought; implements the port `Reports`."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine, *, box: SecretBox) -> None:
        """`box` seals them."""
        self._engine = engine
        self._readers = readers
        self._box = box

    async def keep(self, brought: BroughtReport) -> None:
        """See the port; what was kept for long enough is deleted by the way."""
        row = {
            "report_id": brought.report_id,
            "event_id": brought.event_id,
            "room_id": brought.room_id,
            "zone": brought.zone,
            "sealed_report": self._box.seal(_REPORT.dump_json(brought.report)),
            "brought_at": brought.brought_at,
        }
        async with storing(self._engine) as connection:
            await forget_reports(
                connection, REPORTS.c.brought_at < brought.brought_at - KEPT_FOR, now=brought.brought_at
            )
            await connection.execute(sa.insert(REPORTS), row)

    async def find(self, event_id: str, report_id: str, *, now: datetime) -> BroughtReport | None:
        """See the port. What was sealed with another key is as good as deleted: it can be brought again."""
        kept = REPORTS.c
        query = sa.select(REPORTS).where(
            kept.report_id == report_id, kept.event_id == event_id, kept.brought_at >= now - KEPT_FOR
        )
        async with reading(self._readers) as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        try:
            report = _REPORT.validate_json(self._box.open(row.sealed_report))
        except BrokenSealError:
            log.warning("reports.sealed_with_another_key")
            return None
        return BroughtReport(
            report_id=row.report_id,
            event_id=row.event_id,
            room_id=row.room_id,
            zone=row.zone,
            brought_at=row.brought_at,
            report=report,
        )


async def forget_reports(connection: AsyncConnection, *which: sa.ColumnElement[bool], now: datetime) -> None:
    """Delete some reports, in the caller's transaction."""
    gone = await connection.execute(sa.delete(REPORTS).where(*which))
    if gone.rowcount:
        await owe(connection, SCRUBS, now=now)


async def forget_reports_of(connection: AsyncConnection, event_id: str, *, now: datetime) -> None:
    """Delete the reports of an event: they may name somebody who was erased, where nobody would look for them."""
    await forget_reports(connection, REPORTS.c.event_id == event_id, now=now)
