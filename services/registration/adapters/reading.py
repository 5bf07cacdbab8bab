"""The reading half of the SQL store."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, desc, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.account_reading import SqlAccountReading
from services.registration.adapters.desk_reading import SqlDeskReading, holder_from, tells_of_presence
from services.registration.adapters.document_store import SqlDocumentReading
from services.registration.adapters.eligibility_store import SqlEligibilityReading
from services.registration.adapters.erasing import SqlErasureReading
from services.registration.adapters.import_store import SqlImportReading
from services.registration.adapters.people_reading import SqlPeopleReading
from services.registration.adapters.retention_store import SqlRetentionReading
from services.registration.adapters.rows import (
    event_from,
    guest_link_from,
    registration_from,
    scan_from,
    searchable,
    time_acceptance_from,
    token_from,
)
from services.registration.adapters.seat_reading import RANK, SqlSeatReading, ahead
from services.registration.adapters.session_store import SqlSessionReading
from services.registration.adapters.shop_store import SqlShopReading
from services.registration.adapters.signature_store import SqlSignatureReading
from services.registration.adapters.tables import (
    CONSENTS,
    EVENTS,
    GUEST_LINKS,
    PEOPLE,
    REGISTRATIONS,
    SCANS,
    TIME_ACCEPTANCES,
    TOKENS,
)
from services.registration.adapters.volunteer_store import SqlVolunteerReading
from services.registration.application.ports import EventQuery, GuestLink, Participant, RosterQuery
from services.registration.application.token_ports import StoredToken
from services.registration.domain.checkins import Action, Scan, TicketHolder
from services.registration.domain.errors import EventNotFoundError, ParticipantNotFoundError
from services.registration.domain.event import Event, EventStatus
from services.registration.domain.registrations import Person, Purpose
from services.registration.domain.seats import Mode
from services.registration.domain.suspect_times import TimeAcceptance

_SEAT = REGISTRATIONS.c


class SqlReading(
    SqlDeskReading,
    SqlDocumentReading,
    SqlSeatReading,
    SqlSessionReading,
    SqlPeopleReading,
    SqlErasureReading,
    SqlAccountReading,
    SqlImportReading,
    SqlShopReading,
    SqlRetentionReading,
    SqlSignatureReading,
    SqlEligibilityReading,
    SqlVolunteerReading,
):
    """A view of the database through one connection; implements the port `Reading`."""

    def __init__(self, connection: AsyncConnection, *, lock: bool = False) -> None:
        """With `lock`, loading an event keeps other writers of the same event out (PostgreSQL; SQLite has one)."""
        self._connection = connection
        self._lock = lock

    async def event(self, event_id: str) -> Event:
        """See the port."""
        query = select(EVENTS).where(EVENTS.c.event_id == event_id)
        row = await self._first(query.with_for_update() if self._lock else query)
        if row is None:
            raise EventNotFoundError(event_id)
        return event_from(row)

    async def events(self, query: EventQuery) -> Sequence[Event]:
        """See the port."""
        columns = EVENTS.c
        found = select(EVENTS).where(columns.status.in_([status.value for status in query.statuses]))
        found = found.where(columns.archived_at.is_not(None) if query.archived else columns.archived_at.is_(None))
        if query.after is not None:
            instant, event_id = query.after
            same = and_(columns.starts_at == instant, columns.event_id > event_id)
            found = found.where(or_(columns.starts_at < instant, same))
        if query.ending_after is not None:
            found = found.where(columns.ends_at > query.ending_after)
        if query.only is not None:
            found = found.where(columns.event_id.in_(query.only))
        found = found.order_by(desc(columns.starts_at), columns.event_id).limit(query.limit)
        return [event_from(row) for row in await self._connection.execute(found)]

    async def ended(self, now: datetime) -> Sequence[Event]:
        """See the port."""
        columns = EVENTS.c
        open_still = (columns.status == EventStatus.PUBLISHED.value, columns.ends_at <= now)
        found = select(EVENTS).where(*open_still).order_by(columns.ends_at, columns.event_id)
        return [event_from(row) for row in await self._connection.execute(found)]

    async def series(self, only: Collection[str] | None) -> Sequence[str]:
        """See the port."""
        column = EVENTS.c.series
        found = select(column).where(column.is_not(None)).distinct().order_by(column)
        if only is not None:
            found = found.where(EVENTS.c.event_id.in_(only))
        return (await self._connection.scalars(found)).all()

    async def created_by(self, retry_key: str) -> str | None:
        """See the port."""
        query = select(EVENTS.c.event_id).where(EVENTS.c.retry_key == retry_key)
        found: str | None = await self._connection.scalar(query)
        return found

    async def participant(self, event_id: str, participant_id: str) -> Participant:
        """See the port."""
        found = await self._participants(
            _PARTICIPANTS.where(_SEAT.event_id == event_id, _SEAT.participant_id == participant_id)
        )
        if not found:
            raise ParticipantNotFoundError(participant_id)
        return found[0]

    async def registered_by(self, event_id: str, retry_key: str) -> str | None:
        """See the port."""
        query = select(_SEAT.participant_id).where(_SEAT.event_id == event_id, _SEAT.retry_key == retry_key)
        found: str | None = await self._connection.scalar(query)
        return found

    async def roster(self, event_id: str, query: RosterQuery) -> Sequence[Participant]:
        """See the port."""
        found = _PARTICIPANTS.where(_SEAT.event_id == event_id)
        if query.after is not None:
            instant, participant_id = query.after
            same = and_(_SEAT.created_at == instant, _SEAT.participant_id > participant_id)
            found = found.where(or_(_SEAT.created_at > instant, same))
        if query.mode is not None:
            found = found.where(_SEAT.mode == query.mode.value)
        if query.status is not None:
            found = found.where(_SEAT.status == query.status.value)
        for word in searchable(query.search or "").split():
            found = found.where(PEOPLE.c.search_text.contains(word, autoescape=True))
        return await self._participants(found.order_by(_SEAT.created_at, _SEAT.participant_id).limit(query.limit))

    async def names(self, event_id: str, participant_ids: Collection[str]) -> Mapping[str, str]:
        """See the port."""
        query = (
            select(PEOPLE.c.participant_id, PEOPLE.c.name)
            .join(REGISTRATIONS, _SEAT.participant_id == PEOPLE.c.participant_id)
            .where(_SEAT.event_id == event_id, PEOPLE.c.participant_id.in_(participant_ids))
        )
        return {row.participant_id: row.name for row in await self._connection.execute(query)}

    async def waitlist(self, event_id: str, mode: Mode, *, after: int, limit: int) -> Sequence[Participant]:
        """See the port."""
        rank = RANK[mode]
        waits = _PARTICIPANTS.where(_SEAT.event_id == event_id, rank > after)
        return await self._participants(waits.order_by(rank).limit(limit))

    async def holder(self, *, event_id: str, ticket: str | None, participant_id: str | None) -> TicketHolder | None:
        """See the port."""
        query = select(_SEAT.event_id, _SEAT.participant_id, _SEAT.mode, _SEAT.status, _SEAT.moved_at)
        if ticket is not None:
            query = query.where(_SEAT.ticket == ticket)
        else:
            query = query.where(_SEAT.event_id == event_id, _SEAT.participant_id == participant_id)
        row = await self._first(query)
        if row is None:
            return None
        return holder_from(row)

    async def scan(self, event_id: str, fact_id: str) -> Scan | None:
        """See the port."""
        row = await self._first(select(SCANS).where(SCANS.c.event_id == event_id, SCANS.c.fact_id == fact_id))
        return None if row is None else scan_from(row)

    async def last_scans(self, event_id: str, *, limit: int) -> Sequence[Scan]:
        """See the port."""
        query = (
            select(SCANS)
            .where(SCANS.c.event_id == event_id)
            .order_by(desc(SCANS.c.recorded_at), desc(SCANS.c.at))
            .limit(limit)
        )
        return [scan_from(row) for row in await self._connection.execute(query)]

    async def on_site(self, event_id: str) -> int:
        """See the port."""
        columns = SCANS.c
        latest_first = func.row_number().over(
            partition_by=columns.participant_id, order_by=(desc(columns.at), desc(columns.recorded_at))
        )
        scans = (
            select(columns.action, latest_first.label("place"))
            .where(columns.event_id == event_id, columns.voided_by.is_(None), tells_of_presence())
            .subquery()
        )
        query = select(func.count()).where(scans.c.place == 1, scans.c.action == Action.IN.value)
        return int(await self._connection.scalar(query) or 0)

    async def guest_link(self, event_id: str, guest_id: str) -> GuestLink | None:
        """See the port."""
        columns = GUEST_LINKS.c
        row = await self._first(select(GUEST_LINKS).where(columns.event_id == event_id, columns.guest_id == guest_id))
        return None if row is None else guest_link_from(row)

    async def time_acceptance(self, event_id: str, fact_id: str) -> TimeAcceptance | None:
        """See the port."""
        columns = TIME_ACCEPTANCES.c
        row = await self._first(
            select(TIME_ACCEPTANCES).where(columns.event_id == event_id, columns.fact_id == fact_id)
        )
        return None if row is None else time_acceptance_from(row)

    async def token(self, token_hash: str) -> StoredToken | None:
        """See the port."""
        row = await self._first(select(TOKENS).where(TOKENS.c.hash == token_hash))
        return None if row is None else token_from(row)

    async def token_of_id(self, token_id: str) -> StoredToken | None:
        """See the port."""
        row = await self._first(select(TOKENS).where(TOKENS.c.token_id == token_id))
        return None if row is None else token_from(row)

    async def _first(self, query: Select[Any]) -> Row[Any] | None:
        row: Row[Any] | None = (await self._connection.execute(query)).first()
        return row

    async def _participants(self, query: Select[Any]) -> list[Participant]:
        rows = (await self._connection.execute(query)).all()
        consents: dict[str, dict[Purpose, bool]] = {}
        said = select(CONSENTS).where(CONSENTS.c.participant_id.in_([row.participant_id for row in rows]))
        for row in await self._connection.execute(said.order_by(CONSENTS.c.position)):
            consents.setdefault(row.participant_id, {})[Purpose(row.purpose)] = row.given
        return [_participant(row, consents.get(row.participant_id, {})) for row in rows]


def _participant(row: Row[Any], consents: Mapping[Purpose, bool]) -> Participant:
    registration = registration_from(row)
    return Participant(
        registration=registration,
        person=None if row.name is None else Person(name=row.name, email=row.email, language=row.language),
        consents=consents,
        positions={
            mode: row._mapping[f"{mode.value}_ahead"] + 1  # noqa: SLF001  (a row's columns by name)
            for mode in registration.ranks.modes
            if registration.offer is None or registration.offer.mode is not mode
        },
    )


_PARTICIPANTS = select(
    REGISTRATIONS,
    PEOPLE.c.name,
    PEOPLE.c.email,
    PEOPLE.c.language,
    *(ahead(mode).label(f"{mode.value}_ahead") for mode in Mode),
).outerjoin(PEOPLE, PEOPLE.c.participant_id == _SEAT.participant_id)
