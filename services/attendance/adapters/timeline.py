"""The reading side of the read model: entries, presence and events, as the projector stored them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.presence import PresenceInterval, Seconds
from schemas.registration import EventData
from services.attendance.adapters.tables import EVENT_FACT, SIGHTINGS, entries, events, presence, projection, to_column
from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.fold import Presence, Status
from services.attendance.domain.intervals import Durations, EndInferred, Interval
from services.attendance.domain.reading import Entry, Reached, Standing
from services.chassis.paging import SortKey


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
        told = and_(_wanted(event_id, Filter(as_of=as_of)), entries.c.type.startswith(EVENT_FACT, autoescape=True))
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
        """How far presence is known, in milliseconds: the time of the latest sighting, None if there is none.

        A sighting is a fact that saw somebody, or a room, at its time; a registration tells nothing of who is there.
        Only those recorded up to `as_of`, or stored before a position, are looked at.
        """
        seen = and_(_wanted(event_id, Filter(as_of=as_of)), entries.c.type.in_(SIGHTINGS))
        if before is not None:
            seen = and_(seen, entries.c.position < before)
        query = select(entries.c.time).where(seen).order_by(entries.c.time.desc(), entries.c.id.desc()).limit(1)
        async with self._engine.connect() as connection:
            latest: int | None = (await connection.execute(query)).scalar_one_or_none()
        return latest

    async def forward(self, event_id: str, *, after: SortKey | None, limit: int, wanted: Filter) -> list[Entry]:
        """Entries by (time, id), from after such a place on."""
        query = select(entries).where(_wanted(event_id, wanted)).order_by(entries.c.time, entries.c.id).limit(limit)
        if after is not None:
            query = query.where(tuple_(entries.c.time, entries.c.id) > after)
        return await self._entries(query)

    async def latest(self, event_id: str, *, limit: int, wanted: Filter) -> list[Entry]:
        """The entries with the latest times, the last first."""
        backwards = (entries.c.time.desc(), entries.c.id.desc())
        return await self._entries(select(entries).where(_wanted(event_id, wanted)).order_by(*backwards).limit(limit))

    async def newest(self, event_id: str, *, limit: int, wanted: Filter) -> list[Entry]:
        """The entries that became known last, the last first."""
        query = select(entries).where(_wanted(event_id, wanted)).order_by(entries.c.position.desc())
        return await self._entries(query.limit(limit))

    async def since(self, event_id: str, *, position: int, limit: int) -> list[Entry]:
        """Entries new or changed after a position, in the order they became so."""
        fresh = and_(entries.c.event_id == event_id, entries.c.position > position)
        return await self._entries(select(entries).where(fresh).order_by(entries.c.position).limit(limit))

    async def count_since(self, event_id: str, *, position: int) -> int:
        """How many entries are new or changed after a position."""
        fresh = and_(entries.c.event_id == event_id, entries.c.position > position)
        async with self._engine.connect() as connection:
            return int((await connection.execute(select(func.count()).select_from(entries).where(fresh))).scalar_one())

    async def facts(self, event_id: str, *, as_of: datetime) -> list[dict[str, Any]]:
        """The facts of an event recorded up to an instant, as they stood on their topics, by (time, id)."""
        query = select(entries.c.fact).where(_wanted(event_id, Filter(as_of=as_of)))
        async with self._engine.connect() as connection:
            return list((await connection.execute(query.order_by(entries.c.time, entries.c.id))).scalars())

    async def standings(self, event_id: str, *, after: str = "", limit: int | None = None) -> list[Standing]:
        """Where people stand, by subject, from after one on; guests that are linked to a participant are left out."""
        query = select(presence).where(presence.c.event_id == event_id, presence.c.subject > after)
        query = query.where(presence.c.linked_to.is_(None)).order_by(presence.c.subject).limit(limit)
        async with self._engine.connect() as connection:
            return [_standing(row) for row in await connection.execute(query)]

    async def standing(self, event_id: str, subject: str) -> Standing | None:
        """Where one person stands; None if no fact concerns them."""
        query = select(presence).where(presence.c.event_id == event_id, presence.c.subject == subject)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one_or_none()
        return None if row is None else _standing(row)

    async def guests_of(self, event_id: str, participant_id: str) -> frozenset[str]:
        """The guests who turned out to be a participant."""
        query = select(presence.c.subject).where(
            presence.c.event_id == event_id, presence.c.linked_to == participant_id
        )
        async with self._engine.connect() as connection:
            return frozenset((await connection.execute(query)).scalars())

    async def _entries(self, query: Any) -> list[Entry]:  # noqa: ANN401  (a Select of every column of `entries`)
        async with self._engine.connect() as connection:
            return [_entry(row) for row in await connection.execute(query)]


def _wanted(event_id: str, wanted: Filter) -> ColumnElement[bool]:
    conditions = [entries.c.event_id == event_id]
    if wanted.as_of is not None:
        conditions.append(entries.c.recorded <= to_column(wanted.as_of))
    if wanted.mode is not None:
        conditions.append(entries.c.mode == wanted.mode)
    if wanted.subjects is not None:
        names = sorted(wanted.subjects)
        conditions.append(or_(entries.c.participant_id.in_(names), entries.c.guest_id.in_(names)))
    return and_(*conditions)


def _entry(row: Row[Any]) -> Entry:
    data = row.fact.get("data")
    return Entry(
        event_id=row.event_id,
        id=row.id,
        position=row.position,
        time=row.time,
        recorded=row.recorded,
        type=row.type,
        source=row.source,
        participant_id=row.participant_id,
        guest_id=row.guest_id,
        mode=None if row.mode is None else Mode(row.mode),
        data=data if isinstance(data, dict) else {},
        reached=None if row.reached is None else _reached(row.reached),
    )


def _reached(kept: dict[str, Any]) -> Reached:
    return Reached(status=Status(kept["status"]), durations=_durations(kept["seconds"]))


def _standing(row: Row[Any]) -> Standing:
    stands = Presence(
        status=Status(row.status),
        registered_mode=None if row.registered_mode is None else Mode(row.registered_mode),
        registration=None if row.registration is None else Registration(row.registration),
        intervals=tuple(_interval(PresenceInterval.model_validate(interval)) for interval in row.intervals),
        durations=_durations(row.seconds),
        linked_to=row.linked_to,
    )
    return Standing(subject=row.subject, presence=stands)


def _interval(wire: PresenceInterval) -> Interval:
    return Interval(
        mode=Mode(wire.mode),
        start=to_column(wire.start),
        end=None if wire.end is None else to_column(wire.end),
        via=wire.via,
        start_inferred=wire.start_inferred,
        end_inferred=None if wire.end_inferred is None else EndInferred(wire.end_inferred),
    )


def _durations(kept: dict[str, Any]) -> Durations:
    wire = Seconds.model_validate(kept)
    return Durations(
        in_person=round(wire.in_person * 1000), remote=round(wire.remote * 1000), both=round(wire.both * 1000)
    )
