"""What the read model tells of one event, all of it, to be compared with the log."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.presence import PresenceData
from services.attendance.adapters.tables import entries, offsets, presence

PRESENCE_FIELDS: Final = [name for name in PresenceData.model_fields if name in presence.c]
"""The fields of a presence that the read model holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadModel:
    """One event in the read model, its rows as they stand: presences by person, the facts of entries by their id."""

    presences: dict[str, PresenceData]
    entries: dict[str, dict[str, Any]]


async def read_model_of(engine: AsyncEngine, event_id: str) -> ReadModel:
    """Everything about an event, as one transaction sees it."""
    people = select(*(presence.c[name] for name in PRESENCE_FIELDS), presence.c.subject)
    timeline = select(entries.c.id, entries.c.fact)
    async with engine.begin() as connection:
        people_rows = await connection.execute(people.where(presence.c.event_id == event_id))
        presences = {row.subject: _presence(row) for row in people_rows}
        entry_rows = await connection.execute(timeline.where(entries.c.event_id == event_id))
        told = {row.id: row.fact for row in entry_rows}
    return ReadModel(presences=presences, entries=told)


async def offsets_of(engine: AsyncEngine) -> dict[tuple[str, int], int]:
    """The next record that the read model needs of each (topic, partition)."""
    async with engine.connect() as connection:
        return {(row.topic, row.partition): row.next_offset for row in await connection.execute(select(offsets))}


def _presence(row: Any) -> PresenceData:  # noqa: ANN401  (a Row of those columns)
    return PresenceData.model_validate({name: getattr(row, name) for name in PRESENCE_FIELDS})
