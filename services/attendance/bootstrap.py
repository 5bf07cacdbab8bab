"""The only place that builds the parts of attendance and joins them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final, Literal

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.topics import ALL
from services.attendance.adapters.comparison import SqlComparison
from services.attendance.adapters.fact_reading import SqlFacts
from services.attendance.adapters.names import NameDirectory
from services.attendance.adapters.projection import SqlProjection
from services.attendance.adapters.tables import MIGRATIONS, outbox
from services.attendance.adapters.tallies import SqlTallies
from services.attendance.adapters.timeline import SqlTimeline
from services.attendance.application.analysis import Analysis
from services.attendance.application.attendance_records import AttendanceRecords
from services.attendance.application.people_export import write_minutes, write_presence
from services.attendance.application.reading import Reading
from services.attendance.application.timeline_export import Format, write_changes, write_timeline
from services.attendance.application.xapi import write_statements
from services.attendance.domain.errors import AttendanceError
from services.attendance.settings import AttendanceSettings
from services.attendance.stream.projector import Projector
from services.attendance.web.app import create_attendance_app
from services.attendance.web.feed import Feed
from services.attendance.web.names import Names
from services.chassis.access import RemoteTokenVerifier, TokenVerifier
from services.chassis.clock import Clock, system_clock
from services.chassis.database import create_engine, create_reading_engine, upgrade
from services.chassis.http import ReadinessCheck, create_app, listening
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.metrics import new_registry
from services.chassis.outbox import OutboxDrain, OutboxMetrics
from services.chassis.process import Background, collect_less_often
from services.chassis.settings import PREFIX, SettingsError
from services.chassis.topics import KafkaAwayError, await_topics

SERVICE: Final = "attendance"
_PAUSE_SECONDS: Final = 1
_WHATEVER_IS_KNOWN: Final = datetime.max.replace(tzinfo=UTC)

log = structlog.stdlib.get_logger(__name__)


class NotReadyError(AttendanceError):
    """The worker does not consume yet."""

    def __init__(self) -> None:
        """Say it for `/health/ready`."""
        super().__init__("it waits for Kafka or recovers its state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The web side, joined and not yet running."""

    app: web.Application
    projector: Projector
    drain: OutboxDrain
    timeline: SqlTimeline
    registry: CollectorRegistry


async def serve(settings: AttendanceSettings, *, only: Literal["worker", "web"] | None = None) -> None:
    """Run the service, or one half of it, until it is cancelled."""
    collect_less_often()
    if only == "worker":
        await serve_worker(settings)
    elif only == "web":
        await serve_web(settings)
    else:
        await serve_both(settings)


async def serve_worker(settings: AttendanceSettings) -> None:
    """Fold facts until cancelled, and answer for the health of it."""
    ready = asyncio.Event()

    async def consumes() -> None:
        if not ready.is_set():
            raise NotReadyError

    registry = new_registry(service=f"{SERVICE}-worker")
    app = create_app(settings, service=SERVICE, registry=registry, checks={"worker": consumes})
    async with Background() as background, listening(app, settings):
        background.start("worker", _work(settings, registry, ready))
        await background.wait()


async def serve_both(settings: AttendanceSettings) -> None:
    """Both halves in one process."""
    async with assembled(settings) as parts, Background() as background, listening(parts.app, settings) as url:
        background.start("worker", _work(settings, parts.registry, asyncio.Event()))
        background.start("projector", project(settings, parts))
        log.info("attendance.listening", url=url)
        await background.wait()


async def serve_web(settings: AttendanceSettings) -> None:
    """Answer questions and keep the read model until cancelled; answers also while Kafka is away."""
    async with assembled(settings) as parts, Background() as background, listening(parts.app, settings) as url:
        background.start("projector", project(settings, parts))
        log.info("attendance.listening", url=url)
        await background.wait()


async def project(settings: AttendanceSettings, parts: Parts) -> None:
    """Make sure of the topics, then keep the read model for ever; waits for Kafka as long as it takes.

    Raises:
        TopicMismatchError: if a topic has another number of partitions.
        TopicRefusedError: if Kafka refuses to create one.
    """
    await await_topics(settings, ALL)
    async with Background() as background:
        background.start("projection", parts.projector.run())
        background.start("dead-letters", parts.drain.run())
        await background.wait()


async def export_timeline(
    settings: AttendanceSettings, event_id: str, *, as_of: datetime | None, form: Format, out: BinaryIO
) -> int:
    """Write an event's timeline from the read model, beside a running service or without; gives how many entries.

    Raises:
        UnknownEventError: if no fact tells of such an event.
        TooManyEntriesError: if the format cannot hold them all.
    """
    async with kept_read_model(settings) as (_, reading):
        return await write_timeline(SqlTimeline(reading), event_id, as_of=as_of, form=form, out=out)


async def export_changes(
    settings: AttendanceSettings, event_id: str, *, earlier: datetime, later: datetime, form: Format, out: BinaryIO
) -> int:
    """Write what changed between two instants from the read model, as `export_timeline` does; gives how many lines.

    Raises:
        UnknownEventError: if no fact tells of such an event.
        TooManyEntriesError: if the format cannot hold them all.
    """
    async with kept_read_model(settings) as (_, reading):
        return await write_changes(SqlTimeline(reading), event_id, earlier=earlier, later=later, form=form, out=out)


