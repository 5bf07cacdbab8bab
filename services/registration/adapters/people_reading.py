"""The reading of people from the SQL store."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registration.adapters.question_store import SqlAnswerReading
from services.registration.adapters.rows import guest_link_from, scan_from
from services.registration.adapters.tables import (
    CONSENTS,
    EVENTS,
    GUEST_LINKS,
    LETTERS,
    NEEDS,
    PEOPLE,
    REGISTRATIONS,
    SCANS,
)
from services.registration.application.ports import GuestLink
from services.registration.domain.checkins import Scan
from services.registration.domain.consents import ConsentEntry
from services.registration.domain.event import EventStatus
from services.registration.domain.known_addresses import AddressHolder
from services.registration.domain.letters import Letter, LetterKind
from services.registration.domain.registrations import Purpose
from services.registration.domain.seats import SeatStatus

_LOOKED_UP: Final = 400


class SqlPeopleReading(SqlAnswerReading):
    """A view of people through one connection; implements the port `PeopleReading`."""

    _connection: AsyncConnection

    async def registered_as(self, event_id: str, email: str) -> Sequence[AddressHolder]:
        """See the port."""
        seats = REGISTRATIONS.c
        query = (
            select(seats.participant_id, seats.group_id, seats.headcount, PEOPLE.c.name)
            .join(PEOPLE, PEOPLE.c.participant_id == seats.participant_id)
            .where(seats.event_id == event_id, seats.status != SeatStatus.CANCELLED.value)
            .where(func.lower(PEOPLE.c.email) == email.lower())
            .order_by(seats.created_at, seats.participant_id)
        )
        return [
            AddressHolder(
                participant_id=row.participant_id,
                name=row.name,
                is_venue=row.headcount is not None,
                group_id=row.group_id,
            )
            for row in await self._connection.execute(query)
        ]

    async def confirmed_with_address(self, event_id: str, email: str) -> Sequence[str]:
        """See the port."""
        seats = REGISTRATIONS.c
        query = (
            select(seats.participant_id)
            .join(PEOPLE, PEOPLE.c.participant_id == seats.participant_id)
            .where(seats.event_id == event_id, seats.status == SeatStatus.CONFIRMED.value)
            .where(func.lower(PEOPLE.c.email) == email.lower())
            .limit(2)
        )
        return list(await self._connection.scalars(query))

    async def needs(self, event_id: str) -> Mapping[str, str]:
        """See the port."""
        seats = REGISTRATIONS.c
        query = (
            select(NEEDS.c.participant_id, NEEDS.c.needs)
            .join(REGISTRATIONS, seats.participant_id == NEEDS.c.participant_id)
            .where(seats.event_id == event_id, seats.status != SeatStatus.CANCELLED.value)
            .order_by(seats.created_at, seats.participant_id)
        )
        return {row.participant_id: row.needs for row in await self._connection.execute(query)}

    async def needs_of(self, participant_id: str) -> str | None:
        """See the port."""
        query = select(NEEDS.c.needs).where(NEEDS.c.participant_id == participant_id)
        found: str | None = await self._connection.scalar(query)
        return found

    async def guests_linked_to(self, event_id: str, participant_id: str) -> Sequence[GuestLink]:
        """See the port."""
        links = GUEST_LINKS.c
        mine = (links.event_id == event_id, links.participant_id == participant_id)
        query = select(GUEST_LINKS).where(*mine).order_by(links.changed_at, links.guest_id)
        return [guest_link_from(row) for row in await self._connection.execute(query)]

    async def guest_links(self, event_id: str) -> Mapping[str, GuestLink]:
        """See the port."""
        query = select(GUEST_LINKS).where(GUEST_LINKS.c.event_id == event_id)
        return {row.guest_id: guest_link_from(row) for row in await self._connection.execute(query)}

    async def holders_of(self, event_id: str, emails: Collection[str]) -> Mapping[str, str]:
        """See the port."""
        seats, address = REGISTRATIONS.c, func.lower(PEOPLE.c.email)
        wanted = sorted({email.lower() for email in emails})
        holders: dict[str, set[str]] = defaultdict(set)
        for start in range(0, len(wanted), _LOOKED_UP):
            query = (
                select(address.label("address"), PEOPLE.c.participant_id)
                .join(REGISTRATIONS, seats.participant_id == PEOPLE.c.participant_id)
                .where(seats.event_id == event_id, seats.status == SeatStatus.CONFIRMED.value)
                .where(address.in_(wanted[start : start + _LOOKED_UP]))
            )
            for row in await self._connection.execute(query):
                holders[row.address].add(row.participant_id)
        return {email: next(iter(found)) for email, found in holders.items() if len(found) == 1}

    async def all_names(self, event_id: str) -> Mapping[str, str]:
        """See the port."""
        seats = REGISTRATIONS.c
        query = (
            select(PEOPLE.c.participant_id, PEOPLE.c.name)
            .join(REGISTRATIONS, seats.participant_id == PEOPLE.c.participant_id)
            .where(seats.event_id == event_id, seats.status != SeatStatus.CANCELLED.value)
            .order_by(seats.created_at, seats.participant_id)
        )
        return {row.participant_id: row.name for row in await self._connection.execute(query)}

    async def consent_history(self, participant_id: str) -> Sequence[ConsentEntry]:
        """See the port."""
        said = select(CONSENTS).where(CONSENTS.c.participant_id == participant_id).order_by(CONSENTS.c.position)
        return [
            ConsentEntry(purpose=Purpose(row.purpose), given=row.given, text_version=row.text_version, at=row.at)
            for row in await self._connection.execute(said)
        ]

    async def was_written(self, participant_id: str, kind: LetterKind, *, since: datetime) -> bool:
        """See the port."""
        letters = LETTERS.c
        same = (letters.participant_id == participant_id, letters.kind == kind.value, letters.written_at >= since)
        return bool(await self._connection.scalar(select(exists().where(*same))))

    async def to_remind(self, now: datetime, *, ahead: timedelta) -> Sequence[Letter]:
        """See the port."""
        events, seats, letters = EVENTS.c, REGISTRATIONS.c, LETTERS.c
        kind = LetterKind.REMINDER
        reminded = exists().where(letters.participant_id == seats.participant_id, letters.kind == kind.value)
        query = (
            select(seats.event_id, seats.participant_id, seats.created_at, events.starts_at)
            .join(EVENTS, events.event_id == seats.event_id)
            .where(
                events.status == EventStatus.PUBLISHED.value, events.starts_at > now, events.starts_at <= now + ahead
            )
            .where(seats.status != SeatStatus.CANCELLED.value, ~reminded)
            .order_by(seats.created_at, seats.participant_id)
        )
        return [
            Letter(kind=kind, event_id=row.event_id, participant_id=row.participant_id)
            for row in await self._connection.execute(query)
            if row.created_at <= row.starts_at - ahead
        ]

    async def scans_of(self, participant_id: str) -> Sequence[Scan]:
        """See the port."""
        scans = select(SCANS).where(SCANS.c.participant_id == participant_id).order_by(SCANS.c.at, SCANS.c.recorded_at)
        return [scan_from(row) for row in await self._connection.execute(scans)]
