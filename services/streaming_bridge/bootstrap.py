"""The only place where the bridge is put together."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import topics
from services.chassis import dead_letters
from services.chassis.access import RemoteTokenVerifier, TokenVerifier, authenticate
from services.chassis.clock import Clock, system_clock
from services.chassis.database import create_engine, create_reading_engine, upgrade
from services.chassis.http import create_app, listening
from services.chassis.idempotency import Idempotency
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.metrics import new_registry
from services.chassis.middlewares import BUSY_ROUTES
from services.chassis.openapi import add_api
from services.chassis.outbox import OutboxDrain, OutboxMetrics
from services.chassis.process import Background
from services.chassis.retention_job import RetentionJob
from services.chassis.scrubbing import Scrubbing
from services.chassis.secrets import SecretBox
from services.chassis.stored_replies import SEALED_FOR
from services.chassis.topics import await_topics
from services.streaming_bridge.adapters.claims import SqlClaims
from services.streaming_bridge.adapters.group_commit import GroupCommit
from services.streaming_bridge.adapters.guests import SqlGuests
from services.streaming_bridge.adapters.inbox import SqlInbox
from services.streaming_bridge.adapters.platforms import PLATFORMS
from services.streaming_bridge.adapters.retention import retention_job
from services.streaming_bridge.adapters.sources import SqlSources
from services.streaming_bridge.adapters.storage import scrubbed
from services.streaming_bridge.adapters.tables import IDEMPOTENCY, OUTBOX, SCRUBS
from services.streaming_bridge.application.arrivals import Arrival, Outcome
from services.streaming_bridge.application.housekeeping import Housekeeping
from services.streaming_bridge.application.joining import Joining
from services.streaming_bridge.application.receiving import Receiving
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.settings import BridgeSettings
from services.streaming_bridge.stream.registrations import RegistrationReader
from services.streaming_bridge.web.errors import answer_bridge_errors
from services.streaming_bridge.web.join import add_join_page
from services.streaming_bridge.web.metrics import BridgeMetrics
from services.streaming_bridge.web.retention import add_retention
from services.streaming_bridge.web.rooms import add_guest_names, rooms_api
from services.streaming_bridge.web.source_names import add_source_names
from services.streaming_bridge.web.sources import sources_api
from services.streaming_bridge.web.webhooks import WEBHOOK_ROUTES, webhooks_api

MIGRATIONS: Final = Path(__file__).parent / "adapters" / "migrations"
SERVICE: Final = "streaming_bridge"

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """A bridge that is put together: its application, and the work that goes on behind it."""

    settings: BridgeSettings
    engine: AsyncEngine
    app: web.Application
    inbox: SqlInbox
    claims: SqlClaims
    guests: SqlGuests
    commits: GroupCommit[Arrival, Outcome]
    housekeeping: Housekeeping
    drain: OutboxDrain
    reader: RegistrationReader
    retention: RetentionJob
    scrubbing: Scrubbing

    def start_inbox(self, background: Background) -> None:
        """Start what webhooks need: none of it needs Kafka."""
        background.start("inbox", self.commits.run())
        background.start("housekeeping", self.housekeeping.run())

    def start_kafka(self, background: Background) -> None:
        """Start what needs Kafka, once its topics are there; until then deliveries wait in the inbox."""
        background.start("kafka", self._with_kafka())

    async def _with_kafka(self) -> None:
        await await_topics(self.settings, topics.ALL)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.drain.run())
            tasks.create_task(self.reader.run())


@asynccontextmanager
async def built(
    settings: BridgeSettings, *, clock: Clock = system_clock, verifier: TokenVerifier | None = None
) -> AsyncIterator[Bridge]:
    """Put a bridge together on its migrated database; tests give their own clock and tokens."""
    await upgrade(settings.streaming_bridge_database, MIGRATIONS)
    engine = create_engine(settings.streaming_bridge_database)
    readers = create_reading_engine(settings.streaming_bridge_database)
    try:
        # A background task that is cancelled while it opens the first connection would leave it behind.
        for each in (engine, readers):
            await _answers(each)
        yield _join(settings, engine, readers, clock=clock, verifier=verifier or RemoteTokenVerifier(settings))
    finally:
        await readers.dispose()
        await engine.dispose()


async def serve(settings: BridgeSettings) -> None:
    """Run the bridge until it is stopped."""
    async with built(settings) as bridge, Background() as background:
        bridge.start_inbox(background)
        bridge.start_kafka(background)
        background.start("retention", bridge.retention.run())
        async with listening(bridge.app, settings) as address:
            log.info("streaming_bridge.listening", url=address)
            await background.wait()


def _join(
    settings: BridgeSettings, engine: AsyncEngine, readers: AsyncEngine, *, clock: Clock, verifier: TokenVerifier
) -> Bridge:
    registry = new_registry(service=SERVICE)
    drain = OutboxDrain(
        engine=engine,
        table=OUTBOX,
        new_producer=lambda: new_producer(settings, client_id=SERVICE),
        metrics=OutboxMetrics(registry),
        clock=clock,
    )
    names = SecretBox.derive(settings.secret, purpose="guest-names")
    inbox = SqlInbox(engine, names=names, committed=drain.wake)
    claims = SqlClaims(readers)
    guests = SqlGuests(engine, readers, names=names)
    book = SourceBook(SqlSources(engine, readers, box=SecretBox.derive(settings.secret, purpose="sources")), clock)
    commits = GroupCommit(inbox.write)
    scrubbing = Scrubbing(engine, SCRUBS, clock)
    metrics = BridgeMetrics(registry, waiting=lambda: commits.waiting)
    receiving = Receiving(
        book=book,
        platforms=PLATFORMS,
        store=commits.submit,
        clock=clock,
        pseudonym_key=pseudonym_key(settings),
        sealing=SecretBox.derive(settings.secret, purpose=dead_letters.PURPOSE),
        tolerance=timedelta(hours=settings.jaas_tolerance_hours),
    )
    joining = Joining(
        meetings=claims,
        book=book,
        platforms=PLATFORMS,
        clock=clock,
        lifetime=timedelta(minutes=settings.join_link_minutes),
    )
    app = _application(settings, engine, registry, clock=clock, verifier=verifier)
    add_api(
        app,
        webhooks_api(receiving, metrics),
        sources_api(book, PLATFORMS, clock=clock, public_url=settings.public_url),
        rooms_api(claims),
    )
    add_guest_names(app, guests, settings)
    add_source_names(app, book, settings)
    retention = retention_job(settings, engine, clock=clock, registry=registry)
    add_retention(app, retention, settings)
    add_join_page(app, joining, box=SecretBox.derive(settings.secret, purpose="join"), clock=clock)
    return Bridge(
        settings=settings,
        engine=engine,
        app=app,
        inbox=inbox,
        claims=claims,
        guests=guests,
        commits=commits,
        housekeeping=Housekeeping(
            book=book,
            inbox=inbox,
            guests=guests,
            clock=clock,
            keep_names=timedelta(days=settings.guest_name_days),
            unclaimed=metrics.show_unclaimed,
            scrub=lambda: scrubbed(scrubbing),
        ),
        drain=drain,
        reader=RegistrationReader(
            engine=engine,
            claims=claims,
            inbox=inbox,
            guests=guests,
            new_consumer=lambda: new_consumer(settings, client_id=f"{SERVICE}-claims"),
            committed=drain.wake,
            clock=clock,
            partitions=settings.partitions,
        ),
        retention=retention,
        scrubbing=scrubbing,
    )


def _application(
    settings: BridgeSettings,
    engine: AsyncEngine,
    registry: CollectorRegistry,
    *,
    clock: Clock,
    verifier: TokenVerifier,
) -> web.Application:
    app = create_app(
        settings,
        service=SERVICE,
        packages=["services.streaming_bridge.web"],
        checks={"database": lambda: _answers(engine)},
        registry=registry,
    )
    app[BUSY_ROUTES] = WEBHOOK_ROUTES
    app.middlewares.append(_below("/api/", authenticate(verifier, public_url=settings.public_url)))
    idempotency = Idempotency(engine, IDEMPOTENCY, clock, SecretBox.derive(settings.secret, purpose=SEALED_FOR))
    app.middlewares.append(idempotency.middleware)
    app.cleanup_ctx.append(idempotency.keep_tidy)
    app.middlewares.append(answer_bridge_errors)
    if isinstance(verifier, RemoteTokenVerifier):
        app.on_cleanup.append(lambda _: verifier.close())
    return app


async def _answers(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.exec_driver_sql("SELECT 1")


def _below(prefix: str, middleware: Middleware) -> Middleware:
    """A middleware for some paths only.

    Platforms send their own secret in `Authorization`: to take it for a token of ours would carry it to registration,
    and make every delivery wait for an answer from there.
    """

    @web.middleware
    async def selective(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await (middleware(request, handler) if request.path.startswith(prefix) else handler(request))

    return selective


def pseudonym_key(settings: BridgeSettings) -> bytes:
    """The key of the digests that stand for names and addresses in a platform's ids."""
    return hmac.digest(settings.secret.encode(), b"passerelle pseudonyms", hashlib.sha256)
