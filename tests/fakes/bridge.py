"""A bridge on a database of its own, reached over HTTP, whose Kafka is its outbox."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from schemas.decode import KnownFact, decode
from schemas.registration import Conference, EventCreated, EventData, EventStatus, Room
from schemas.topics import PARTICIPATION
from services.chassis.access import Grant, Role
from services.chassis.process import Background
from services.streaming_bridge.adapters.tables import OUTBOX
from services.streaming_bridge.bootstrap import Bridge, built
from services.streaming_bridge.settings import BridgeSettings
from tests.builders import settings_for

ORGANIZER: Final = {"Authorization": "Bearer organizer-token"}
ANALYST: Final = {"Authorization": "Bearer analyst-token"}
OPENING: Final = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
EVENT: Final = "evt_" + "e" * 32


class KnownTokens:
    """A `TokenVerifier` that knows two tokens, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def verify(self, token: str) -> Grant | None:
        self.asked += 1
        return {
            "organizer-token": Grant(token_id="1", role=Role.ORGANIZER),
            "analyst-token": Grant(token_id="2", role=Role.ANALYST),
        }.get(token)


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self, now: datetime = OPENING) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


@dataclass(slots=True)
class NoteKeeper:
    """Registration as far as it keeps the audit log, with what was noted as (act, by, event, subject)."""

    noted: list[tuple[str, ...]] = field(default_factory=list)
    is_away: bool = False

    async def note(self, request: web.Request) -> web.Response:
        if self.is_away:
            return web.Response(status=503)
        body = await request.json()
        self.noted.append(tuple(body[name] for name in ("act", "holder", "event_id", "subject")))
        return web.Response(status=204)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Its address."""
        app = web.Application()
        app.router.add_post("/internal/note-act", self.note)
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")


@dataclass(slots=True, kw_only=True)
class BridgeUnderTest:
    """The running bridge, and what a test needs around it."""

    bridge: Bridge
    client: TestClient[Any, Any]
    clock: SetClock
    tokens: KnownTokens
    notes: NoteKeeper

    async def post(
        self, path: str, body: bytes, headers: Mapping[str, str], *, status: int | None = None
    ) -> dict[str, Any]:
        """Send bytes and give the JSON answer, with its status checked."""
        async with self.client.post(path, data=BytesIO(body), headers=headers) as response:
            return await _answer(response, status)

    async def api(
        self,
        method: str,
        path: str,
        body: Any = None,  # noqa: ANN401  (whatever the test sends)
        *,
        status: int,
        headers: Mapping[str, str] = ORGANIZER,
    ) -> dict[str, Any]:
        """Call the API as an organizer."""
        async with self.client.request(method, path, json=body, headers=headers) as response:
            return await _answer(response, status)

    async def add_source(self, **form: Any) -> dict[str, Any]:  # noqa: ANN401  (fields of any platform)
        """Make a source."""
        return await self.api("POST", "/api/v1/sources", form, status=201)

    async def claim(
        self,
        *rooms: tuple[str, str],
        event_id: str = EVENT,
        starts_at: datetime = OPENING,
        hours: float = 8,
        status: EventStatus = EventStatus.PUBLISHED,
        changed_at: datetime = OPENING - timedelta(days=7),
    ) -> int:
        """Let an event claim rooms, given as (source, room), as if its fact had just been read; gives what it freed."""
        event = event_fact(
            *rooms, event_id=event_id, starts_at=starts_at, hours=hours, status=status, changed_at=changed_at
        )
        async with self.bridge.engine.begin() as connection:
            freed = await self.bridge.claims.apply(connection, event.data, time=event.time, fact_id=event.id)
            return await self.bridge.inbox.publish_claimed(connection, now=self.clock(), rooms=freed)

    async def rows(self, query: sa.Select[Any]) -> list[sa.Row[Any]]:
        """Look into the database."""
        async with self.bridge.engine.begin() as connection:
            return list((await connection.execute(query)).all())

    async def records(self, topic: str = PARTICIPATION.name) -> list[sa.Row[Any]]:
        """What is on its way to a topic, in order."""
        return await self.rows(sa.select(OUTBOX).where(OUTBOX.c.topic == topic).order_by(OUTBOX.c.position))

    async def facts(self) -> list[KnownFact]:
        """The participation facts on their way to Kafka, in order."""
        return [decode(row.value) for row in await self.records()]


def event_fact(
    *rooms: tuple[str, str],
    event_id: str = EVENT,
    starts_at: datetime = OPENING,
    hours: float = 8,
    status: EventStatus = EventStatus.PUBLISHED,
    changed_at: datetime = OPENING - timedelta(days=7),
    fact_id: str | None = None,
) -> EventCreated:
    """An event that claims rooms, given as (source, room)."""
    data = EventData(
        event_id=event_id,
        title="Colloque hybride",
        status=status,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        timezone="Europe/Paris",
        rooms=tuple(
            Room(room_id=f"room-{number}", name=f"Salle {number}", conference=Conference(source=source, room=room))
            for number, (source, room) in enumerate(rooms, start=1)
        ),
    )
    return EventCreated(
        type="passerelle.registration.event.created.v1",
        id=fact_id or f"created-{event_id[-8:]}-{changed_at.timestamp():.0f}",
        source="/registration",
        time=changed_at,
        recordedtime=changed_at,
        data=data,
    )


@asynccontextmanager
async def running_bridge(
    data_dir: Path,
    *,
    database: str | None = None,
    **settings: Any,  # noqa: ANN401
) -> AsyncIterator[BridgeUnderTest]:
    """A bridge without Kafka: what it would publish stays in its outbox.

    Its database is a file in `data_dir`, unless the URL of another is given; registration keeps notes, unless its
    address is given.
    """
    clock, tokens, notes = SetClock(), KnownTokens(), NoteKeeper()
    if database is not None:
        settings["streaming_bridge_database"] = database
    async with AsyncExitStack() as stack:
        settings.setdefault("registration_url", await stack.enter_async_context(notes.served()))
        chosen = settings_for(BridgeSettings, data_dir=data_dir, **settings)
        bridge = await stack.enter_async_context(built(chosen, clock=clock, verifier=tokens))
        bridge.start_inbox(await stack.enter_async_context(Background()))
        client = await stack.enter_async_context(TestClient(TestServer(bridge.app)))
        yield BridgeUnderTest(bridge=bridge, client=client, clock=clock, tokens=tokens, notes=notes)


async def _answer(response: ClientResponse, status: int | None) -> dict[str, Any]:
    body: dict[str, Any] = await response.json(content_type=None) if response.status != 204 else {}
    if status is not None:
        assert response.status == status, (response.status, body)
    return {**(body or {}), "http_status": response.status}
