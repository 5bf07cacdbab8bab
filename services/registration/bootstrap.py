"""The only place that builds the parts of registration and joins them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.topics import ALL
from services.chassis.access import Role
from services.chassis.clock import Clock, system_clock
from services.chassis.database import create_engine, create_reading_engine, upgrade
from services.chassis.http import create_app, listening
from services.chassis.idempotency import Idempotency
from services.chassis.kafka import new_producer
from services.chassis.metrics import new_registry
from services.chassis.middlewares import BUSY_ROUTES
from services.chassis.outbox import OutboxDrain, OutboxMetrics
from services.chassis.process import Background
from services.chassis.scrubbing import Scrubbing
from services.chassis.secrets import SecretBox
from services.chassis.stored_replies import SEALED_FOR
from services.chassis.topics import await_topics
from services.registration.adapters.clockwork import clockwork
from services.registration.adapters.erasure_tables import SCRUBS
from services.registration.adapters.letters.account_book import SqlAccountLetterBook
from services.registration.adapters.letters.account_composer import AccountMailComposer
from services.registration.adapters.letters.book import LetterMetrics, SqlLetterBook
from services.registration.adapters.letters.composer import MailComposer
from services.registration.adapters.letters.enclosures import Enclosures
from services.registration.adapters.letters.event_card import EventCards
from services.registration.adapters.letters.smtp import SmtpPost
from services.registration.adapters.likeness import Likeness, same_name
from services.registration.adapters.mint import RandomMint
from services.registration.adapters.neighbours import HttpNeighbours
from services.registration.adapters.openid import OpenIdProvider
from services.registration.adapters.proof_means import proof_means
from services.registration.adapters.retention import retention_job
from services.registration.adapters.shops.door import HttpShopDoor
from services.registration.adapters.store import SqlStore
from services.registration.adapters.tables import EVENTS, IDEMPOTENCY, OUTBOX
from services.registration.adapters.webauthn_rules import WebAuthn
from services.registration.application.account_cases import AccountCases
from services.registration.application.checkins import CheckIns
from services.registration.application.desks import Desks
from services.registration.application.doors import Doors
from services.registration.application.email_sign_in import EmailedLinks
from services.registration.application.events import Events
from services.registration.application.exports import Exports
from services.registration.application.guests import Guests
from services.registration.application.identities import Identities
from services.registration.application.imports import Imports, LineKeys
from services.registration.application.known_grants import KnownGrants
from services.registration.application.late_scans import LateScans
from services.registration.application.letters import Letters
from services.registration.application.offers import Offers
from services.registration.application.people import People
from services.registration.application.personal_exports import PersonalExports
from services.registration.application.personal_links import PersonalLinks
from services.registration.application.proof_cases import ProofCases
from services.registration.application.recognition import Recognition
from services.registration.application.registrations import Registrations
from services.registration.application.retention import Keeping, RetentionPeriods
from services.registration.application.session_places import SessionPlaces
from services.registration.application.suspect_times import SuspectTimes
from services.registration.application.ticket_shops import TicketShops
from services.registration.application.tokens import Standing, Tokens
from services.registration.application.volunteers import Volunteers
from services.registration.application.walk_ins import WalkIns
from services.registration.settings import RegistrationSettings
from services.registration.web.actors import name_the_actor
from services.registration.web.apis import add_apis
from services.registration.web.check_ins_api import CHECK_INS
from services.registration.web.errors import answer_refusals
from services.registration.web.internal import add_internal
from services.registration.web.pages import add_pages
from services.registration.web.rate_limits import RegistrationLimits
from services.registration.web.shop_tickets import read_ticket
from services.registration.web.use_cases import USE_CASES, UseCases

_LOCAL_SENDER: Final = "Passerelle <passerelle@localhost>"
"""Whom letters come from while no mail server is set: nobody gets them."""
MIGRATIONS: Final = Path(__file__).parent / "adapters" / "migrations"

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The service, joined and not yet running."""

    app: web.Application
    drain: OutboxDrain
    use_cases: UseCases
    scrubbing: Scrubbing


