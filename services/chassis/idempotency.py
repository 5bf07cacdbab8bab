"""`Idempotency-Key`: a write repeated with the same key gets the answer of the first time, and happens once.

The record of an answer is best written in the transaction of the change itself, so that a crash leaves both or
neither:

    reply = pending_reply(request)                       # None without a key
    async with engine.begin() as connection:
        event = await create_event(connection, command)
        await remember(reply, connection, status=201, body=event.model_dump_json())

A handler that does not do so is covered too: the middleware stores its answer afterwards, and only a crash in between
lets a repetition happen twice. Errors are never stored: nothing changed, and trying again is right.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from sqlalchemy import Select, Table, delete, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from services.chassis.access import grant_of
from services.chassis.clock import Clock
from services.chassis.problems import FieldError, Problem, bad_request
from services.chassis.secrets import SecretBox
from services.chassis.stored_replies import KEPT, PendingReply, unsealed

HEADER: Final = "Idempotency-Key"
log = structlog.stdlib.get_logger(__name__)

_LONGEST_KEY: Final = 255
_METHODS: Final = frozenset({"POST", "PATCH", "DELETE"})

_PENDING: Final = web.RequestKey("pending_reply", PendingReply)


def pending_reply(request: web.Request) -> PendingReply | None:
    """The place to store this request's answer in; `None` when it carries no key."""
    return request.get(_PENDING)


async def remember(
    reply: PendingReply | None,
    connection: AsyncConnection | AsyncSession,
    *,
    status: int,
    body: str | bytes = b"",
    content_type: str = "application/json; charset=utf-8",
    headers: Mapping[str, str] | None = None,
) -> None:
    """Store the answer in the transaction of the change, if the request carries a key (see `PendingReply.store`)."""
    if reply is not None:
        await reply.store(
            connection,
            status=status,
            body=body.encode() if isinstance(body, str) else body,
            content_type=content_type,
            headers=headers or {},
        )


class Idempotency:
    """Answers repetitions from a table in the service's own database."""

    def __init__(self, engine: AsyncEngine, table: Table, clock: Clock, box: SecretBox) -> None:
        """Only requests below `/api/` are looked at; `box` seals the answers (see `SEALED_FOR`)."""
        self._engine = engine
        self._table = table
        self._clock = clock
        self._box = box
        self._running: set[str] = set()
        self.middleware = self._make_middleware()

    async def forget_old(self) -> int:
        """Delete the answers older than a day; gives how many there were."""
        async with self._engine.begin() as connection:
            result = await connection.execute(
                delete(self._table).where(self._table.c.created_at < self._clock() - KEPT)
            )
        return int(result.rowcount)

    async def keep_tidy(self, _: web.Application) -> AsyncIterator[None]:
        """Forget the old answers now and every hour, while the application runs (for its `cleanup_ctx`)."""
        stopping = asyncio.Event()
        task = asyncio.create_task(self._forget_hourly(stopping))
        yield
        # It is not cancelled: a connection that is just being opened would be left behind.
        stopping.set()
        await task

    async def _forget_hourly(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            try:
                await self.forget_old()
            except SQLAlchemyError:
                # The next hour is as good: an old answer is never given, deleted or not.
                log.exception("idempotency.not_tidied")
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), timeout=3600)

    def _make_middleware(self) -> Middleware:
        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            key = request.headers.get(HEADER)
            if key is None or request.method not in _METHODS or not request.path.startswith("/api/"):
                return await handler(request)
            if not 0 < len(key) <= _LONGEST_KEY:
                detail = f"must have 1 to {_LONGEST_KEY} characters"
                raise bad_request(
                    f"The header {HEADER} {detail}.", errors=[FieldError(parameter=HEADER, detail=detail)]
                )
            reply = PendingReply(
                scope=_scope(request, key),
                fingerprint=hashlib.sha256(await request.read()).hexdigest(),
                table=self._table,
                box=self._box,
                now=self._clock(),
            )
            async with self._alone(reply.scope):
                return await self._once(request, handler, reply)

        return middleware

    async def _once(self, request: web.Request, handler: Handler, reply: PendingReply) -> web.StreamResponse:
        first = await self._find(reply)
        if first is not None:
            return first
        request[_PENDING] = reply
        try:
            response = await handler(request)
        except IntegrityError:
            # Another process may have answered the same request since we looked.
            first = await self._find(reply)
            if first is None:
                raise
            return first
        if not reply.stored and isinstance(response, web.Response) and response.status < 400:  # noqa: PLR2004
            await self._store_afterwards(reply, response)
        return response

    async def _find(self, reply: PendingReply) -> web.Response | None:
        columns = self._table.c
        query: Select[Any] = select(columns.fingerprint, columns.status, columns.content_type, columns.body)
        async with self._engine.connect() as connection:
            row = (
                await connection.execute(
                    query.where(columns.scope == reply.scope, columns.created_at >= reply.now - KEPT)
                )
            ).one_or_none()
        if row is None:
            return None
        stored = unsealed(self._box, row)
        if stored is None:
            # Sealed with another key of the installation: nobody can be given it, and it must not be in the way.
            async with self._engine.begin() as connection:
                await connection.execute(delete(self._table).where(columns.scope == reply.scope))
            return None
        if stored.fingerprint != reply.fingerprint:
            raise Problem(422, detail=f"This {HEADER} was already used with another body.")
        return stored.response()

    async def _store_afterwards(self, reply: PendingReply, response: web.Response) -> None:
        body = response.body
        content_type = response.headers.get("Content-Type", "")
        try:
            async with self._engine.begin() as connection:
                await reply.store(
                    connection,
                    status=response.status,
                    body=bytes(body) if isinstance(body, bytes | bytearray) else b"",
                    content_type=content_type,
                    headers=response.headers,
                )
        except IntegrityError:
            # Stored by another process in the meantime: its answer stands.
            return

    @asynccontextmanager
    async def _alone(self, scope: str) -> AsyncIterator[None]:
        """Let only one request of a scope run in this process; the others are told to come again."""
        if scope in self._running:
            raise Problem(409, detail=f"A request with this {HEADER} is under way.", headers={"Retry-After": "1"})
        self._running.add(scope)
        try:
            yield
        finally:
            self._running.discard(scope)


def _scope(request: web.Request, key: str) -> str:
    """Who asks for what: two callers with the same key do not meet, nor does one without the personal token of one."""
    grant = grant_of(request)
    caller = grant.token_id if grant else request.headers.get("Authorization", "")
    parts = [key, caller, request.method, request.path]
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()
