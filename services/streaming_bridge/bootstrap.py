"""The only place where the bridge is put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import aiohttp
import structlog
from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import topics
from services.chassis import dead_letters
from services.chassis.access import RemoteTokenVerifier, TokenVerifier
from services.chassis.clock import Clock, system_clock
from services.chassis.database import create_engine, create_reading_engine, upgrade
from services.chassis.http import listening
from services.chassis.kafka import new_consumer, new_producer
from services.chassis.metrics import new_registry
from services.chassis.middlewares import BUSY_ROUTES
from services.chassis.neighbour_calls import NeighbourCalls
from services.chassis.noted_acts import AuditNotes
from services.chassis.openapi import add_api
from services.chassis.outbox import OutboxDrain, OutboxMetrics
from services.chassis.process import Background
from services.chassis.retention_job import RetentionJob
from services.chassis.scrubbing import Scrubbing
from services.chassis.secrets import SecretBox
from services.chassis.topics import await_topics
from services.streaming_bridge.adapters.claims import SqlClaims
from services.streaming_bridge.adapters.door_log import SqlDoorBook
from services.streaming_bridge.adapters.former_rooms import SqlFormerRooms
from services.streaming_bridge.adapters.group_commit import GroupCommit
from services.streaming_bridge.adapters.guests import SqlGuests
from services.streaming_bridge.adapters.inbox import SqlInbox
from services.streaming_bridge.adapters.meetings import SqlMeetings
from services.streaming_bridge.adapters.outward import outward
from services.streaming_bridge.adapters.own_player import OwnPlayer, own_player
from services.streaming_bridge.adapters.people_names import PeopleNames
from services.streaming_bridge.adapters.platforms import PLATFORMS
from services.streaming_bridge.adapters.platforms.room_service import new_session
from services.streaming_bridge.adapters.reconciliation import reconciliation
from services.streaming_bridge.adapters.registration import recognising
from services.streaming_bridge.adapters.retention import retention_job
from services.streaming_bridge.adapters.room_watch import SqlRoomWatch
from services.streaming_bridge.adapters.sightings import SqlSightings
from services.streaming_bridge.adapters.sources import SqlSources
from services.streaming_bridge.adapters.storage import scrubbed
from services.streaming_bridge.adapters.tables import OUTBOX, SCRUBS
from services.streaming_bridge.adapters.unreadable import SqlUnreadable
from services.streaming_bridge.application.arrivals import Arrival, Outcome
from services.streaming_bridge.application.door_log import DoorLog
from services.streaming_bridge.application.event_guests import EventGuests
from services.streaming_bridge.application.hooks import Hooks
from services.streaming_bridge.application.housekeeping import Housekeeping
from services.streaming_bridge.application.live_checks import LiveChecks
from services.streaming_bridge.application.meetings import Meetings
from services.streaming_bridge.application.receiving import Receiving
from services.streaming_bridge.application.recognition import Recognising
from services.streaming_bridge.application.second_reading import SecondReading
from services.streaming_bridge.application.sources import SourceBook
from services.streaming_bridge.settings import BridgeSettings
from services.streaming_bridge.stream.registrations import RegistrationReader
from services.streaming_bridge.web.app import answers, create_bridge_app
from services.streaming_bridge.web.beats import BEATS, add_beats
from services.streaming_bridge.web.guests import add_event_guests
from services.streaming_bridge.web.hooks import hooks_api
from services.streaming_bridge.web.join import add_join_page
from services.streaming_bridge.web.meetings_api import add_drifting_rooms, meetings_api
from services.streaming_bridge.web.meetings_page import MeetingPages, add_meetings_page
from services.streaming_bridge.web.metrics import BridgeMetrics
from services.streaming_bridge.web.noting import NOTES
from services.streaming_bridge.web.reconciliation_api import reconciliation_api
from services.streaming_bridge.web.reconciliation_pages import ReconciliationPages
from services.streaming_bridge.web.retention import add_retention
from services.streaming_bridge.web.room_control import room_control_api
from services.streaming_bridge.web.rooms import add_guest_names, rooms_api
from services.streaming_bridge.web.source_cases import SourceCases
from services.streaming_bridge.web.source_names import add_source_names
from services.streaming_bridge.web.source_site import add_source_site
from services.streaming_bridge.web.sources import sources_api
from services.streaming_bridge.web.webhooks import add_misdirected, webhook_routes, webhooks_api

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
    player: OwnPlayer
    recognising: Recognising
    live_checks: LiveChecks
    hooks: Hooks
    housekeeping: Housekeeping
    drain: OutboxDrain
    reader: RegistrationReader
    retention: RetentionJob
    scrubbing: Scrubbing

    def start_inbox(self, background: Background) -> None:
        """Start what webhooks need: none of it needs Kafka."""
        background.start("inbox", self.commits.run())
        self.player.start(background)
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
            await answers(each)
        async with new_session() as platforms:
            parts = (settings, engine, readers, platforms)
            yield _join(*parts, clock=clock, verifier=verifier or RemoteTokenVerifier(settings))
    finally:
        await readers.dispose()
        await engine.dispose()


async def serve(settings: BridgeSettings) -> None:
    """Run the bridge until it is stopped."""
    async with built(settings) as bridge, Background() as background:
        bridge.start_inbox(background)
        bridge.start_kafka(background)
        background.start("retention", bridge.retention.run())
        background.start("recognition", bridge.recognising.run())
        background.start("live_checks", bridge.live_checks.run())
        background.start("hooks", bridge.hooks.run())
        async with listening(bridge.app, settings) as address:
            log.info("streaming_bridge.listening", url=address)
            await background.wait()


def _join(
    settings: BridgeSettings,
    engine: AsyncEngine,
    readers: AsyncEngine,
    platforms: aiohttp.ClientSession,
    *,
    clock: Clock,
    verifier: TokenVerifier,
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
    door_book = SqlDoorBook(engine, readers)
    door = DoorLog(door_book, clock, is_source=book.knows)
    commits = GroupCommit(inbox.write)
    player = own_player(settings, engine, clock=clock, committed=drain.wake)
    scrubbing = Scrubbing(engine, SCRUBS, clock)
    metrics = BridgeMetrics(registry, waiting=lambda: commits.waiting)
    receiving = Receiving(
        book=book,
        platforms=PLATFORMS,
        store=commits.submit,
        is_full=commits.is_full,
        clock=clock,
        pseudonym_key=settings.pseudonym_key,
        sealing=SecretBox.derive(settings.secret, purpose=dead_letters.PURPOSE),
        tolerance=timedelta(hours=settings.signature_tolerance_hours),
    )
    out = outward(settings, claims, book, platforms, clock)
    watch = SqlRoomWatch(engine, readers)
    meetings = Meetings(known=SqlMeetings(readers), watch=watch, sightings=SqlSightings(readers), book=book)
    people = PeopleNames(NeighbourCalls(settings), guests, settings)
    parts = (settings, engine, readers, inbox, people, book, clock)
    reconciling = reconciliation(*parts, pseudonym_key=settings.pseudonym_key)
    former = SqlFormerRooms(engine, readers, inbox=inbox)
    app = create_bridge_app(settings, engine, registry, clock=clock, verifier=verifier)
    app[NOTES] = AuditNotes(settings)
    app[BUSY_ROUTES] = webhook_routes(PLATFORMS.values()) | {BEATS}
    add_api(
        app,
        webhooks_api(receiving, metrics, door, PLATFORMS.values(), public_url=settings.public_url),
        sources_api(book, PLATFORMS, clock=clock, public_url=settings.public_url),
        rooms_api(claims),
        room_control_api(out.control),
        hooks_api(out.hooks),
        meetings_api(meetings, former, clock),
        reconciliation_api(reconciling),
    )
    add_misdirected(app, door, PLATFORMS.values())
    source_cases = SourceCases(
        book=book,
        platforms=PLATFORMS,
        door=door,
        door_book=door_book,
        hooks=out.hooks,
        reading=SecondReading(kept=SqlUnreadable(engine, readers), receiving=receiving, public_url=settings.public_url),
        claims=claims,
        former=former,
        clock=clock,
        public_url=settings.public_url,
    )
    add_source_site(app, source_cases, settings)
    add_beats(app, player.watching, metrics, public_url=settings.public_url)
    add_drifting_rooms(app, meetings, out.joining, former, settings)
    pages = MeetingPages(
        meetings=meetings, joining=out.joining, control=out.control, names=people, former=former, clock=clock
    )
    add_meetings_page(app, pages)
    ReconciliationPages(reconciling=reconciling).route(app)
    add_guest_names(app, guests, settings)
    event_guests = EventGuests(sightings=SqlSightings(readers), names=guests, events=claims, clock=clock)
    add_event_guests(app, event_guests, settings)
    add_source_names(app, book, settings)
    retention = retention_job(settings, engine, clock=clock, registry=registry)
    add_retention(app, retention, settings)
    add_join_page(app, out.joining, box=SecretBox.derive(settings.secret, purpose="join"), clock=clock)
    return Bridge(
        settings=settings,
        engine=engine,
        app=app,
        inbox=inbox,
        claims=claims,
        guests=guests,
        commits=commits,
        player=player,
        recognising=recognising(settings, engine, readers, names=names, clock=clock),
        hooks=out.hooks,
        live_checks=LiveChecks(
            watch=watch,
            book=book,
            services=out.room_services,
            clock=clock,
            pseudonym_key=settings.pseudonym_key,
            checked=metrics.live_check,
            drifting=metrics.drifting.set,
        ),
        housekeeping=Housekeeping(
            book=book,
            door=door,
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
