"""What came to the door, in SQL: counts by the hour, and the last refusals of each source."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from services.streaming_bridge.adapters.storage import reading, stored
from services.streaming_bridge.adapters.tables import DOOR_COUNTS, REFUSALS, SOURCES
from services.streaming_bridge.application.door_log import LAST_SHOWN, NAMING_NOBODY, OTHER_NAMES, Count, Fate, Refusal
from services.streaming_bridge.domain.sources import PlatformName

_MOST_NAMES: Final = 100
"""How many names of no source are kept; the others are counted together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The requests of one fate since some instant: in all, and since a later one."""

    platform: PlatformName
    source: str
    word: str
    refused: bool
    number: int
    lately: int
    last_at: datetime


class SqlDoorBook:
    """Implements the port `DoorBook`, and reads it back."""

    def __init__(self, engine: AsyncEngine, readers: AsyncEngine) -> None:
        """`readers` is for what is only read."""
        self._engine = engine
        self._readers = readers

    async def add(self, counts: Sequence[Count], refusals: Sequence[Refusal]) -> None:
        """See the port."""

        def work(connection: Connection) -> None:
            unkept = _names_without_a_place(connection, counts)
            connection.execute(_ADDING[connection.dialect.name], _rows(counts, unkept))
            kept = [replace(each, source=OTHER_NAMES) if each.source in unkept else each for each in refusals]
            if kept:
                connection.execute(sa.insert(REFUSALS), [_refusal_row(each) for each in sorted(kept, key=_instant)])
            for source in {each.source for each in kept}:
                connection.execute(_TRIM, {"of": source})

        await stored(self._engine, work)

    async def counts(self, *, since: datetime, lately: datetime, source: str | None = None) -> Sequence[Counted]:
        """The fates since an instant, the latest first, with their numbers since a later one too; of a source, or all.

        Instants count by their whole hours.
        """
        row = DOOR_COUNTS.c
        fate = (row.platform, row.source, row.word, row.refused)
        query = (
            sa.select(
                *fate,
                sa.func.sum(row.number).label("number"),
                sa.func.sum(sa.case((row.hour >= _hour(lately), row.number), else_=0)).label("lately"),
                sa.func.max(row.last_at).label("last_at"),
            )
            .where(row.hour >= _hour(since))
            .group_by(*fate)
            .order_by(sa.func.max(row.last_at).desc())
        )
        if source is not None:
            query = query.where(row.source == source)
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query)).all()
        return [
            Counted(
                platform=PlatformName(row.platform),
                source=row.source,
                word=row.word,
                refused=row.refused,
                number=int(row.number),
                lately=int(row.lately),
                last_at=row.last_at,
            )
            for row in rows
        ]

    async def last_refusals(self, source: str) -> Sequence[Refusal]:
        """The last refusals of a source, the latest first."""
        query = sa.select(REFUSALS).where(REFUSALS.c.source == source).order_by(REFUSALS.c.number.desc())
        async with reading(self._readers) as connection:
            rows = (await connection.execute(query.limit(LAST_SHOWN))).all()
        return [
            Refusal(platform=PlatformName(row.platform), source=row.source, reason=row.reason, at=row.at)
            for row in rows
        ]


def _names_without_a_place(connection: Connection, counts: Sequence[Count]) -> set[str]:
    """The names of no source that are too many to be kept."""
    asked = {each.fate.source for each in counts if each.fate.word in NAMING_NOBODY} - {OTHER_NAMES}
    if not asked:
        return set()
    made_up = sa.select(DOOR_COUNTS.c.source).where(DOOR_COUNTS.c.word.in_(NAMING_NOBODY)).distinct()
    kept = set(connection.scalars(made_up))
    new = sorted(asked - kept - set(connection.scalars(sa.select(SOURCES.c.name))))
    return set(new[max(0, _MOST_NAMES - len(kept)) :])


def _rows(counts: Iterable[Count], unkept: set[str]) -> list[dict[str, object]]:
    """A row for each hour and fate: those whose names are not kept fall together."""
    rows: dict[tuple[Fate, datetime], dict[str, object]] = {}
    for each in counts:
        fate = replace(each.fate, source=OTHER_NAMES) if each.fate.source in unkept else each.fate
        key = fate, _hour(each.last_at)
        before: Mapping[str, Any] = rows.get(key, {"number": 0, "last_at": each.last_at})
        rows[key] = {
            "platform": fate.platform,
            "source": fate.source,
            "word": fate.word,
            "hour": key[1],
            "refused": fate.refused,
            "number": before["number"] + each.number,
            "last_at": max(before["last_at"], each.last_at),
        }
    # In one order, whichever process writes: with PostgreSQL two of them would wait for each other for ever.
    return [rows[key] for key in sorted(rows, key=lambda key: (key[0].platform, key[0].source, key[0].word, key[1]))]


def _refusal_row(refusal: Refusal) -> dict[str, object]:
    return {"platform": refusal.platform, "source": refusal.source, "reason": refusal.reason, "at": refusal.at}


def _instant(refusal: Refusal) -> datetime:
    return refusal.at


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _adding(insert: Any) -> Any:  # noqa: ANN401  (the dialects' inserts have no common type)
    there, given = DOOR_COUNTS.c, insert.excluded
    return insert.on_conflict_do_update(
        index_elements=[there.platform, there.source, there.word, there.hour],
        set_={
            "number": there.number + given.number,
            "last_at": sa.case((given.last_at > there.last_at, given.last_at), else_=there.last_at),
        },
    )


_ADDING: Final = {
    "postgresql": _adding(postgresql.insert(DOOR_COUNTS)),
    "sqlite": _adding(sqlite.insert(DOOR_COUNTS)),
}
_LAST: Final = (
    sa.select(REFUSALS.c.number)
    .where(REFUSALS.c.source == sa.bindparam("of"))
    .order_by(REFUSALS.c.number.desc())
    .limit(LAST_SHOWN)
)
_TRIM: Final = sa.delete(REFUSALS).where(REFUSALS.c.source == sa.bindparam("of"), REFUSALS.c.number.not_in(_LAST))
