"""The web side of attendance on a read model of its own, filled without Kafka."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from aiohttp import ClientSession, web
from prometheus_client import CollectorRegistry
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import topics
from schemas.envelope import Fact
from services.attendance.adapters.comparison import SqlComparison
from services.attendance.adapters.fact_reading import SqlFacts
from services.attendance.adapters.projection import Batch, SqlProjection
from services.attendance.adapters.tallies import SqlTallies
from services.attendance.adapters.timeline import SqlTimeline
from services.attendance.application.reading import Reading
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.own_topics import read_record
from services.attendance.web.app import create_attendance_app
from services.attendance.web.feed import Feed
from services.chassis.access import Grant, Role
from services.chassis.clock import system_clock
from services.chassis.database import create_engine, create_reading_engine
from services.chassis.http import listening
from tests.builders import SECRET_KEY
from tests.fakes.attendance_log import told

ORGANIZER = "organizer-token"
ANALYST = "analyst-token"
DESK = "desk-token"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
"""When pages and programs ask: after all that the invented events tell."""
STRANGER = "token-of-another-event"


class KnownTokens:
    """A `TokenVerifier` that knows one token a role, and one that is limited to another event."""

    async def verify(self, token: str) -> Grant | None:
        grants = {
            ORGANIZER: Grant(token_id="1", role=Role.ORGANIZER),
            ANALYST: Grant(token_id="2", role=Role.ANALYST),
            DESK: Grant(token_id="3", role=Role.DESK),
            STRANGER: Grant(token_id="4", role=Role.ANALYST, event_id="evt_other"),
        }
        return grants.get(token)


class KnownNames:
    """The names of some people, as the other services would tell them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        self.taken_along: list[tuple[str, str]] = []

    async def names(self, event_id: str, subjects: Collection[str]) -> Mapping[str, str]:  # noqa: ARG002  (as the real one)
        return {subject: self._names[subject] for subject in subjects if subject in self._names}

    async def note_taken_along(self, event_id: str, *, by: str) -> None:
        self.taken_along.append((event_id, by))


@dataclass(slots=True, kw_only=True)
class Attendance:
    """A running web side; `store` fills its read model as the projector would, then tells the watchers."""

    app: web.Application
    url: str
    projection: SqlProjection
    timeline: SqlTimeline
    feed: Feed
    names: KnownNames
    reading: AsyncEngine
    session: ClientSession
    settings: AttendanceSettings

    async def ask(self, path: str, *, token: str | None = ORGANIZER, **query: str) -> tuple[int, dict[str, Any]]:
        """The status and the JSON of an answer."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with self.session.get(path, params=query, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def store(self, facts: Sequence[Fact], *, only: int | None = None) -> None:
        """Store what `facts` lead to; with `only`, the entries of the last so many of them."""
        log = told(facts)
        batch = Batch()
        rounds = log.rounds if only is None else log.rounds[-only:]
        for entry in chain.from_iterable(rounds):
            read_record(batch, topics.TIMELINE.name, b"", entry.to_bytes())
        for key, presence in log.kept.items():
            read_record(batch, topics.PRESENCE.name, key, presence)
        stored = await self.projection.apply(batch)
        await self.feed.advance(batch.event_ids, stored)


@asynccontextmanager
async def attending(
    database: str, *, names: Mapping[str, str] | None = None, port: int = 0, now: datetime = NOW
) -> AsyncIterator[Attendance]:
    """Serve attendance's web side on a free port, `now`; its read model is at a URL, migrated and empty."""
    writing, reading = create_engine(database), create_reading_engine(database)
    projection = SqlProjection(writing, clock=system_clock, committed=lambda: None)
    await projection.start()
    timeline = SqlTimeline(reading)
    feed, known = Feed(timeline), KnownNames(names or {})
    settings = AttendanceSettings.model_construct(
        host="127.0.0.1", port=port, public_url="http://127.0.0.1", secret_key=SecretStr(SECRET_KEY)
    )
    app = create_attendance_app(
        settings,
        reading=Reading(timeline, SqlTallies(reading), SqlFacts(reading), SqlComparison(reading)),
        feed=feed,
        names=known,
        verifier=KnownTokens(),
        checks={},
        registry=CollectorRegistry(),
        clock=lambda: now,
    )
    async with listening(app, settings) as url, ClientSession(base_url=url) as session:
        yield Attendance(
            app=app,
            url=url,
            projection=projection,
            timeline=timeline,
            feed=feed,
            names=known,
            reading=reading,
            session=session,
            settings=settings,
        )
    await writing.dispose()
    await reading.dispose()
