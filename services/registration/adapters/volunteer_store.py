"""Volunteers' hours in the SQL store."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, desc, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.tables import SCANS
from services.registration.adapters.volunteer_tables import VOLUNTEER_NAMES, VOLUNTEER_SHIFTS, VOLUNTEER_VALUATIONS
from services.registration.domain.desk_days import midnight
from services.registration.domain.volunteering import AtDesk, Shift, Skill, Valuation


class SqlVolunteerReading:
    """A view through one connection; implements the port `VolunteerReading`."""

    _connection: AsyncConnection

    async def shifts(self, event_id: str) -> Sequence[Shift]:
        """See the port."""
        columns, names = VOLUNTEER_SHIFTS.c, VOLUNTEER_NAMES.c
        found = (
            select(VOLUNTEER_SHIFTS, names.name)
            .select_from(VOLUNTEER_SHIFTS.outerjoin(VOLUNTEER_NAMES, names.shift_id == columns.shift_id))
            .where(columns.event_id == event_id)
            .order_by(columns.day, columns.noted_at, columns.shift_id)
        )
        return [_shift(row) for row in await self._connection.execute(found)]

    async def valuation(self, event_id: str) -> Valuation | None:
        """See the port."""
        mine = select(VOLUNTEER_VALUATIONS).where(VOLUNTEER_VALUATIONS.c.event_id == event_id)
        return _valuation((await self._connection.execute(mine)).first())

    async def last_valuation(self) -> Valuation | None:
        """See the port."""
        latest = select(VOLUNTEER_VALUATIONS).order_by(desc(VOLUNTEER_VALUATIONS.c.saved_at)).limit(1)
        return _valuation((await self._connection.execute(latest)).first())

    async def at_desks(self, event_id: str, day: date, timezone: str) -> Sequence[AtDesk]:
        """See the port."""
        columns = SCANS.c
        begins, ends = midnight(day, timezone), midnight(day + timedelta(days=1), timezone)
        found = (
            select(
                columns.gate,
                func.min(columns.at).label("first"),
                func.max(columns.at).label("last"),
                func.count().label("scans"),
            )
            .where(columns.event_id == event_id, columns.at >= begins, columns.at < ends, columns.voided_by.is_(None))
            .group_by(columns.gate)
            .order_by(columns.gate)
        )
        return [
            AtDesk(day=day, gate=row.gate, first=row.first, last=row.last, scans=row.scans)
            for row in await self._connection.execute(found)
        ]


class SqlVolunteerWriting(SqlVolunteerReading):
    """A transaction; implements the port `VolunteerWriting`."""

    async def add_shift(self, shift: Shift) -> None:
        """See the port."""
        values = asdict(shift) | {"day": shift.day.isoformat(), "skill": shift.skill.value}
        name = values.pop("name")
        await self._connection.execute(insert(VOLUNTEER_SHIFTS).values(values))
        if name is not None:
            named = {"shift_id": shift.shift_id, "event_id": shift.event_id, "name": name}
            await self._connection.execute(insert(VOLUNTEER_NAMES).values(named))

    async def remove_shift(self, event_id: str, shift_id: str) -> bool:
        """See the port."""
        gone = 0
        for table in (VOLUNTEER_NAMES, VOLUNTEER_SHIFTS):
            mine = (table.c.event_id == event_id, table.c.shift_id == shift_id)
            gone = (await self._connection.execute(delete(table).where(*mine))).rowcount
        return gone > 0

    async def save_valuation(self, event_id: str, valuation: Valuation, *, at: datetime) -> None:
        """See the port."""
        mine = VOLUNTEER_VALUATIONS.c.event_id == event_id
        await self._connection.execute(delete(VOLUNTEER_VALUATIONS).where(mine))
        values = {"event_id": event_id, "saved_at": at, **asdict(valuation)}
        await self._connection.execute(insert(VOLUNTEER_VALUATIONS).values(values))


def _shift(row: Row[Any]) -> Shift:
    return Shift(
        shift_id=row.shift_id,
        event_id=row.event_id,
        day=date.fromisoformat(row.day),
        task=row.task,
        minutes=row.minutes,
        people=row.people,
        skill=Skill(row.skill),
        noted_at=row.noted_at,
        name=row.name,
    )


def _valuation(row: Row[Any] | None) -> Valuation | None:
    if row is None:
        return None
    return Valuation(
        hourly_cents=row.hourly_cents,
        basis=row.basis,
        skilled_percent=row.skilled_percent,
        expert_percent=row.expert_percent,
    )