async def serve(settings: RegistrationSettings) -> None:
    """Run the service until it is cancelled. It answers before Kafka is there, and while Kafka is away."""
    async with assembled(settings) as parts, Background() as background, listening(parts.app, settings) as url:
        background.start("outbox", publish(settings, parts.drain))
        cases = parts.use_cases
        background.start("retention", cases.retention.run())
        works = clockwork(
            events=cases.events,
            offers=cases.offers,
            letters=cases.letters,
            account_letters=cases.access.letters,
            begun={"imports": cases.imports.carry_on_all, "certificates": cases.proofs.batches.carry_on_all},
            shops=cases.shops.rounds,
            people=cases.people,
            scrubbing=parts.scrubbing,
        )
        for name, work in works.items():
            background.start(name, work)
        log.info("registration.listening", url=url)
        await background.wait()


@asynccontextmanager
async def assembled(
    settings: RegistrationSettings, *, clock: Clock = system_clock, registry: CollectorRegistry | None = None
) -> AsyncIterator[Parts]:
    """Migrate the database and join the parts; on exit the database is closed."""
    registry = registry or new_registry(service="registration")
    async with _database(settings) as (writer, reader):
        drain = OutboxDrain(
            engine=writer,
            table=OUTBOX,
            new_producer=lambda: new_producer(settings, client_id="registration"),
            metrics=OutboxMetrics(registry),
            clock=clock,
        )
        cases = _use_cases(settings, writer, reader, clock=clock, committed=drain.wake, registry=registry)

        async def database_answers() -> None:
            async with reader.connect() as connection:
                await connection.execute(select(EVENTS.c.event_id).limit(1))

        app = create_app(
            settings,
            service="registration",
            verifier=cases.grants,
            idempotency=Idempotency(writer, IDEMPOTENCY, clock, SecretBox.derive(settings.secret, purpose=SEALED_FOR)),
            packages=["services.registration.web"],
            checks={"database": database_answers},
            registry=registry,
        )
        app.middlewares.extend([answer_refusals, name_the_actor])
        app[USE_CASES] = cases
        app[BUSY_ROUTES] = frozenset({CHECK_INS})
        add_apis(app)
        add_internal(app)
        add_pages(app)
        yield Parts(app=app, drain=drain, use_cases=cases, scrubbing=Scrubbing(writer, SCRUBS, clock))


async def publish(settings: RegistrationSettings, drain: OutboxDrain) -> None:
    """Make sure of the topics, then move the outbox to Kafka for ever; waits for Kafka as long as it takes.

    Raises:
        TopicMismatchError: if a topic has another number of partitions.
        TopicRefusedError: if Kafka refuses to create one.
    """
    await await_topics(settings, ALL)
    await drain.run()


async def create_token(settings: RegistrationSettings, *, role: Role, event_id: str | None = None) -> str:
    """Make an access token, beside a running server or without one; it is shown this once.

    Raises:
        EventNotFoundError: if it is to be limited to an event that does not exist.
    """
    async with _database(settings) as (writer, reader):
        return await _use_cases(settings, writer, reader).tokens.create(role, event_id=event_id)


@asynccontextmanager
async def _database(settings: RegistrationSettings) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """The migrated database, for writing and for reading."""
    url = settings.registration_database
    await upgrade(url, MIGRATIONS)
    writer, reader = create_engine(url), create_reading_engine(url)
    try:
        yield writer, reader
    finally:
        await reader.dispose()
        await writer.dispose()


