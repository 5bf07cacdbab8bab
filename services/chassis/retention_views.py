"""What a service tells of its retention: the rules in force and its last run. The register of processing shows them."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel

from schemas.envelope import Instant
from services.chassis.periods import Period
from services.chassis.retention import Rule
from services.chassis.retention_job import RetentionJob
from services.chassis.retention_ledger import Run, RunState


class RuleView(BaseModel):
    """How long something is kept: `kept_for` is such as `3 years`, and begins with what `counted_from` names."""

    purpose: str
    kept_for: str
    counted_from: str

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """A rule."""
        return cls(purpose=rule.purpose, kept_for=str(rule.period), counted_from=rule.counted_from)

    def rule(self) -> Rule:
        """The rule that was told.

        Raises:
            ValueError: if its period is none.
        """
        return Rule(purpose=self.purpose, period=Period.parse(self.kept_for), counted_from=self.counted_from)


class RunView(BaseModel):
    """A run of the retention; `rows` are those deleted, by purpose, and `heard_at` is its end or last sign of life."""

    state: RunState
    started_at: Instant
    heard_at: Instant
    rows: Mapping[str, int]

    @classmethod
    def of(cls, run: Run) -> Self:
        """A run."""
        return cls(state=run.state, started_at=run.started_at, heard_at=run.heard_at, rows=run.counts)


class RetentionView(BaseModel):
    """The rules of a service, and its last run, if there was one."""

    rules: list[RuleView]
    last_run: RunView | None

    @classmethod
    async def of(cls, job: RetentionJob) -> Self:
        """What a service applies, and did."""
        runs = await job.ledger.last(1)
        return cls(
            rules=[RuleView.of(rule) for rule in job.retention.rules],
            last_run=RunView.of(runs[0]) if runs else None,
        )
