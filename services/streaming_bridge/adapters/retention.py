"""What the bridge deletes when its time is over."""

from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.topics import DEAD_LETTER
from services.chassis.clock import Clock
from services.chassis.periods import Period, Unit
from services.chassis.retention import Retention, RetentionMetrics, Rule, Sweep
from services.chassis.retention_job import RetentionJob
from services.chassis.retention_ledger import SqlRetentionLedger
from services.chassis.row_sweeps import RowSweep
from services.chassis.stored_replies import KEPT
from services.streaming_bridge.adapters.tables import (
    CANCELLED_SEATS,
    DELIVERIES,
    DOOR_COUNTS,
    FORGOTTEN_GUESTS,
    GIVEN_UP_ROOMS,
    GUEST_IDENTITIES,
    GUEST_QUESTIONS,
    GUESTS,
    GUESTS_OF_EVENTS,
    IDEMPOTENCY,
    REFUSALS,
    RETENTION_RUNS,
    ROOM_CHECKS,
    ROOM_DRIFTS,
    SCRUBS,
    UNREADABLE,
)
from services.streaming_bridge.settings import BridgeSettings

_FIRST_SEEN: Final = "first_seen"
_MADE: Final = "made"
_LETTERS_KEPT: Final = timedelta(milliseconds=int(DEAD_LETTER.settings["retention.ms"]))


def retention_job(
    settings: BridgeSettings, engine: AsyncEngine, *, clock: Clock, registry: CollectorRegistry
) -> RetentionJob:
    """Join the rules that an installation sets with the database."""
    ledger = SqlRetentionLedger(engine, RETENTION_RUNS)
    return RetentionJob(
        retention=Retention(
            sweeps=_sweeps(settings, engine, clock),
            ledger=ledger,
            metrics=RetentionMetrics(registry),
            clock=clock,
        ),
        ledger=ledger,
        clock=clock,
        at_hour=settings.retention_hour,
    )


def _sweeps(settings: BridgeSettings, engine: AsyncEngine, clock: Clock) -> list[Sweep]:
    def rows(rule: Rule, table: sa.Table, column: sa.ColumnElement[datetime], scrubs: sa.Table | None = None) -> Sweep:
        return RowSweep(
            rule=rule,
            engine=engine,
            clock=clock,
            table=table,
            over=lambda before: (column < before,),
            since=column,
            scrubs=scrubs,
        )

    names = Rule(purpose="guest_names", period=_days(settings.guest_name_days), counted_from=_FIRST_SEEN)
    deliveries = Rule(purpose="deliveries", period=settings.keep_deliveries, counted_from=_MADE)
    # As long as the topic of dead letters: what cannot be read by then goes in both places.
    letters = Rule(purpose="dead_letters", period=_days(_LETTERS_KEPT // timedelta(days=1)), counted_from=_MADE)
    counts = Rule(purpose="door_counts", period=letters.period, counted_from=_MADE)
    answers = Rule(purpose="repeated_answers", period=_days(KEPT // timedelta(days=1)), counted_from=_MADE)
    return [
        rows(names, GUESTS, GUESTS.c.first_seen_at, SCRUBS),
        rows(names, GUEST_IDENTITIES, GUEST_IDENTITIES.c.first_seen_at, SCRUBS),
        rows(names, GUEST_QUESTIONS, GUEST_QUESTIONS.c.made_at),
        rows(names, GUESTS_OF_EVENTS, GUESTS_OF_EVENTS.c.made_at),
        rows(names, FORGOTTEN_GUESTS, FORGOTTEN_GUESTS.c.forgotten_at),
        # A delivery of that time that came again would be told again, under the id of its fact: that counts once.
        rows(deliveries, DELIVERIES, DELIVERIES.c.received_at),
        rows(deliveries, GIVEN_UP_ROOMS, GIVEN_UP_ROOMS.c.given_up_at),
        rows(deliveries, CANCELLED_SEATS, CANCELLED_SEATS.c.cancelled_at),
        rows(deliveries, ROOM_DRIFTS, ROOM_DRIFTS.c.began_at),
        rows(deliveries, ROOM_CHECKS, ROOM_CHECKS.c.checked_at),
        rows(deliveries, RETENTION_RUNS, RETENTION_RUNS.c.heard_at),
        rows(letters, UNREADABLE, UNREADABLE.c.received_at, SCRUBS),
        rows(counts, REFUSALS, REFUSALS.c.at),
        rows(counts, DOOR_COUNTS, DOOR_COUNTS.c.hour),
        rows(answers, IDEMPOTENCY, IDEMPOTENCY.c.created_at),
    ]


def _days(count: int) -> Period:
    return Period(count=count, unit=Unit.DAY)
