"""What registration deletes when its time is over: people as if they had asked for it, and rows of tables."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry
from sqlalchemy import ColumnElement, Table, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.chassis.clock import Clock
from services.chassis.retention import Due, Retention, RetentionMetrics, Rule, Sweep
from services.chassis.retention_job import RetentionJob
from services.chassis.retention_ledger import SqlRetentionLedger
from services.chassis.row_sweeps import Over, RowSweep
from services.chassis.secrets import SecretBox
from services.registration.adapters.account_tables import (
    ACCOUNT_LETTERS,
    AUDIT_LOG,
    CEREMONIES,
    DESK_LINKS,
    SESSIONS,
    SIGN_IN_REQUESTS,
)
from services.registration.adapters.erasure_tables import SCRUBS
from services.registration.adapters.import_tables import IMPORTED_LINES, IMPORTS
from services.registration.adapters.retention_tables import RETENTION_RUNS, TRAINING_PROOFS
from services.registration.adapters.shop_tables import SHOP_NOTICES, SHOP_TICKETS, SHOPS
from services.registration.adapters.store import SqlWriting
from services.registration.adapters.tables import (
    EVENTS,
    IDEMPOTENCY,
    LETTERS,
    NEEDS,
    PEOPLE,
    REGISTRATIONS,
    SCANS,
    SESSION_PLACES,
    SIGN_IN_CODES,
    TOKENS,
)
from services.registration.adapters.volunteer_tables import VOLUNTEER_NAMES
from services.registration.application.registrations import Registrations
from services.registration.application.retention import Kept, RetentionPeriods
from services.registration.domain.audit import Act, Deed
from services.registration.domain.imports import ImportState
from services.registration.domain.seats import SeatStatus
from services.registration.domain.training_proofs import TrainingProof
from services.registration.settings import RegistrationSettings

_PEOPLE_AT_ONCE: Final = 25
_PROOFS: Final = (
    (Kept.PARTICIPANTS, TrainingProof.NONE),
    (Kept.TRAINING_PROOF, TrainingProof.TRAINING),
    (Kept.COFUNDED_TRAINING_PROOF, TrainingProof.COFUNDED_TRAINING),
)
_SEAT: Final = REGISTRATIONS.c
_ENDED: Final = EVENTS.c.ends_at

Erase = Callable[[str, str], Awaitable[object]]
"""Erases a participant of an event, as on their own request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleSweep:
    """Erases people, each in a transaction of its own; implements the port `Sweep`."""

    rule: Rule
    engine: AsyncEngine
    over: Over
    erase: Erase
    kind: str = PEOPLE.name

    async def due(self, before: datetime) -> Due:
        """See the port."""
        query = select(func.count(), func.min(_ENDED)).select_from(PEOPLE, REGISTRATIONS, EVENTS)
        async with self.engine.connect() as connection:
            rows, oldest = (await connection.execute(query.where(*self.over(before)))).one()
        return Due(rows=rows, oldest=oldest)

    async def forget_some(self, before: datetime) -> int:
        """See the port."""
        query = select(_SEAT.event_id, _SEAT.participant_id).select_from(PEOPLE, REGISTRATIONS, EVENTS)
        some = query.where(*self.over(before)).order_by(_SEAT.participant_id).limit(_PEOPLE_AT_ONCE)
        async with self.engine.connect() as connection:
            found = (await connection.execute(some)).all()
        for row in found:
            await self.erase(row.event_id, row.participant_id)
        left = select(func.count()).where(PEOPLE.c.participant_id.in_([row.participant_id for row in found]))
        async with self.engine.connect() as connection:
            return len(found) - (await connection.scalar(left) or 0)


def retention_job(
    settings: RegistrationSettings,
    registrations: Registrations,
    *,
    writer: AsyncEngine,
    reader: AsyncEngine,
    clock: Clock,
    answers: SecretBox,
    registry: CollectorRegistry,
) -> RetentionJob:
    """Join the rules that an installation sets with the database; what went is told in the audit log, too."""

    async def erase(event_id: str, participant_id: str) -> None:
        await registrations.cancel(event_id, participant_id, erase=True)

    async def note(connection: AsyncConnection, counts: Mapping[str, int]) -> None:
        told = (Deed(act=Act.RETENTION_APPLIED, subject=f"{kept}: {rows}") for kept, rows in counts.items())
        await SqlWriting(connection, clock=clock, answers=answers).note(*told)

    ledger = SqlRetentionLedger(writer, RETENTION_RUNS, note=note)
    periods = RetentionPeriods.of(settings)
    return RetentionJob(
        retention=Retention(
            sweeps=sweeps(writer=writer, reader=reader, clock=clock, periods=periods, erase=erase),
            ledger=ledger,
            metrics=RetentionMetrics(registry),
            clock=clock,
        ),
        ledger=ledger,
        clock=clock,
        at_hour=settings.retention_hour,
    )


