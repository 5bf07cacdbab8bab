"""The reading of seats from the SQL store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, desc, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.rows import registration_from
from services.registration.adapters.tables import EVENTS, REGISTRATIONS, SCANS
from services.registration.domain.checkins import Action
from services.registration.domain.errors import ParticipantNotFoundError
from services.registration.domain.event import EventStatus
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, Ranks, SeatStatus

_SEAT: Final = REGISTRATIONS.c
_EVENT: Final = EVENTS.c
RANK: Final[Mapping[Mode, Any]] = {Mode.IN_PERSON: _SEAT.in_person_rank, Mode.REMOTE: _SEAT.remote_rank}
"""The columns that order who waits."""


class SqlSeatReading:
    """A view of the seats through one connection; implements the port `SeatReading`."""

    _connection: AsyncConnection

    async def registration(self, event_id: str, participant_id: str) -> Registration:
        """See the port."""
        mine = (_SEAT.event_id == event_id, _SEAT.participant_id == participant_id)
        row = (await self._connection.execute(select(REGISTRATIONS).where(*mine))).first()
        if row is None:
            raise ParticipantNotFoundError(participant_id)
        return registration_from(row)

    async def counts(self, event_id: str) -> Mapping[tuple[Mode, SeatStatus], int]:
        """See the port."""
        query = (
            select(_SEAT.mode, _SEAT.status, func.count().label("number"))
            .where(_SEAT.event_id == event_id)
            .group_by(_SEAT.mode, _SEAT.status)
        )
        rows = await self._connection.execute(query)
        return {(Mode(row.mode), SeatStatus(row.status)): row.number for row in rows}

    async def offered(self, event_id: str) -> Mapping[Mode, int]:
        """See the port."""
        query = (
            select(_SEAT.offered, func.count().label("number"))
            .where(_SEAT.event_id == event_id, _SEAT.offered.is_not(None))
            .group_by(_SEAT.offered)
        )
        return {Mode(row.offered): row.number for row in await self._connection.execute(query)}

    async def awaited(self, event_id: str) -> Mapping[Mode, int]:
        """See the port."""
        numbers: dict[Mode, int] = {}
        for mode in Mode:
            query = select(func.count()).where(_SEAT.event_id == event_id, *waits_for(mode))
            numbers[mode] = await self._connection.scalar(query) or 0
        return numbers

    async def taken(self, event_id: str) -> Mapping[Mode, int]:
        """See the port."""
        counts, offered = await self.counts(event_id), await self.offered(event_id)
        return {mode: counts.get((mode, SeatStatus.CONFIRMED), 0) + offered.get(mode, 0) for mode in Mode}

    async def waiting(
        self, event_id: str, mode: Mode, *, limit: int, never_released: bool = False
    ) -> Sequence[Registration]:
        """See the port."""
        waits = (_SEAT.event_id == event_id, RANK[mode].is_not(None), _SEAT.offered.is_(None))
        query = select(REGISTRATIONS).where(*waits).order_by(RANK[mode]).limit(limit)
        if never_released:
            query = query.where(_SEAT.released_at.is_(None))
        return [registration_from(row) for row in await self._connection.execute(query)]

    async def no_shows(self, event_id: str, *, since: datetime, limit: int) -> Sequence[Registration]:
        """See the port."""
        query = (
            select(REGISTRATIONS)
            .where(_SEAT.event_id == event_id, *_never_came(since))
            .order_by(desc(_SEAT.created_at), desc(_SEAT.participant_id))
            .limit(limit)
        )
        return [registration_from(row) for row in await self._connection.execute(query)]

    async def expired_offers(self, event_id: str, *, now: datetime) -> Sequence[Registration]:
        """See the port."""
        query = (
            select(REGISTRATIONS)
            .where(_SEAT.event_id == event_id, _SEAT.offered_until <= now)
            .order_by(_SEAT.offered_until, _SEAT.participant_id)
        )
        return [registration_from(row) for row in await self._connection.execute(query)]

    async def offers_beyond(self, event_id: str, instant: datetime) -> Sequence[Registration]:
        """See the port."""
        query = (
            select(REGISTRATIONS)
            .where(_SEAT.event_id == event_id, _SEAT.offered_until > instant)
            .order_by(_SEAT.offered_until, _SEAT.participant_id)
        )
        return [registration_from(row) for row in await self._connection.execute(query)]

    async def events_to_settle(self, *, now: datetime) -> Sequence[str]:
        """See the port."""
        of_event = _SEAT.event_id == _EVENT.event_id
        lapsed = select(_SEAT.event_id).where(_SEAT.offered_until <= now)
        awaited = exists().where(of_event, *waits_for(Mode.IN_PERSON), _SEAT.released_at.is_(None))
        forsaken = exists().where(of_event, *_never_came(_EVENT.no_shows_from))
        running = and_(_EVENT.no_shows_from <= now, _EVENT.ends_at > now, awaited, forsaken)
        query = select(_EVENT.event_id).where(
            _EVENT.status == EventStatus.PUBLISHED.value, or_(_EVENT.event_id.in_(lapsed), running)
        )
        return [row.event_id for row in await self._connection.execute(query.order_by(_EVENT.event_id))]

    async def group(self, event_id: str, group_id: str) -> Sequence[str]:
        """See the port."""
        query = (
            select(_SEAT.participant_id)
            .where(_SEAT.event_id == event_id, _SEAT.group_id == group_id)
            .order_by(_SEAT.created_at, _SEAT.participant_id)
        )
        return [row.participant_id for row in await self._connection.execute(query)]

    async def next_ranks(self, event_id: str) -> Ranks:
        """The ranks at the end of each waitlist."""
        ends = dict.fromkeys(Mode, 1)
        for mode in Mode:
            query = select(func.max(RANK[mode])).where(_SEAT.event_id == event_id)
            ends[mode] = (await self._connection.scalar(query) or 0) + 1
        return Ranks(in_person=ends[Mode.IN_PERSON], remote=ends[Mode.REMOTE])


def waits_for(mode: Mode) -> tuple[ColumnElement[bool], ...]:
    """The conditions of who waits for a mode and has no offer of it."""
    return RANK[mode].is_not(None), or_(_SEAT.offered.is_(None), _SEAT.offered != mode.value)


def ahead(mode: Mode) -> Any:  # noqa: ANN401  (a scalar subquery, correlated with a query of registrations)
    """How many wait for a mode before whoever the row is about."""
    others = REGISTRATIONS.alias(f"others_{mode.value}")
    rank = f"{mode.value}_rank"
    return (
        select(func.count())
        .where(
            others.c.event_id == _SEAT.event_id,
            others.c[rank] < _SEAT[rank],
            or_(others.c.offered.is_(None), others.c.offered != mode.value),
        )
        .scalar_subquery()
    )


def _never_came(since: Any) -> tuple[ColumnElement[bool], ...]:  # noqa: ANN401  (an instant or a column)
    came = exists().where(
        SCANS.c.event_id == _SEAT.event_id,
        SCANS.c.participant_id == _SEAT.participant_id,
        SCANS.c.action == Action.IN.value,
        SCANS.c.voided_by.is_(None),
    )
    return (
        _SEAT.mode == Mode.IN_PERSON.value,
        _SEAT.status == SeatStatus.CONFIRMED.value,
        _SEAT.changed_at < since,
        ~came,
    )
