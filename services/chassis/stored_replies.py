"""The answers that `Idempotency-Key` gives again. They may name people: they are kept sealed, and for a day."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import web
from sqlalchemy import Column, Integer, LargeBinary, MetaData, Row, String, Table, delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.chassis.database import UtcInstant
from services.chassis.secrets import BrokenSealError, SecretBox

REPLAYED: Final = "Idempotency-Replayed"
KEPT: Final = timedelta(hours=24)
SEALED_FOR: Final = "idempotency answers"
"""What the box of stored answers is derived for."""
_GIVEN_AGAIN: Final = ("Location", "ETag")
_AT_ONCE: Final = 500
_FORGOTTEN: Final = 410
"""The status of rows that are no answers: their `body` is an id, which answers given meanwhile must not mention."""
_UNDER_WAY: Final = timedelta(minutes=1)
"""An answer may be about what was read this long before its request was looked at here, and more: clocks differ."""


def idempotency_table(metadata: MetaData) -> Table:
    """The table a service adds to its metadata (and its migrations): one row an answer, kept for a day."""
    return Table(
        "idempotency",
        metadata,
        Column("scope", String(64), primary_key=True),
        Column("fingerprint", String(64), nullable=False),
        Column("status", Integer, nullable=False),
        Column("content_type", String(100), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", UtcInstant, nullable=False, index=True),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReply:
    """An answer as it was given the first time."""

    fingerprint: str
    status: int
    content_type: str
    headers: Mapping[str, str]
    body: bytes

    def response(self) -> web.Response:
        """The same answer again, saying so."""
        return web.Response(
            status=self.status,
            body=self.body or None,
            headers={REPLAYED: "true", **self.headers} | ({"Content-Type": self.content_type} if self.body else {}),
        )


@dataclass(slots=True, kw_only=True)
class PendingReply:
    """The place of an answer that is still to come."""

    scope: str
    fingerprint: str
    table: Table
    box: SecretBox
    now: datetime
    stored: bool = field(default=False)

    async def store(
        self,
        connection: AsyncConnection | AsyncSession,
        *,
        status: int,
        body: bytes,
        content_type: str,
        headers: Mapping[str, str],
    ) -> None:
        """Write the answer in the caller's transaction; of its headers, those that tell of what was made or changed.

        Raises:
            IntegrityError: when the same request was answered at the same time elsewhere. Let it roll the transaction
                back: the middleware then gives that answer.
        """
        columns = self.table.c
        # What is left of a day ago would be in the way.
        await connection.execute(
            delete(self.table).where(columns.scope == self.scope, columns.created_at < self.now - KEPT)
        )
        row = {
            "scope": self.scope,
            "fingerprint": self.fingerprint,
            "status": status,
            "content_type": content_type,
            "body": self.box.seal(_whole(headers, body)),
            "created_at": self.now,
        }
        await connection.execute(insert(self.table), row)
        # After the insertion, which waits for whoever forgets: see there.
        late = select(columns.body).where(columns.status == _FORGOTTEN, columns.created_at >= self.now - _UNDER_WAY)
        whole = _whole(headers, body)
        if any(forgotten in whole for forgotten in (await connection.scalars(late)).all()):
            await connection.execute(delete(self.table).where(columns.scope == self.scope))
        self.stored = True


def unsealed(box: SecretBox, row: Row[Any]) -> StoredReply | None:
    """The answer of a row; None if another key sealed it."""
    whole = _opened(box, row.body)
    if whole is None:
        return None
    headers, _, body = whole.partition(b"\n")
    return StoredReply(
        fingerprint=row.fingerprint,
        status=row.status,
        content_type=row.content_type,
        headers=json.loads(headers),
        body=body,
    )


async def forget(connection: AsyncConnection, table: Table, box: SecretBox, *, mentions: str, now: datetime) -> int:
    """Delete, in the caller's transaction, the answers that mention an id; gives how many there were.

    That of a request which is under way is not kept either. What cannot be opened is deleted too: nobody gets it again.
    """
    needle, columns, after, forgotten = mentions.encode(), table.c, "", 0
    if connection.dialect.name == "postgresql":
        # Whoever stores an answer now is waited for, and seen; the others wait until it stands here what is forgotten.
        await connection.execute(text(f'LOCK TABLE "{table.name}" IN SHARE ROW EXCLUSIVE MODE'))
    await _note_forgotten(connection, table, needle, now=now)
    answers = select(columns.scope, columns.body).where(columns.status != _FORGOTTEN).order_by(columns.scope)
    while True:
        some = answers.where(columns.scope > after).limit(_AT_ONCE)
        rows = (await connection.execute(some)).all()
        found = [row.scope for row in rows if needle in (_opened(box, row.body) or needle)]
        if found:
            await connection.execute(delete(table).where(columns.scope.in_(found)))
        forgotten += len(found)
        if len(rows) < _AT_ONCE:
            return forgotten
        after = rows[-1].scope


async def _note_forgotten(connection: AsyncConnection, table: Table, needle: bytes, *, now: datetime) -> None:
    scope = hashlib.sha256(b"forgotten\0" + needle).hexdigest()
    await connection.execute(delete(table).where(table.c.scope == scope))
    row = {"fingerprint": "", "status": _FORGOTTEN, "content_type": "", "body": needle, "created_at": now}
    await connection.execute(insert(table).values(scope=scope, **row))


def _whole(headers: Mapping[str, str], body: bytes) -> bytes:
    """What is sealed: a line of headers, then the body."""
    kept = {name: headers[name] for name in _GIVEN_AGAIN if name in headers}
    return json.dumps(kept).encode() + b"\n" + body


def _opened(box: SecretBox, sealed: bytes) -> bytes | None:
    try:
        return box.open(sealed)
    except BrokenSealError:
        return None
