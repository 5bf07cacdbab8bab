"""Places in sessions in the SQL store."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.rows import registration_from, session_place_from, session_place_values
from services.registration.adapters.tables import PEOPLE, REGISTRATIONS, SESSION_PLACES
from services.registration.application.session_ports import Attendee, AttendeeQuery
from services.registration.domain.registrations import Registration
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.session_places import SessionPlace

_PLACE: Final = SESSION_PLACES.c
_SEAT: Final = REGISTRATIONS.c
_WAITS: Final = _PLACE.status == SeatStatus.WAITLISTED.value


class SqlSessionReading:
    """A view through one connection; implements the port `SessionReading`."""

    _connection: AsyncConnection

    async def session_places(self, participant_ids: Collection[str]) -> Sequence[SessionPlace]:
        """See the port."""
        query = select(SESSION_PLACES).where(_PLACE.participant_id.in_(participant_ids))
        return [session_place_from(row) for row in await self._connection.execute(query)]

    async def session_positions(self, participant_ids: Collection[str]) -> Mapping[tuple[str, str], int]:
        """See the port."""
        query = select(_PLACE.participant_id, _PLACE.session_id, _ahead().label("ahead"))
        rows = await self._connection.execute(query.where(_WAITS, _PLACE.participant_id.in_(participant_ids)))
        return {(row.participant_id, row.session_id): row.ahead + 1 for row in rows}

    async def session_counts(self, event_id: str) -> Mapping[tuple[str, Mode, SeatStatus], int]:
        """See the port."""
        columns = (_PLACE.session_id, _PLACE.mode, _PLACE.status)
        query = select(*columns, func.count().label("number")).where(_PLACE.event_id == event_id).group_by(*columns)
        rows = await self._connection.execute(query)
        return {(row.session_id, Mode(row.mode), SeatStatus(row.status)): row.number for row in rows}

    async def registered_for(self, event_id: str, session_ids: Collection[str]) -> Sequence[str]:
        """See the port."""
        there = (_PLACE.event_id == event_id, _PLACE.session_id.in_(session_ids))
        query = select(_PLACE.participant_id).where(*there, _PLACE.status != SeatStatus.CANCELLED.value).distinct()
        return list(await self._connection.scalars(query.order_by(_PLACE.participant_id)))

    async def attendees(self, event_id: str, query: AttendeeQuery) -> Sequence[Attendee]:
        """See the port."""
        # Who waits comes after who has a seat, by mode: those with one have no rank.
        waits_for = case((_WAITS, _PLACE.mode), else_="")
        order = (waits_for, func.coalesce(_PLACE.rank, 0), _PLACE.changed_at, _PLACE.participant_id)
        found = (
            select(SESSION_PLACES, PEOPLE.c.name, _ahead().label("ahead"))
            .outerjoin(PEOPLE, PEOPLE.c.participant_id == _PLACE.participant_id)
            .where(_PLACE.event_id == event_id, _PLACE.session_id == query.session_id)
            .where(_PLACE.status != SeatStatus.CANCELLED.value)
        )
        if query.after is not None:
            found = found.where(_beyond(order, query.after))
        rows = await self._connection.execute(found.order_by(*order).limit(query.limit))
        return [
            Attendee(place=session_place_from(row), name=row.name, position=None if row.rank is None else row.ahead + 1)
            for row in rows
        ]


class SqlSessionWriting(SqlSessionReading):
    """A transaction; implements the port `SessionWriting`."""

    async def save_session_place(self, place: SessionPlace) -> None:
        """See the port."""
        values = session_place_values(place)
        mine = (_PLACE.participant_id == place.participant_id, _PLACE.session_id == place.session_id)
        changed = await self._connection.execute(update(SESSION_PLACES).where(*mine).values(values))
        if not changed.rowcount:
            await self._connection.execute(insert(SESSION_PLACES).values(values))

    async def next_session_rank(self, event_id: str, session_id: str, mode: Mode) -> int:
        """See the port."""
        line = (_PLACE.event_id == event_id, _PLACE.session_id == session_id, _PLACE.mode == mode.value, _WAITS)
        last: int | None = await self._connection.scalar(select(func.max(_PLACE.rank)).where(*line))
        return (last or 0) + 1

    async def places_out_of_step(self, event_id: str) -> Sequence[tuple[SessionPlace, Registration]]:
        """See the port."""
        unseated = and_(_PLACE.status == SeatStatus.CONFIRMED.value, _SEAT.status == SeatStatus.WAITLISTED.value)
        moved = or_(_SEAT.status == SeatStatus.CANCELLED.value, _PLACE.mode != _SEAT.mode, unseated)
        query = _joined().where(_PLACE.event_id == event_id, _PLACE.status != SeatStatus.CANCELLED.value, moved)
        # Who had a seat comes before who waited, and those stay in their order.
        order = (func.coalesce(_PLACE.rank, 0), _PLACE.changed_at, _PLACE.participant_id)
        return await self._with_registrations(query.order_by(*order))

    async def waiting_for_session(
        self, event_id: str, session_id: str, mode: Mode, *, limit: int | None
    ) -> Sequence[tuple[SessionPlace, Registration]]:
        """See the port."""
        query = _joined().where(
            _PLACE.event_id == event_id,
            _PLACE.session_id == session_id,
            _PLACE.mode == mode.value,
            _WAITS,
            _SEAT.mode == mode.value,
            _SEAT.status == SeatStatus.CONFIRMED.value,
        )
        return await self._with_registrations(query.order_by(_PLACE.rank).limit(limit))

    async def _with_registrations(self, query: Select[Any]) -> Sequence[tuple[SessionPlace, Registration]]:
        places = [session_place_from(row) for row in await self._connection.execute(query)]
        if not places:
            return []
        holders = {place.participant_id for place in places}
        rows = await self._connection.execute(select(REGISTRATIONS).where(_SEAT.participant_id.in_(holders)))
        registrations = {row.participant_id: registration_from(row) for row in rows}
        return [(place, registrations[place.participant_id]) for place in places]


def _joined() -> Select[Any]:
    return select(SESSION_PLACES).join(REGISTRATIONS, _SEAT.participant_id == _PLACE.participant_id)


def _ahead() -> Any:  # noqa: ANN401  (a scalar subquery, correlated with a query of places)
    """How many wait for the same session in the same mode before whoever the row is about."""
    others = SESSION_PLACES.alias("others")
    return (
        select(func.count())
        .where(
            others.c.event_id == _PLACE.event_id,
            others.c.session_id == _PLACE.session_id,
            others.c.mode == _PLACE.mode,
            others.c.status == SeatStatus.WAITLISTED.value,
            others.c.rank < _PLACE.rank,
        )
        .scalar_subquery()
    )


def _beyond(order: Sequence[ColumnElement[Any]], last: Sequence[Any]) -> ColumnElement[bool]:
    """Whether a row comes after the last one that was seen."""
    return or_(
        *(
            and_(*(order[before] == last[before] for before in range(place)), order[place] > last[place])
            for place in range(len(order))
        )
    )
