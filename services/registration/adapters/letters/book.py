"""The SQL letter book."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge
from sqlalchemy import Row, desc, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from services.chassis.metrics import NAMESPACE
from services.registration.adapters.tables import LETTERS
from services.registration.application.letters import StoredLetter
from services.registration.domain.letters import Letter, LetterKind, LetterState

_COLUMNS = LETTERS.c


class LetterMetrics:
    """What an operator watches: where letters wait and none is sent, the mail server is away or refuses them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self.settled = Counter(
            "letters_settled",
            "Letters to participants that are done with, by what became of them.",
            ["state"],
            namespace=NAMESPACE,
            registry=registry,
        )
        self.waiting = Gauge(
            "letters_waiting", "Letters to participants still to be sent.", namespace=NAMESPACE, registry=registry
        )
        self.failed_attempts = Counter(
            "letters_failed_attempts",
            "Times that a letter could not be sent, and is tried again.",
            namespace=NAMESPACE,
            registry=registry,
        )


class SqlLetterBook:
    """The table of letters; implements the port `LetterBook`."""

    def __init__(self, *, writer: AsyncEngine, reader: AsyncEngine, metrics: LetterMetrics) -> None:
        """Looking for due letters only reads: nobody waits for it while none is due."""
        self._metrics = metrics
        self._writer = writer
        self._reader = reader

    async def take_due(self, now: datetime, *, until: datetime, limit: int) -> Sequence[StoredLetter]:
        """See the port."""
        due = select(LETTERS).where(_COLUMNS.due_at <= now).order_by(_COLUMNS.due_at, _COLUMNS.number).limit(limit)
        owed = select(func.count()).where(_COLUMNS.due_at.is_not(None))
        async with self._reader.connect() as connection:
            found = (await connection.execute(due)).all()
            self._metrics.waiting.set(await connection.scalar(owed) or 0)
        if not found:
            return []
        taken = []
        async with self._writer.begin() as connection:
            for row in found:
                # Another process may have been here since: whoever moves the instant has the letter.
                mine = (_COLUMNS.number == row.number, _COLUMNS.due_at == row.due_at)
                changed = await connection.execute(update(LETTERS).where(*mine).values(due_at=until))
                if changed.rowcount:
                    taken.append(_letter_from(row))
        return taken

    async def settle(self, letters: Sequence[StoredLetter]) -> None:
        """See the port."""
        if not letters:
            return
        async with self._writer.begin() as connection:
            for stored in letters:
                values = {
                    "state": stored.state.value,
                    "attempts": stored.attempts,
                    "due_at": stored.due_at,
                    "settled_at": stored.settled_at,
                    "reason": stored.reason,
                }
                await connection.execute(update(LETTERS).where(_COLUMNS.number == stored.number).values(values))
        for stored in letters:
            if stored.state is not LetterState.OWED:
                self._metrics.settled.labels(state=stored.state.value).inc()
            elif stored.reason is not None:
                self._metrics.failed_attempts.inc()

    async def page(self, event_id: str, *, before: int | None, limit: int) -> Sequence[StoredLetter]:
        """See the port."""
        query = select(LETTERS).where(_COLUMNS.event_id == event_id)
        if before is not None:
            query = query.where(_COLUMNS.number < before)
        return await self._read(query.order_by(desc(_COLUMNS.number)).limit(limit))

    async def find(self, event_id: str, number: int) -> StoredLetter | None:
        """See the port."""
        found = await self._read(select(LETTERS).where(_COLUMNS.event_id == event_id, _COLUMNS.number == number))
        return found[0] if found else None

    async def of_participant(self, participant_id: str) -> Sequence[StoredLetter]:
        """See the port."""
        query = select(LETTERS).where(_COLUMNS.participant_id == participant_id)
        return await self._read(query.order_by(desc(_COLUMNS.number)))

    async def counts(self, event_id: str) -> Mapping[LetterState, int]:
        """See the port."""
        query = select(_COLUMNS.state, func.count().label("letters")).where(_COLUMNS.event_id == event_id)
        async with self._reader.connect() as connection:
            rows = await connection.execute(query.group_by(_COLUMNS.state))
            return {LetterState(row.state): row.letters for row in rows}

    async def _read(self, query: Any) -> list[StoredLetter]:  # noqa: ANN401  (SQLAlchemy types a select by its columns)
        async with self._reader.connect() as connection:
            return [_letter_from(row) for row in await connection.execute(query)]


def _letter_from(row: Row[Any]) -> StoredLetter:
    return StoredLetter(
        number=row.number,
        letter=Letter(
            kind=LetterKind(row.kind), event_id=row.event_id, participant_id=row.participant_id, about=row.about
        ),
        state=LetterState(row.state),
        written_at=row.written_at,
        attempts=row.attempts,
        due_at=row.due_at,
        settled_at=row.settled_at,
        reason=row.reason,
    )
