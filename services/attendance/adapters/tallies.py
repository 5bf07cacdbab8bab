"""Tallies of events, told of the people whose row in the read model changed since the last look."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Row, Text, cast, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from services.attendance.adapters.tables import presence, presence_earlier, projection, to_column
from services.attendance.application.tally import Counted, Stay, Tally
from services.attendance.domain.evidence import Grade
from services.attendance.domain.facts import Mode, Registration
from services.attendance.domain.fold import Status
from services.attendance.domain.intervals import EndInferred
from services.chassis.transactions import in_transaction

_MOST_EVENTS: Final = 20
"""Tallies kept; the one not asked for the longest goes first."""
_CHUNK: Final = 400

Answer = TypeVar("Answer")


class _Interval(msgspec.Struct):
    """What is counted of an interval, as it is told; `grade` is absent where evidence was not kept."""

    mode: Mode
    start: datetime
    end: datetime | None = None
    start_inferred: bool = False
    end_inferred: EndInferred | None = None
    left_inferred: EndInferred | None = None
    grade: Grade | None = None


_read_intervals: Final = msgspec.json.Decoder(list[_Interval]).decode
_read_list: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_TEXTS: Final = tuple(cast(presence.c[name], Text).label(name) for name in ("intervals", "contradictions", "suspect"))
_PLAIN: Final = tuple(
    presence.c[name] for name in ("subject", "status", "registered_mode", "registration", "linked_to", "earlier")
)
_PEOPLE: Final = select(*_PLAIN, *_TEXTS)


@dataclass(slots=True)
class _Kept:
    """A tally, the position of the read model up to which it was told of changes, and everybody who has a row."""

    tally: Tally = field(default_factory=Tally)
    epoch: str = ""
    position: int = -1
    subjects: set[str] = field(default_factory=set)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class SqlTallies:
    """A tally an event, in memory, for as long as it is asked for."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Read the database of `engine`."""
        self._engine = engine
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def ask(self, event_id: str, question: Callable[[Tally], Answer]) -> Answer:
        """What the tally of an event, told of all that is stored by now, answers to a question."""
        kept = self._kept.setdefault(event_id, _Kept())
        self._kept.move_to_end(event_id)
        while len(self._kept) > _MOST_EVENTS:
            self._kept.popitem(last=False)

        def work(connection: Connection) -> Answer:
            _catch_up(connection, event_id, kept)
            return question(kept.tally)

        async with kept.lock:
            return await in_transaction(self._engine, work)


def _catch_up(connection: Connection, event_id: str, kept: _Kept) -> None:
    now = connection.execute(select(projection.c.epoch, projection.c.last_position)).one_or_none()
    if now is None:
        return
    if now.epoch != kept.epoch:
        _forget(kept, now.epoch)
    if now.last_position != kept.position:
        _tell(connection, event_id, kept)
    mine = select(func.count()).select_from(presence).where(presence.c.event_id == event_id)
    if connection.execute(mine).scalar_one() != len(kept.subjects):
        # Rows are gone, and nothing tells which.
        _forget(kept, now.epoch)
        _tell(connection, event_id, kept)
    kept.position = now.last_position


def _forget(kept: _Kept, epoch: str) -> None:
    kept.tally, kept.epoch, kept.position = Tally(), epoch, -1
    kept.subjects.clear()


def _tell(connection: Connection, event_id: str, kept: _Kept) -> None:
    """Tell of the rows written since; those of the position itself may have been written after the last look."""
    changed = (presence.c.event_id == event_id) & (presence.c.changed >= kept.position)
    rows = connection.execute(_PEOPLE.where(changed)).all()
    earlier = _earlier(connection, event_id, [row.subject for row in rows if row.earlier])
    for row in rows:
        kept.subjects.add(row.subject)
        counted = None if row.linked_to is not None else _counted(row, earlier[row.subject][: row.earlier])
        kept.tally.tell(row.subject, counted)


def _earlier(connection: Connection, event_id: str, subjects: Sequence[str]) -> dict[str, list[str]]:
    """The earlier intervals of those few who have very many, in order of their number."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    texts = cast(presence_earlier.c.intervals, Text).label("intervals")
    for start in range(0, len(subjects), _CHUNK):
        theirs = presence_earlier.c.subject.in_(subjects[start : start + _CHUNK])
        query = select(presence_earlier.c.subject, texts).where(presence_earlier.c.event_id == event_id, theirs)
        for row in connection.execute(query.order_by(presence_earlier.c.number)):
            found[row.subject].append(row.intervals)
    return found


def _counted(row: Row[Any], earlier: Iterable[str]) -> Counted:
    return Counted(
        status=Status(row.status),
        registered_mode=None if row.registered_mode is None else Mode(row.registered_mode),
        registration=None if row.registration is None else Registration(row.registration),
        stays=tuple(_stay(one) for text in (*earlier, row.intervals) for one in _read_intervals(text)),
        contradictions=0 if row.contradictions is None else len(_read_list(row.contradictions)),
        suspect=0 if row.suspect is None else len(_read_list(row.suspect)),
    )


def _stay(told: _Interval) -> Stay:
    ended = told.end_inferred or told.left_inferred
    inferred = told.start_inferred or ended is not None
    return Stay(
        mode=told.mode,
        start=to_column(told.start),
        end=None if told.end is None else to_column(told.end),
        start_inferred=told.start_inferred,
        end_inferred=ended,
        grade=told.grade or (Grade.INFERRED if inferred else Grade.OBSERVED),
    )