async def export_presence(
    settings: AttendanceSettings, event_id: str, *, as_of: datetime | None, form: Format, out: BinaryIO
) -> int:
    """Write where all are and were from the read model, as `export_timeline` does; gives how many rows."""
    async with kept_read_model(settings) as (_, reading):
        return await write_presence(_reading(reading), event_id, as_of=as_of, form=form, out=out)


async def export_minutes(
    settings: AttendanceSettings, event_id: str, *, as_of: datetime | None, form: Format, out: BinaryIO
) -> int:
    """Write how long each attended from the read model, as `export_timeline` does; gives how many rows."""
    async with kept_read_model(settings) as (_, reading):
        records = AttendanceRecords(_reading(reading))
        return await write_minutes(records, event_id, as_of=as_of or _WHATEVER_IS_KNOWN, form=form, out=out)


async def export_statements(settings: AttendanceSettings, event_id: str, *, out: BinaryIO) -> int:
    """Write who attended a closed event, as the API tells organizers in xAPI; gives how many statements.

    Raises:
        UnknownEventError: if no fact tells of such an event.
        StillOpenError: if it is not closed.
    """
    async with kept_read_model(settings) as (_, reading):
        analysis = Analysis(_reading(reading), secret=settings.secret, smallest=settings.smallest_group)
        event, attendees = await analysis.attendees(event_id, reader=None)
        return write_statements(event, attendees, home_page=settings.public_url, out=out)


def _reading(engine: AsyncEngine) -> Reading:
    return Reading(SqlTimeline(engine), SqlTallies(engine), SqlFacts(engine), SqlComparison(engine))


async def _work(settings: AttendanceSettings, registry: CollectorRegistry, ready: asyncio.Event) -> None:
    # The web half does without Faust, which takes a second and many megabytes to load.
    from services.attendance.stream.metrics import WorkerMetrics  # noqa: PLC0415
    from services.attendance.stream.worker import run_worker  # noqa: PLC0415

    metrics = WorkerMetrics(registry)
    while True:
        try:
            await run_worker(settings, clock=system_clock, metrics=metrics, ready=ready)
        except KafkaAwayError as error:
            log.warning("kafka.away", servers=error.servers)
            await asyncio.sleep(_PAUSE_SECONDS)


@asynccontextmanager
async def assembled(
    settings: AttendanceSettings,
    *,
    clock: Clock = system_clock,
    verifier: TokenVerifier | None = None,
    names: Names | None = None,
) -> AsyncIterator[Parts]:
    """Migrate the database and join the parts; tests give their own clock, tokens and names."""
    registry = new_registry(service=SERVICE)
    directory = NameDirectory(settings)
    async with read_model(settings) as (writing, reading):
        timeline = SqlTimeline(reading)
        feed = Feed(timeline)
        drain = OutboxDrain(
            engine=writing,
            table=outbox,
            new_producer=lambda: new_producer(settings, client_id=SERVICE),
            metrics=OutboxMetrics(registry),
            clock=clock,
        )
        projector = Projector(
            new_consumer=lambda: new_consumer(settings, client_id=f"{SERVICE}-projector"),
            projection=SqlProjection(writing, clock=clock, committed=drain.wake),
            partitions=settings.partitions,
            notify=feed.advance,
            clock=clock,
        )
        app = create_attendance_app(
            settings,
            reading=Reading(timeline, SqlTallies(reading), SqlFacts(reading), SqlComparison(reading)),
            feed=feed,
            names=names or directory,
            verifier=verifier or RemoteTokenVerifier(settings),
            checks=_checks(reading, projector),
            registry=registry,
            clock=clock,
        )
        yield Parts(app=app, projector=projector, drain=drain, timeline=timeline, registry=registry)
    await directory.close()


@asynccontextmanager
async def read_model(settings: AttendanceSettings) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """The migrated read model, for writing and for reading."""
    url = settings.attendance_database
    await upgrade(url, MIGRATIONS)
    # What a power cut takes is projected again from the offsets that stood with it.
    writing, reading = create_engine(url, durable=False), create_reading_engine(url)
    try:
        yield writing, reading
    finally:
        await reading.dispose()
        await writing.dispose()


@asynccontextmanager
async def kept_read_model(settings: AttendanceSettings) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """The read model that a service has made; a command that looks into it makes none.

    Raises:
        SettingsError: if there is none.
    """
    url = make_url(settings.attendance_database)
    if url.get_backend_name() == "sqlite" and not _is_file(url.database or ""):
        raise SettingsError(f"{PREFIX}DATA_DIR (--data-dir): there is no read model at {url.database}")
    async with read_model(settings) as engines:
        yield engines


def _is_file(path: str) -> bool:
    return Path(path).is_file()


def _checks(reading: AsyncEngine, projector: Projector) -> dict[str, ReadinessCheck]:
    async def database() -> None:
        async with reading.connect() as connection:
            await connection.exec_driver_sql("SELECT 1")

    return {"database": database, "projector": projector.check}