def _use_cases(
    settings: RegistrationSettings,
    writer: AsyncEngine,
    reader: AsyncEngine,
    *,
    clock: Clock = system_clock,
    committed: Callable[[], None] = lambda: None,
    registry: CollectorRegistry | None = None,
) -> UseCases:
    mint = RandomMint()

    async def standing(token: str) -> Standing | None:
        return await access.desk_passes.standing(token)

    grants = KnownGrants(standing, clock)
    answers = SecretBox.derive(settings.secret, purpose=SEALED_FOR)
    store = SqlStore(
        writer=writer, reader=reader, clock=clock, answers=answers, committed=committed, changed=grants.forget
    )
    links = PersonalLinks.derive(secret_key=settings.secret, clock=clock, public_url=settings.public_url)
    sender = settings.mail_sender or _LOCAL_SENDER
    enclosures = Enclosures(links=links, organizer=parseaddr(sender)[1], clock=clock)
    registry = registry or new_registry(service="registration")
    book = SqlLetterBook(writer=writer, reader=reader, metrics=LetterMetrics(registry))
    post = None if settings.smtp_server is None else SmtpPost(settings.smtp_server)
    periods, neighbours = RetentionPeriods.of(settings), HttpNeighbours(settings)
    letters = Letters(
        store=store,
        book=book,
        composer=MailComposer(links=links, enclosures=enclosures, sender=sender, clock=clock),
        post=post,
        clock=clock,
        periods=periods,
    )
    tokens = Tokens(store=store, clock=clock, mint=mint)
    emailed = EmailedLinks.derive(secret_key=settings.secret, clock=clock, public_url=settings.public_url)
    access = AccountCases.join(
        store=store,
        clock=clock,
        mint=mint,
        tokens=tokens,
        secret_key=settings.secret,
        links=emailed,
        authenticators=WebAuthn.of(settings.public_url),
        provider=OpenIdProvider.of(settings),
        book=SqlAccountLetterBook(writer=writer, reader=reader),
        composer=AccountMailComposer(links=emailed, sender=sender, clock=clock),
        post=post,
    )
    registrations = Registrations(store=store, clock=clock, mint=mint)
    people = People(store=store, book=book, clock=clock)
    means, secret, public_url = proof_means(settings), settings.secret, settings.public_url
    proofs = ProofCases.join(means, store=store, clock=clock, mint=mint, secret_key=secret, public_url=public_url)
    keys = LineKeys.derive(settings.secret)
    door = HttpShopDoor.of(settings, clock)
    check_ins = CheckIns(store=store, clock=clock, mint=mint, doors=Doors(store))
    walk_ins = WalkIns(store=store, clock=clock, registrations=registrations, check_ins=check_ins)
    session_places = SessionPlaces(store=store, clock=clock, mint=mint)
    identities = Identities(store=store, clock=clock, mint=mint)
    return UseCases(
        settings=settings,
        events=Events(store=store, clock=clock, mint=mint),
        registrations=registrations,
        exports=Exports(store=store),
        imports=Imports(store=store, clock=clock, mint=mint, keys=keys),
        shops=TicketShops.join(
            store=store, clock=clock, mint=mint, door=door, keys=keys, read=read_ticket, secret_key=settings.secret
        ),
        offers=Offers(store=store, clock=clock, mint=mint),
        session_places=session_places,
        check_ins=check_ins,
        desks=Desks(store=store, clock=clock),
        walk_ins=walk_ins,
        volunteers=Volunteers(store=store, clock=clock, mint=mint),
        late_scans=LateScans(
            check_ins=check_ins, walk_ins=walk_ins, registrations=registrations, session_places=session_places
        ),
        identities=identities,
        recognition=Recognition(store=store, identities=identities, keys=keys),
        guests=Guests(identities=identities, neighbours=neighbours, compare=Likeness.of, alike=same_name),
        suspect_times=SuspectTimes(store=store, clock=clock, mint=mint),
        tokens=tokens,
        access=access,
        grants=grants,
        links=links,
        letters=letters,
        people=people,
        personal_exports=PersonalExports(
            store=store, people=people, letters=letters, neighbours=neighbours, clock=clock, proofs=proofs
        ),
        registration_limits=RegistrationLimits(
            per_address=settings.registrations_per_address, per_minute=settings.registrations_per_minute
        ),
        enclosures=enclosures,
        keeping=Keeping(store=store, periods=periods, clock=clock),
        neighbours=neighbours,
        retention=retention_job(
            settings, registrations, writer=writer, reader=reader, clock=clock, answers=answers, registry=registry
        ),
        cards=EventCards(),
        proofs=proofs,
    )
