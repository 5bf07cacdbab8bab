"""The job that applies retention once a day, in the night where the machine is on at night."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.chassis.clock import Clock
from services.chassis.database import is_away
from services.chassis.retention import Retention
from services.chassis.retention_ledger import RetentionTakenOverError, RetentionUnderWayError, SqlRetentionLedger

FIRST_AFTER: Final = timedelta(days=30)
"""By itself, nothing is deleted before: a database may come from a version without retention, and its organizers have
to say first which of its events were trainings. A command that somebody calls does not wait."""
_DAY: Final = timedelta(days=1)
_POLL_SECONDS: Final = 60.0
_AFTER_TROUBLE_SECONDS: Final = 600.0

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionJob:
    """Runs when the hour `at_hour` (UTC) has passed and no run began since, in whichever process sees it first.

    A machine that is off then catches up when it is on again.
    """

    retention: Retention
    ledger: SqlRetentionLedger
    clock: Clock
    at_hour: int

    async def run(
        self, *, poll_seconds: float = _POLL_SECONDS, after_trouble_seconds: float = _AFTER_TROUBLE_SECONDS
    ) -> None:
        """Look at the clock, for ever; what fails is tried again, and stops nothing else."""
        pause = poll_seconds
        while True:
            # Before the first time, too: while everything starts, there is enough to do.
            await asyncio.sleep(pause)
            pause = poll_seconds
            try:
                await self.run_if_owed()
            except Exception as error:
                # Whatever it is, the doors stay open. The next run finds what this one left.
                if isinstance(error, SQLAlchemyError | OSError) and is_away(error):
                    log.warning("retention.interrupted", error=type(error).__name__)
                else:
                    log.exception("retention.failed")
                pause = after_trouble_seconds

    async def run_if_owed(self) -> bool:
        """Run if it is time to; whether it was."""
        now = self.clock()
        if now < await self.ledger.first_began(now) + FIRST_AFTER:
            return False
        if not await self.ledger.is_owed(self._last_hour(now), now=now):
            return False
        try:
            await self.retention.run()
        except (RetentionUnderWayError, RetentionTakenOverError):
            return False
        return True

    def _last_hour(self, now: datetime) -> datetime:
        """The last time that the clock showed the hour."""
        today = now.replace(hour=self.at_hour, minute=0, second=0, microsecond=0)
        return today if today <= now else today - _DAY
