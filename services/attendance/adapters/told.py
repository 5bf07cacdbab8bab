"""What the read model tells of one event, all of it, to be compared with the log."""

from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.presence import PresenceData
from services.attendance.adapters.tables import entries, offsets, presence, presence_earlier

PRESENCE_FIELDS: Final = [name for name in PresenceData.model_fields if name in presence.c]
"""The fields of a presence that the read model holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel:
    """One event in the read model: everybody's whole presence, and the facts of the entries that stand, by their id."""

    presences: dict[str, PresenceData]
    entries: dict[str, dict[str, Any]]


async def read_model_of(engine: AsyncEngine, event_id: str) -> ReadModel:
    """Everything about an event, as one transaction sees it."""
    people = select(*(presence.c[name] for name in PRESENCE_FIELDS), presence.c.subject)
    parts = select(presence_earlier).order_by(presence_earlier.c.number)
    timeline = select(entries.c.id, entries.c.fact).where(entries.c.withdrawn_at.is_(None))
    async with engine.begin() as connection:
        earlier: dict[str, list[Any]] = {}
        for part in await connection.execute(parts.where(presence_earlier.c.event_id == event_id)):
            earlier.setdefault(part.subject, []).append(part.intervals)
        people_rows = await connection.execute(people.where(presence.c.event_id == event_id))
        presences = {row.subject: _presence(row, earlier.get(row.subject, [])) for row in people_rows}
        entry_rows = await connection.execute(timeline.where(entries.c.event_id == event_id))
        told = {row.id: row.fact for row in entry_rows}
    return ReadModel(presences=presences, entries=told)


async def events_told(engine: AsyncEngine) -> set[str]:
    """The events of which the read model tells anybody's presence."""
    async with engine.connect() as connection:
        return set((await connection.execute(select(presence.c.event_id).distinct())).scalars())


async def offsets_of(engine: AsyncEngine) -> dict[tuple[str, int], int]:
    """The next record that the read model needs of each (topic, partition)."""
    async with engine.connect() as connection:
        return {(row.topic, row.partition): row.next_offset for row in await connection.execute(select(offsets))}


def _presence(row: Any, earlier: list[Any]) -> PresenceData:  # noqa: ANN401  (a Row of those columns)
    said = {name: getattr(row, name) for name in PRESENCE_FIELDS if getattr(row, name) is not None}
    said["intervals"] = [*chain.from_iterable(earlier[: row.earlier]), *said["intervals"]]
    try:
        return PresenceData.model_validate(said)
    except ValidationError:
        return PresenceData.model_construct(**said)  # Somebody else wrote it: a difference like any other.
