"""The facts of an event in the characters they came in, in bulk; and the leaves of its evidence."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Text, and_, case, cast, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attendance.adapters.tables import entries, projection
from services.attendance.adapters.timeline import ABOUT_EVENT, OWN_SOURCE
from services.attendance.application.evidence import Evidence, FactLeaf, leaf_of
from services.chassis.process import collecting_later
from services.chassis.transactions import in_transaction

_MOST_FACTS: Final = 1_000_000
"""Facts whose leaves are kept beside those of the event asked for: some 300 bytes each. The event not asked for the
longest goes first."""
_CHUNK: Final = 400

_LeafRow: TypeAlias = Row[int, str, int, bytes, str | None]
_TEXT: Final = cast(entries.c.fact, Text).label("fact")
_LEAVES: Final = select(
    entries.c.position,
    entries.c.id,
    entries.c.recorded,
    entries.c.leaf,
    case((entries.c.leaf.is_(None), _TEXT), else_=None).label("fact"),
)


@dataclass(slots=True)
class _Kept:
    """The leaves of an event up to a position of a copy of the read model."""

    epoch: str = ""
    position: int = -1
    leaves: dict[str, FactLeaf] = field(default_factory=dict)
    latest: int = -1
    built: Evidence | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def renewed(self, epoch: str, rows: Sequence[_LeafRow], as_of: int) -> Evidence:
        """Take in what is new or changed, all anew of another copy; gives the tree over what was recorded by then."""
        if epoch != self.epoch:
            self.epoch, self.position, self.latest = epoch, -1, -1
            self.leaves.clear()
            self.built = None
        if rows:
            self.leaves |= {
                id_: FactLeaf(id_, recorded, leaf) if fact is None else leaf_of(fact.encode())
                for _, id_, recorded, leaf, fact in rows
            }
            self.position = max(self.position, *(row[0] for row in rows))
            self.latest = max(self.latest, *(row[2] for row in rows))
            self.built = None
        # Of whatever is recorded by now, the tree is the same at any later instant.
        if self.built is None or min(self.built.as_of, self.latest) != min(as_of, self.latest):
            self.built = Evidence(self.leaves.values(), as_of=as_of)
        return self.built


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What of an event: recorded up to an instant, in milliseconds, and stored up to a position of a read model."""

    as_of: int
    epoch: str
    position: int


class SqlFacts:
    """Reads what the timeline holds of facts. What attendance inferred is none of them."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Read the database of `engine`."""
        self._engine = engine
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def evidence(self, event_id: str, *, as_of: int) -> tuple[Known, Evidence]:
        """The tree over the facts recorded up to an instant, in milliseconds, as far as they are stored now."""
        kept = self._kept.setdefault(event_id, _Kept())
        self._kept.move_to_end(event_id)
        while len(self._kept) > 1 and sum(len(one.leaves) for one in self._kept.values()) > _MOST_FACTS:
            self._kept.popitem(last=False)
        async with kept.lock:
            with collecting_later():
                epoch, rows = await in_transaction(self._engine, lambda connection: _since(connection, event_id, kept))
                built = await asyncio.to_thread(kept.renewed, epoch, rows, as_of)
            return Known(as_of=as_of, epoch=epoch, position=kept.position), built

    async def all(self, event_id: str, known: Known) -> Sequence[bytes]:
        """The facts of an event that were known."""
        return await self._texts(_was_known(event_id, known))

    async def about_event(self, event_id: str, known: Known) -> Sequence[bytes]:
        """Those about the event itself, its rooms, or who a guest is."""
        return await self._texts(and_(_was_known(event_id, known), ABOUT_EVENT))

    async def about(self, event_id: str, subjects: Collection[str], known: Known) -> Sequence[bytes]:
        """Those about some people, also from before it was known who they are."""
        found: set[bytes] = set()
        names = sorted(subjects)
        for start in range(0, len(names), _CHUNK):
            for column in (entries.c.participant_id, entries.c.guest_id):
                theirs = and_(_was_known(event_id, known), column.in_(names[start : start + _CHUNK]))
                found.update(await self._texts(theirs))
        return list(found)

    async def _texts(self, wanted: ColumnElement[bool]) -> Sequence[bytes]:
        query = select(_TEXT).where(wanted)

        def work(connection: Connection) -> list[bytes]:
            return [text.encode() for text in connection.execute(query).scalars()]

        return await in_transaction(self._engine, work)


def _was_known(event_id: str, known: Known) -> ColumnElement[bool]:
    return and_(
        entries.c.event_id == event_id,
        entries.c.source != OWN_SOURCE,
        entries.c.recorded <= known.as_of,
        entries.c.position <= known.position,
    )


def _since(connection: Connection, event_id: str, kept: _Kept) -> tuple[str, Sequence[_LeafRow]]:
    """The epoch, and the leaves new or changed since they were read; the fact itself where its leaf is not stored."""
    epoch = connection.execute(select(projection.c.epoch)).scalar_one_or_none() or ""
    after = kept.position if epoch == kept.epoch else -1
    fresh = (entries.c.event_id == event_id) & (entries.c.position > after) & (entries.c.source != OWN_SOURCE)
    return epoch, connection.execute(_LEAVES.where(fresh)).all()
