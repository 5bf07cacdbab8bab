"""What the desks read of the database."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, desc, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.database import padded
from services.registration.adapters.erasure_tables import ERASURES
from services.registration.adapters.rows import scan_from
from services.registration.adapters.tables import PEOPLE, REGISTRATIONS, SCANS, SESSION_PLACES, SETTLED_DOUBLE_ENTRIES
from services.registration.application.desk_ports import Guest, Inside, TicketState
from services.registration.domain.checkins import Action, Scan, TicketHolder
from services.registration.domain.seats import Mode, SeatStatus
from services.registration.domain.unseated_entries import UnseatedEntry

_SCAN = SCANS.c
_SEAT = REGISTRATIONS.c
_PLACE = SESSION_PLACES.c
_LATEST = (desc(_SCAN.at), desc(_SCAN.recorded_at))


class SqlDeskReading:
    """A view through one connection; implements the port `DeskReading`."""

    _connection: AsyncConnection

    async def ticket_states(
        self, event_id: str, *, since: datetime | None, with_sessions: bool = False
    ) -> Sequence[TicketState]:
        """See the port."""
        query = (
            select(_SEAT.participant_id, _SEAT.ticket, _SEAT.mode, _SEAT.status, PEOPLE.c.name)
            .outerjoin(PEOPLE, PEOPLE.c.participant_id == _SEAT.participant_id)
            .where(_SEAT.event_id == event_id)
        )
        if since is not None:
            scanned = select(_SCAN.participant_id).where(
                _SCAN.event_id == event_id, or_(_SCAN.recorded_at >= since, _SCAN.voided_at >= since)
            )
            erased = select(ERASURES.c.participant_id).where(ERASURES.c.event_id == event_id, ERASURES.c.at >= since)
            moved = [_SEAT.changed_at >= since, _SEAT.participant_id.in_(scanned), _SEAT.participant_id.in_(erased)]
            if with_sessions:
                rebooked = select(_PLACE.participant_id).where(_PLACE.event_id == event_id, _PLACE.changed_at >= since)
                moved.append(_SEAT.participant_id.in_(rebooked))
            query = query.where(or_(*moved))
        seats = (await self._connection.execute(query)).all()
        of_these = None if since is None else [seat.participant_id for seat in seats]
        # A list of all of them in order is read faster than the last of each is found, by either database.
        scans = select(SCANS).where(*_counted(event_id, of_these)).order_by(_SCAN.at, _SCAN.recorded_at)
        last: dict[str, Row[Any]] = {}
        entered: dict[str, dict[str, Row[Any] | None]] = {}
        gone: dict[str, datetime] = {}
        for row in await self._connection.execute(scans):
            participant_id, place_id, comes_in = row.participant_id, row.place_id, row.action == Action.IN.value
            if place_id is not None:
                entered.setdefault(participant_id, {})[place_id] = row if comes_in else None
            elif not comes_in:
                gone[participant_id] = row.at
            if place_id is None or comes_in:
                last[participant_id] = row
        sessions = await self._seats_in_sessions(event_id, of_these) if with_sessions else {}
        return [
            TicketState(
                participant_id=seat.participant_id,
                ticket=seat.ticket,
                name=seat.name,
                mode=Mode(seat.mode),
                status=SeatStatus(seat.status),
                last=scan_from(last[seat.participant_id]) if seat.participant_id in last else None,
                places=_inside(entered.get(seat.participant_id, {}), gone.get(seat.participant_id)),
                sessions=sessions.get(seat.participant_id, ()),
            )
            for seat in seats
        ]

    async def guests(
        self, event_id: str, *, codes: Collection[str], participant_ids: Collection[str]
    ) -> Sequence[Guest]:
        """See the port."""
        found: list[Guest] = []
        if codes:
            found += await self._guests(_GUESTS.where(_SEAT.ticket.in_(padded(codes))))
        if participant_ids:
            mine = (_SEAT.event_id == event_id, _SEAT.participant_id.in_(padded(participant_ids)))
            found += await self._guests(_GUESTS.where(*mine))
        return found

    async def scans_of_guests(self, event_id: str, participant_ids: Collection[str]) -> Sequence[Scan]:
        """See the port."""
        if not participant_ids:
            return ()
        query = select(SCANS).where(*_counted(event_id, padded(participant_ids)))
        return [scan_from(row) for row in await self._connection.execute(query)]

    async def scans_named(self, event_id: str, fact_ids: Collection[str]) -> Sequence[Scan]:
        """See the port."""
        if not fact_ids:
            return ()
        query = select(SCANS).where(_SCAN.event_id == event_id, _SCAN.fact_id.in_(padded(fact_ids)))
        return [scan_from(row) for row in await self._connection.execute(query)]

    async def inside(self, event_id: str) -> Inside:
        """See the port."""
        last = _last(event_id).subquery()
        gates = select(last.c.gate, func.count().label("number")).where(last.c.action == Action.IN.value)
        rows = await self._connection.execute(gates.group_by(last.c.gate))
        by_place: dict[str, int] = {}
        for row in await self._in_places(event_id):
            by_place[row.place_id] = by_place.get(row.place_id, 0) + 1
        return Inside(by_gate={row.gate: row.number for row in rows}, by_place=by_place)

    async def repeated_entries(self, event_id: str) -> Mapping[str, Sequence[Scan]]:
        """See the port."""
        counted = (_SCAN.event_id == event_id, _SCAN.voided_by.is_(None), _SCAN.place_id.is_(None))
        entries = func.sum(case((_SCAN.action == Action.IN.value, 1), else_=0))
        often = select(_SCAN.participant_id).where(*counted).group_by(_SCAN.participant_id).having(entries > 1)
        found: dict[str, list[Scan]] = {}
        rows = await self._connection.execute(select(SCANS).where(*counted, _SCAN.participant_id.in_(often)))
        for row in rows:
            found.setdefault(row.participant_id, []).append(scan_from(row))
        return found

    async def late_entries_without_seat(self, event_id: str, sessions: Collection[str]) -> Sequence[UnseatedEntry]:
        """See the port."""
        # A desk that told it at once would have refused them; and who moved since had a seat then.
        late = (
            _SCAN.event_id == event_id,
            _SCAN.voided_by.is_(None),
            _SCAN.action == Action.IN.value,
            or_(_SCAN.at < _SCAN.recorded_at, _SCAN.clock_offset_ms.is_not(None)),
        )
        room = (
            select(SCANS)
            .join(REGISTRATIONS, _SEAT.participant_id == _SCAN.participant_id)
            .where(*late, or_(_SEAT.mode != Mode.IN_PERSON.value, _SEAT.status != SeatStatus.CONFIRMED.value))
            .where(or_(_SEAT.moved_at.is_(None), _SEAT.moved_at <= _SCAN.at))
        )
        found = [UnseatedEntry(scan=scan_from(row), session_id=None) for row in await self._connection.execute(room)]
        if not sessions:
            return found
        same = (_PLACE.participant_id == _SCAN.participant_id, _PLACE.session_id == _SCAN.place_id)
        session = (
            select(SCANS)
            .outerjoin(SESSION_PLACES, and_(*same))
            .where(*late, _SCAN.place_id.in_(sessions))
            .where(or_(_PLACE.status.is_(None), _PLACE.status != SeatStatus.CONFIRMED.value))
            .where(or_(_PLACE.changed_at.is_(None), _PLACE.changed_at <= _SCAN.at))
        )
        rows = await self._connection.execute(session)
        return [*found, *(UnseatedEntry(scan=scan_from(row), session_id=row.place_id) for row in rows)]

    async def settled_notices(self, event_id: str) -> Collection[str]:
        """See the port."""
        columns = SETTLED_DOUBLE_ENTRIES.c
        rows = await self._connection.execute(select(columns.fact_id).where(columns.event_id == event_id))
        return {row.fact_id for row in rows}

    async def _guests(self, query: Select[Any]) -> Sequence[Guest]:
        rows = await self._connection.execute(query)
        return [Guest(holder=holder_from(row), ticket=row.ticket, name=row.name) for row in rows]

    async def _seats_in_sessions(
        self, event_id: str, participants: Collection[str] | None
    ) -> Mapping[str, Collection[str]]:
        query = select(_PLACE.participant_id, _PLACE.session_id)
        query = query.where(_PLACE.event_id == event_id, _PLACE.status == SeatStatus.CONFIRMED.value)
        if participants is not None:
            query = query.where(_PLACE.participant_id.in_(participants))
        found: dict[str, list[str]] = {}
        for row in await self._connection.execute(query):
            found.setdefault(row.participant_id, []).append(row.session_id)
        return found

    async def _in_places(self, event_id: str) -> Sequence[Row[Any, Any]]:
        """Who is in which room or session: came in there last, and has not left the event since."""
        newest = func.row_number().over(partition_by=(_SCAN.participant_id, _SCAN.place_id), order_by=_LATEST)
        scans = (
            select(_SCAN.participant_id, _SCAN.place_id, _SCAN.action, _SCAN.at, newest.label("place"))
            .where(*_counted(event_id, None), _SCAN.place_id.is_not(None))
            .subquery()
        )
        gone = (
            select(_SCAN.participant_id, func.max(_SCAN.at).label("at"))
            .where(*_counted(event_id, None), _SCAN.place_id.is_(None), _SCAN.action == Action.OUT.value)
            .group_by(_SCAN.participant_id)
            .subquery()
        )
        query = (
            select(scans.c.participant_id, scans.c.place_id)
            .outerjoin(gone, gone.c.participant_id == scans.c.participant_id)
            .where(
                scans.c.place == 1,
                scans.c.action == Action.IN.value,
                or_(gone.c.at.is_(None), gone.c.at <= scans.c.at),
            )
        )
        return (await self._connection.execute(query)).all()


def tells_of_presence() -> ColumnElement[bool]:
    """Whether a row of `scans` says something of who is at the event (`Scan.tells_of_presence`)."""
    return or_(_SCAN.place_id.is_(None), _SCAN.action == Action.IN.value)


def holder_from(row: Row[Any]) -> TicketHolder:
    """What a door must know of a row of `registrations`."""
    return TicketHolder(
        event_id=row.event_id,
        participant_id=row.participant_id,
        mode=Mode(row.mode),
        status=SeatStatus(row.status),
        moved_at=row.moved_at,
    )


def _counted(event_id: str, participants: Collection[str] | None) -> tuple[ColumnElement[bool], ...]:
    counted = (_SCAN.event_id == event_id, _SCAN.voided_by.is_(None))
    return counted if participants is None else (*counted, _SCAN.participant_id.in_(participants))


def _last(event_id: str) -> Select[Any]:
    """The last scan of each participant that tells of their presence at the event."""
    newest = func.row_number().over(partition_by=_SCAN.participant_id, order_by=_LATEST)
    scans = select(SCANS, newest.label("place")).where(*_counted(event_id, None), tells_of_presence())
    rows = scans.subquery()
    return select(rows).where(rows.c.place == 1)


def _inside(entered: Mapping[str, Row[Any] | None], gone: datetime | None) -> Mapping[str, Scan]:
    """The places that somebody came into last, by their scan there, and has not left the event since."""
    return {
        place_id: scan_from(row)
        for place_id, row in entered.items()
        if row is not None and (gone is None or gone <= row.at)
    }


_GUESTS = select(
    *(_SEAT.event_id, _SEAT.participant_id, _SEAT.mode, _SEAT.status, _SEAT.moved_at, _SEAT.ticket), PEOPLE.c.name
).outerjoin(PEOPLE, PEOPLE.c.participant_id == _SEAT.participant_id)