def sweeps(
    *, writer: AsyncEngine, reader: AsyncEngine, clock: Clock, periods: RetentionPeriods, erase: Erase
) -> list[Sweep]:
    """All that registration deletes, in the order in which it does: what hangs on something goes before it."""

    def rows(kept: Kept, table: Table, over: Over, since: ColumnElement[datetime], *others: Table) -> Sweep:
        return RowSweep(
            rule=periods.rule(kept),
            engine=writer,
            clock=clock,
            table=table,
            over=over,
            since=since,
            others=others,
            scrubs=SCRUBS,
        )

    def of_event(kept: Kept, table: Table, *conditions: ColumnElement[bool]) -> Sweep:
        def over(before: datetime) -> Sequence[ColumnElement[bool]]:
            return (table.c.event_id == EVENTS.c.event_id, _ended(before), *conditions)

        return rows(kept, table, over, _ENDED, EVENTS)

    def older(kept: Kept, table: Table, column: ColumnElement[datetime], *conditions: ColumnElement[bool]) -> Sweep:
        return rows(kept, table, lambda before: (column < before, *conditions), column)

    def of_people(table: Table, proof: TrainingProof) -> Over:
        def over(before: datetime) -> Sequence[ColumnElement[bool]]:
            return (table.c.participant_id == _SEAT.participant_id, _ended(before), *_kept_as(proof))

        return over

    return [
        rows(Kept.NEEDS, NEEDS, _of_event_of(NEEDS), _ENDED, REGISTRATIONS, EVENTS),
        *(
            rows(kept, SESSION_PLACES, of_people(SESSION_PLACES, proof), _ENDED, REGISTRATIONS, EVENTS)
            for kept, proof in _PROOFS
        ),
        older(Kept.ANSWERS, IDEMPOTENCY, IDEMPOTENCY.c.created_at),
        of_event(Kept.IMPORTS, SHOP_TICKETS),
        rows(Kept.IMPORTS, SHOP_NOTICES, _of_shop, _ENDED, SHOPS, EVENTS),
        of_event(Kept.IMPORTS, SHOPS),
        of_event(Kept.IMPORTS, IMPORTED_LINES),
        of_event(Kept.IMPORTS, IMPORTS, IMPORTS.c.state != ImportState.RUNNING.value),
        of_event(Kept.LETTERS, LETTERS),
        of_event(Kept.PARTICIPANTS, VOLUNTEER_NAMES),
        *(
            PeopleSweep(rule=periods.rule(kept), engine=reader, over=of_people(PEOPLE, proof), erase=erase)
            for kept, proof in _PROOFS
        ),
        older(Kept.ACCESS, ACCOUNT_LETTERS, ACCOUNT_LETTERS.c.until),
        older(Kept.ACCESS, SESSIONS, SESSIONS.c.expires_at),
        older(Kept.ACCESS, CEREMONIES, CEREMONIES.c.expires_at),
        older(Kept.ACCESS, SIGN_IN_CODES, SIGN_IN_CODES.c.expires_at),
        older(Kept.ACCESS, SIGN_IN_REQUESTS, SIGN_IN_REQUESTS.c.at),
        older(Kept.AUDIT_LOG, AUDIT_LOG, AUDIT_LOG.c.at),
        # What the log calls by a number is known for as long as the log is.
        rows(
            Kept.AUDIT_LOG,
            DESK_LINKS,
            lambda before: (DESK_LINKS.c.day < before.date().isoformat(),),
            DESK_LINKS.c.created_at,
        ),
        older(Kept.AUDIT_LOG, TOKENS, func.coalesce(TOKENS.c.revoked_at, TOKENS.c.expires_at)),
        older(Kept.AUDIT_LOG, RETENTION_RUNS, RETENTION_RUNS.c.heard_at),
    ]


def _ended(before: datetime) -> ColumnElement[bool]:
    return EVENTS.c.ends_at < before


def _kept_as(proof: TrainingProof) -> Sequence[ColumnElement[bool]]:
    """What is true of the seats that are kept for a proof: of who had one when the event began, or came in any case.

    Whoever cancels later may have taken part online, which registration cannot see.
    """
    said = select(TRAINING_PROOFS.c.event_id).where(TRAINING_PROOFS.c.event_id == EVENTS.c.event_id)
    came = select(SCANS.c.fact_id).where(SCANS.c.participant_id == _SEAT.participant_id, SCANS.c.voided_by.is_(None))
    left = and_(_SEAT.status == SeatStatus.CANCELLED.value, _SEAT.changed_at >= EVENTS.c.starts_at)
    proves = or_(_SEAT.status == SeatStatus.CONFIRMED.value, left, came.exists())
    at_event = _SEAT.event_id == EVENTS.c.event_id
    if proof is TrainingProof.NONE:
        return at_event, or_(~proves, ~said.exists())
    return at_event, proves, said.where(TRAINING_PROOFS.c.proof == proof.value).exists()


def _of_event_of(table: Table) -> Over:
    """Rows of participants whose event ended before."""

    def over(before: datetime) -> Sequence[ColumnElement[bool]]:
        of_participant = table.c.participant_id == _SEAT.participant_id
        return of_participant, _SEAT.event_id == EVENTS.c.event_id, _ended(before)

    return over


def _of_shop(before: datetime) -> Sequence[ColumnElement[bool]]:
    return SHOP_NOTICES.c.shop_id == SHOPS.c.shop_id, SHOPS.c.event_id == EVENTS.c.event_id, _ended(before)
