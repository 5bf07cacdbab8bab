"""The reading side of the read model: entries, presence and events, as the projector stored them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Select, and_, func, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.registration import EventData, EventStatus
from services.attendance.adapters.doubts import ACCEPTED, MODELESS, ROOM_FACTS, judged, latest_sighting
from services.attendance.adapters.rows import standing_of
from services.attendance.adapters.tables import (
    EVENT_FACT,
    entries,
    events,
    presence,
    presence_earlier,
    projection,
    to_column,
)
from services.attendance.domain.changes import Sighting
from services.attendance.domain.facts import Mode
from services.attendance.domain.fold import Status
from services.attendance.domain.reading import Entry, Standing
from services.chassis.paging import SortKey

_CHUNK: Final = 400
_HERE: Final = (Status.ON_SITE, Status.REMOTE, Status.BOTH)
_EVENT_CLOSED: Final = f"{EVENT_FACT}closed.v1"
_LINK_FACT: Final = "passerelle.registration.identity."
_OF_NOBODY: Final = and_(MODELESS, entries.c.participant_id.is_(None), entries.c.guest_id.is_(None))
ABOUT_EVENT: Final = and_(MODELESS, or_(_OF_NOBODY, entries.c.type.startswith(_LINK_FACT, autoescape=True)))
OWN_SOURCE: Final = "/attendance"
"""What attendance tells itself is no fact to fold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """How far the read model has come: `epoch` names this copy of it, `position` the last entry stored."""

    epoch: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which entries of an event are wanted; all by default."""

    as_of: datetime | None = None
    mode: Mode | None = None
    subjects: frozenset[str] | None = None


class SqlTimeline:
    """The read model as pages and programs see it."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Read the database of `engine`."""
        self._engine = engine

    async def event(self, event_id: str) -> EventData | None:
        """The event as its latest fact tells it; None if no fact about it is known."""
        query = select(events.c.data).where(events.c.event_id == event_id)
        async with self._engine.connect() as connection:
            data = (await connection.execute(query)).scalar_one_or_none()
        return None if data is None else EventData.model_validate(data)

    async def event_as_of(self, event_id: str, as_of: datetime) -> EventData | None:
        """The event as the latest of its facts recorded up to an instant tells it; None if there is none."""
        told = and_(
            _wanted(event_id, Filter(as_of=as_of)), MODELESS, entries.c.type.startswith(EVENT_FACT, autoescape=True)
        )
        latest = (entries.c.time.desc(), entries.c.id.desc())
        async with self._engine.connect() as connection:
            fact = (await connection.execute(select(entries.c.fact).where(told).order_by(*latest).limit(1))).scalar()
        return None if fact is None else EventData.model_validate(fact["data"])

    async def moment(self) -> Moment:
        """How far the read model has come now."""
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(projection))).one_or_none()
        return Moment(epoch="", position=0) if row is None else Moment(epoch=row.epoch, position=row.last_position)

    async def horizon(self, event_id: str, *, as_of: datetime | None = None, before: int | None = None) -> int | None:
        """How far presence is known, in milliseconds: the time of the latest sighting, None if there is none."""
        latest = await self.sighting(event_id, as_of=as_of, before=before)
        return None if latest is None else latest.time

    async def sighting(
        self, event_id: str, *, as_of: datetime | None = None, before: int | None = None
    ) -> Sighting | None:
        """The latest fact that saw somebody, or a room, at its time; a registration tells nothing of who is there.

        One whose time is suspect is none until it is accepted. Only those recorded up to `as_of`, or stored before a
        position, are looked at.
        """
        wanted = _wanted(event_id, Filter(as_of=as_of))
        if before is not None:
            wanted = and_(wanted, entries.c.position < before)
        async with self._engine.connect() as connection:
            return await latest_sighting(connection, event_id, as_of=as_of, wanted=wanted)

    async def closed_at(self, event_id: str, *, as_of: datetime | None = None) -> int | None:
        """When the closing of an event was recorded that still stands, in milliseconds; None if it is not closed."""
        event = await (self.event(event_id) if as_of is None else self.event_as_of(event_id, as_of))
        if event is None or event.status is not EventStatus.CLOSED:
            return None
        closings = and_(_wanted(event_id, Filter(as_of=as_of)), _OF_NOBODY, entries.c.type == _EVENT_CLOSED)
        async with self._engine.connect() as connection:
            latest = await connection.execute(select(func.max(entries.c.recorded)).where(closings))
            closed: int | None = latest.scalar_one_or_none()
        return closed

    async def first_recorded(self, event_id: str) -> int | None:
        """When the first fact of an event was recorded, in milliseconds; None if none was."""
        query = select(func.min(entries.c.recorded)).where(entries.c.event_id == event_id)
        async with self._engine.connect() as connection:
            first: int | None = (await connection.execute(query)).scalar_one_or_none()
        return first

    async def forward(self, event_id: str, *, after: SortKey | None, limit: int, wanted: Filter) -> list[Entry]:
        """Entries by (time, id), from after such a place on."""
        query = select(entries).where(_wanted(event_id, wanted)).order_by(_by(entries.c.time, wanted), entries.c.id)
        query = query.limit(limit)
        if after is not None:
            query = query.where(tuple_(entries.c.time, entries.c.id) > after)
        return await self._entries(event_id, query, as_of=wanted.as_of)

    async def latest(self, event_id: str, *, limit: int, wanted: Filter, before: SortKey | None = None) -> list[Entry]:
        """The entries with the latest times, the last first; those before a place (time, id) alone, if it is given."""
        backwards = (_by(entries.c.time, wanted).desc(), entries.c.id.desc())
        query = select(entries).where(_wanted(event_id, wanted)).order_by(*backwards).limit(limit)
        if before is not None:
            query = query.where(tuple_(entries.c.time, entries.c.id) < before)
        return await self._entries(event_id, query, as_of=wanted.as_of)

    async def newest(self, event_id: str, *, limit: int, wanted: Filter) -> list[Entry]:
        """The entries that became known last, the last first."""
        query = select(entries).where(_wanted(event_id, wanted)).order_by(_by(entries.c.position, wanted).desc())
        return await self._entries(event_id, query.limit(limit), as_of=wanted.as_of)

    async def since(self, event_id: str, *, position: int, limit: int) -> list[Entry]:
        """Entries new or changed after a position, in the order they became so."""
        fresh = and_(entries.c.event_id == event_id, entries.c.position > position)
        return await self._entries(event_id, select(entries).where(fresh).order_by(entries.c.position).limit(limit))

    async def count_since(self, event_id: str, *, position: int) -> int:
        """How many entries are new or changed after a position."""
        fresh = and_(entries.c.event_id == event_id, entries.c.position > position)
        async with self._engine.connect() as connection:
            return int((await connection.execute(select(func.count()).select_from(entries).where(fresh))).scalar_one())

    async def named(self, event_id: str, ids: Collection[str], *, as_of: datetime | None = None) -> dict[str, Entry]:
        """Some entries, by id."""
        found: dict[str, Entry] = {}
        for chunk in _chunks(ids):
            query = select(entries).where(entries.c.event_id == event_id, entries.c.id.in_(chunk))
            found |= {entry.id: entry for entry in await self._entries(event_id, query, as_of=as_of)}
        return found

    async def accepted(self, event_id: str, *, limit: int, wanted: Filter) -> list[Entry]:
        """Facts whose suspect time was accepted, by id; at most so many words on them are looked at, the last ones."""
        said = and_(_wanted(event_id, wanted), MODELESS, entries.c.type == ACCEPTED)
        query = select(entries.c.fact).where(said).order_by(entries.c.time.desc()).limit(limit)
        async with self._engine.connect() as connection:
            ids = {fact["data"]["fact_id"] for fact in (await connection.execute(query)).scalars()}
        found = await self.named(event_id, ids, as_of=wanted.as_of)
        return [entry for _, entry in sorted(found.items()) if entry.accepted]

    async def suspect_rooms(self, event_id: str, *, as_of: datetime | None = None) -> list[Entry]:
        """What is left out of what was told of rooms, because its time is suspect and nobody has accepted it."""
        told = and_(_wanted(event_id, Filter(as_of=as_of)), _OF_NOBODY, entries.c.type.in_(ROOM_FACTS))
        found = await self._entries(event_id, select(entries).where(told), as_of=as_of)
        return [entry for entry in found if entry.suspect is not None and not entry.accepted]

    async def facts(self, event_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
        """The facts of an event recorded up to an instant, as they stood on their topics, by (time, id)."""
        return await self._facts(_wanted(event_id, Filter(as_of=as_of)))

    async def facts_about_event(self, event_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
        """Those that are about the event itself, its rooms, or who a guest is."""
        return await self._facts(and_(_wanted(event_id, Filter(as_of=as_of)), ABOUT_EVENT))

    async def facts_about(self, event_id: str, subjects: Collection[str], *, as_of: datetime) -> list[dict[str, Any]]:
        """Those that are about some people, and what else was told of whom they turned out to be."""
        found: dict[str, dict[str, Any]] = {}
        for chunk in _chunks(subjects):
            theirs = Filter(as_of=as_of, subjects=frozenset(chunk))
            by = _by(entries.c.time, theirs)
            found |= {fact["id"]: fact for fact in await self._facts(_wanted(event_id, theirs), by=by)}
        return list(found.values())

    async def subjects(self, event_id: str) -> list[str]:
        """All participants and guests, by id, those who are linked among them."""
        query = select(presence.c.subject).where(presence.c.event_id == event_id).order_by(presence.c.subject)
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).scalars())

    async def touched(self, event_id: str, *, since: datetime) -> frozenset[str] | None:
        """The people whose time may be another since an instant; None if that is everybody.

        They are those of whom something was recorded since, and those who are here.
        """
        after = and_(_wanted(event_id, Filter()), entries.c.recorded > to_column(since))
        here = and_(presence.c.event_id == event_id, presence.c.status.in_(_HERE))
        async with self._engine.connect() as connection:
            told = await connection.execute(
                select(entries.c.participant_id, entries.c.guest_id, entries.c.type).where(after).distinct()
            )
            rows = told.all()
            if any(row.participant_id is None and row.guest_id is None for row in rows):
                return None
            present = (await connection.execute(select(presence.c.subject).where(here))).scalars()
            named = (one for row in rows for one in (row.participant_id, row.guest_id) if one is not None)
            return frozenset({*present, *named})

    async def _standings(self, event_id: str, query: Select[Any]) -> list[Standing]:
        """The standings of a query for every column of `presence`; earlier intervals are put before the others."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
            earlier: dict[str, list[Any]] = {}
            for chunk in _chunks([row.subject for row in rows if row.earlier]):
                parts = select(presence_earlier).where(
                    presence_earlier.c.event_id == event_id, presence_earlier.c.subject.in_(chunk)
                )
                for part in await connection.execute(parts.order_by(presence_earlier.c.number)):
                    earlier.setdefault(part.subject, []).append(part.intervals)
        return [standing_of(row, earlier.get(row.subject, ())) for row in rows]

    async def _facts(
        self, wanted: ColumnElement[bool], *, by: ColumnElement[int] = entries.c.time
    ) -> list[dict[str, Any]]:
        query = select(entries.c.fact).where(wanted, entries.c.source != OWN_SOURCE)
        async with self._engine.connect() as connection:
            return list((await connection.execute(query.order_by(by, entries.c.id))).scalars())

    async def standings(self, event_id: str, *, after: str = "", limit: int | None = None) -> list[Standing]:
        """Where people stand, by subject, from after one on; guests that are linked to a participant are left out."""
        query = select(presence).where(presence.c.event_id == event_id, presence.c.subject > after)
        query = query.where(presence.c.linked_to.is_(None)).order_by(presence.c.subject).limit(limit)
        return await self._standings(event_id, query)

    async def standings_of(self, event_id: str, subjects: Collection[str]) -> dict[str, Standing]:
        """Where some people stand, by subject; those of whom nothing is known are absent."""
        found: dict[str, Standing] = {}
        for chunk in _chunks(subjects):
            theirs = select(presence).where(presence.c.event_id == event_id, presence.c.subject.in_(chunk))
            found |= {standing.subject: standing for standing in await self._standings(event_id, theirs)}
        return found

    async def standing(self, event_id: str, subject: str) -> Standing | None:
        """Where one person stands; None if no fact concerns them."""
        found = select(presence).where(presence.c.event_id == event_id, presence.c.subject == subject)
        return next(iter(await self._standings(event_id, found)), None)

    async def guests_of(self, event_id: str, participant_id: str) -> frozenset[str]:
        """The guests who turned out to be a participant."""
        query = select(presence.c.subject).where(
            presence.c.event_id == event_id, presence.c.linked_to == participant_id
        )
        async with self._engine.connect() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def _entries(self, event_id: str, query: Select[Any], *, as_of: datetime | None = None) -> list[Entry]:
        """The entries of a query for every column of them."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
            return await judged(connection, event_id, rows, as_of=as_of)


def _wanted(event_id: str, wanted: Filter) -> ColumnElement[bool]:
    conditions = [entries.c.event_id == event_id]
    if wanted.as_of is not None:
        conditions.append(entries.c.recorded <= to_column(wanted.as_of))
    if wanted.mode is not None:
        conditions.append(entries.c.mode == wanted.mode)
    if wanted.subjects is not None:
        names = sorted(wanted.subjects)
        # Each by its own index: an "or" would look at every entry of the event.
        theirs = (
            select(entries.c.id).where(entries.c.event_id == event_id, column.in_(names))
            for column in (entries.c.participant_id, entries.c.guest_id)
        )
        conditions.append(entries.c.id.in_(union_all(*theirs)))
    return and_(*conditions)


def _by(column: Column[int], wanted: Filter) -> ColumnElement[int]:
    """What to sort by; those of a few people are found first, and not looked for in the order of all."""
    return column if wanted.subjects is None else column + 0


def _chunks(names: Collection[str]) -> Iterable[list[str]]:
    whole = sorted(names)
    return (whole[start : start + _CHUNK] for start in range(0, len(whole), _CHUNK))
