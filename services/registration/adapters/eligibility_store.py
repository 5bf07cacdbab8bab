"""Rules of eligibility and contests in the SQL store."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.eligibility_tables import CONTESTS, ELIGIBILITY_RULES
from services.registration.application.eligibility_ports import SealedContest, StoredRules
from services.registration.domain.eligibility import Requirement, Rules, Scope
from services.registration.domain.seats import Mode

_RULES: Final = ELIGIBILITY_RULES.c
_OF: Final = CONTESTS.c


class SqlEligibilityReading:
    """A view through one connection; implements the port `EligibilityReading`."""

    _connection: AsyncConnection

    async def eligibility_rules(self, event_id: str) -> StoredRules | None:
        """See the port."""
        latest = select(ELIGIBILITY_RULES).where(_RULES.event_id == event_id).order_by(_RULES.version.desc()).limit(1)
        row = (await self._connection.execute(latest)).one_or_none()
        if row is None:
            return None
        return StoredRules(rules=_rules(row.rules), version=row.version, at=row.at, by=row.by)

    async def contests(
        self, event_id: str, *, participant_ids: Collection[str] | None = None
    ) -> Sequence[SealedContest]:
        """See the port."""
        query = select(CONTESTS).where(_OF.event_id == event_id)
        if participant_ids is not None:
            query = query.where(_OF.participant_id.in_(participant_ids))
        rows = (await self._connection.execute(query.order_by(_OF.at, _OF.contest_id))).mappings()
        return [_contest(row) for row in rows]

    async def contest(self, event_id: str, contest_id: str) -> SealedContest | None:
        """See the port."""
        query = select(CONTESTS).where(_OF.event_id == event_id, _OF.contest_id == contest_id)
        row = (await self._connection.execute(query)).mappings().one_or_none()
        return None if row is None else _contest(row)

    async def waiting_contests(self, event_id: str) -> int:
        """See the port."""
        waiting = (_OF.event_id == event_id, _OF.outcome.is_(None))
        return await self._connection.scalar(select(func.count()).select_from(CONTESTS).where(*waiting)) or 0


class SqlEligibilityWriting(SqlEligibilityReading):
    """A transaction; implements the port `EligibilityWriting`."""

    async def add_eligibility_rules(self, event_id: str, stored: StoredRules) -> None:
        """See the port."""
        values = {"rules": asdict(stored.rules), "version": stored.version, "at": stored.at, "by": stored.by}
        await self._connection.execute(insert(ELIGIBILITY_RULES).values(event_id=event_id, **values))

    async def save_contest(self, contest: SealedContest) -> None:
        """See the port."""
        await self._connection.execute(delete(CONTESTS).where(_OF.contest_id == contest.contest_id))
        await self._connection.execute(insert(CONTESTS).values(asdict(contest)))


def _rules(stored: Mapping[str, Any]) -> Rules:
    requirements = tuple(Requirement(**{**each, "scope": Scope(each["scope"])}) for each in stored["requirements"])
    return Rules(**{**stored, "requirements": requirements, "mode": _mode(stored["mode"])})


def _contest(row: Mapping[Any, Any]) -> SealedContest:
    modes = {"mode": _mode(row["mode"]), "granted_mode": _mode(row["granted_mode"])}
    return SealedContest(**{**row, **modes})


def _mode(stored: str | None) -> Mode | None:
    return None if stored is None else Mode(stored)
