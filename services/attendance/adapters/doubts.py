"""What is suspect about the times of an event's facts, and what of that an organizer accepted, now or as of then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.attendance.adapters.rows import entry_of
from services.attendance.adapters.tables import EVENT_FACT, SIGHTINGS, entries, events, sightings, to_column
from services.attendance.application.translation import domain_fact
from services.attendance.domain.changes import Sighting
from services.attendance.domain.facts import Movement, RoomChange, Snapshot
from services.attendance.domain.reading import Entry
from services.attendance.domain.suspicion import TOLERANCE, SuspectTime, suspect_time

ACCEPTED: Final = "passerelle.registration.time.accepted.v1"
_WITHDRAWN: Final = "passerelle.registration.time.acceptance_withdrawn.v1"
_VOIDED: Final = ("passerelle.checkin.voided.v1", "passerelle.participation.voided.v1")
ROOM_FACTS: Final = ("passerelle.participation.room.opened.v1", "passerelle.participation.room.closed.v1")
MODELESS: Final = entries.c.mode.is_(None)
"""Told of the event, its rooms, who is who, or what is accepted: all those are few, and have an index of their own."""
_TIMED: Final = (
    *ROOM_FACTS,
    "passerelle.checkin.checked_in.v1",
    "passerelle.checkin.checked_out.v1",
    "passerelle.participation.joined.v1",
    "passerelle.participation.left.v1",
)
"""The types of the facts whose time a presence rests on."""


async def judged(
    connection: AsyncConnection, event_id: str, rows: Sequence[Row[Any]], *, as_of: datetime | None
) -> list[Entry]:
    """The entries of some rows, with what is suspect about their times and whether that is accepted.

    As of an instant, an inferred end that was withdrawn after it stands.
    """
    found = [entry_of(row) for row in rows]
    known = None if as_of is None else to_column(as_of)
    found = [
        replace(one, withdrawn=None) if known is not None and (one.withdrawn or 0) > known else one for one in found
    ]
    if not any(entry.type in _TIMED for entry in found):
        return found
    day_starts_at = await _day_starts_at(connection, event_id, as_of=as_of)
    doubts = {row.id: _doubt(row, day_starts_at) for row in rows if row.type in _TIMED}
    if not any(doubts.values()):
        return found
    accepted = await _acceptances(connection, event_id, as_of=as_of)
    return [
        replace(entry, suspect=doubts[entry.id], accepted=accepted.get(entry.id, False))
        if doubts.get(entry.id) is not None
        else entry
        for entry in found
    ]


async def latest_sighting(
    connection: AsyncConnection, event_id: str, *, as_of: datetime | None, wanted: ColumnElement[bool]
) -> Sighting | None:
    """The sighting with the latest time among the entries `wanted`.

    One whose time is suspect is none, nor is one that was taken back.
    """
    until = await connection.execute(select(sightings.c.until).where(sightings.c.event_id == event_id))
    if (last := until.scalar_one_or_none()) is None:
        return None
    day_starts_at = await _day_starts_at(connection, event_id, as_of=as_of)
    early = false() if day_starts_at is None else entries.c.time < day_starts_at
    suspect = or_(entries.c.time > entries.c.recorded + TOLERANCE, early)
    seen = and_(wanted, entries.c.time <= last, entries.c.type.in_(SIGHTINGS))
    query = select(entries.c.id, entries.c.time, entries.c.type, entries.c.participant_id, entries.c.guest_id)
    query = query.order_by(entries.c.time.desc(), entries.c.id.desc())
    row = (await connection.execute(query.where(seen, ~suspect).limit(1))).one_or_none()
    voided: list[str] = []
    while row is not None and await _is_voided(connection, event_id, row, as_of=as_of):
        # One after the other: hardly ever is the latest of all one, let alone the one before it.
        voided.append(row.id)
        row = (
            await connection.execute(query.where(seen, ~suspect, entries.c.id.not_in(voided)).limit(1))
        ).one_or_none()
    latest = None if row is None else Sighting(fact_id=row.id, time=row.time)
    # Those beyond it are suspect, and hardly ever there: what was accepted is looked up for them alone.
    later = and_(seen, suspect) if latest is None else and_(seen, suspect, entries.c.time > latest.time)
    beyond = (await connection.execute(query.where(later))).all()
    accepted = await _acceptances(connection, event_id, as_of=as_of) if beyond else {}
    for one in beyond:
        if accepted.get(one.id, False) and not await _is_voided(connection, event_id, one, as_of=as_of):
            return Sighting(fact_id=one.id, time=one.time)
    return latest


async def _is_voided(
    connection: AsyncConnection, event_id: str, row: Row[*tuple[Any, ...]], *, as_of: datetime | None
) -> bool:
    """Whether a sighting was taken back by a fact about the same person."""
    if row.type in ROOM_FACTS:
        return False
    whose = entries.c.guest_id == row.guest_id
    if row.participant_id is not None:
        whose = entries.c.participant_id == row.participant_id
    told = select(entries.c.fact).where(entries.c.event_id == event_id, whose, entries.c.type.in_(_VOIDED))
    if as_of is not None:
        told = told.where(entries.c.recorded <= to_column(as_of))
    facts = (await connection.execute(told)).scalars()
    return any(fact["data"]["voided_id"] == row.id for fact in facts)


def _as_it_stood(entry: Entry, as_of: datetime | None) -> Entry:
    if as_of is None or entry.withdrawn is None or entry.withdrawn <= to_column(as_of):
        return entry
    return replace(entry, withdrawn=None)


def _doubt(row: Row[Any], day_starts_at: int | None) -> SuspectTime | None:
    fact = domain_fact(row.fact)
    return suspect_time(fact, day_starts_at=day_starts_at) if isinstance(fact, Movement | RoomChange) else None


async def _day_starts_at(connection: AsyncConnection, event_id: str, *, as_of: datetime | None) -> int | None:
    """The first instant of the event's first day; None if it is not known."""
    told = select(entries.c.fact).where(entries.c.event_id == event_id)
    if as_of is None:
        told = told.join(events, and_(events.c.event_id == entries.c.event_id, events.c.fact_id == entries.c.id))
    else:
        told = told.where(
            MODELESS, entries.c.type.startswith(EVENT_FACT, autoescape=True), entries.c.recorded <= to_column(as_of)
        )
        told = told.order_by(entries.c.time.desc(), entries.c.id.desc()).limit(1)
    document = (await connection.execute(told)).scalar_one_or_none()
    fact = None if document is None else domain_fact(document)
    return fact.day_starts_at if isinstance(fact, Snapshot) else None


async def _acceptances(connection: AsyncConnection, event_id: str, *, as_of: datetime | None) -> Mapping[str, bool]:
    """What stands for each fact of which anything was said: the last word by (time, id)."""
    said = and_(entries.c.event_id == event_id, MODELESS, entries.c.type.in_((ACCEPTED, _WITHDRAWN)))
    if as_of is not None:
        said = and_(said, entries.c.recorded <= to_column(as_of))
    query = select(entries.c.type, entries.c.fact).where(said).order_by(entries.c.time, entries.c.id)
    rows = await connection.execute(query)
    return {row.fact["data"]["fact_id"]: row.type == ACCEPTED for row in rows}
