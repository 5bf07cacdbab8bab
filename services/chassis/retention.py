"""Retention: what was kept for as long as its purpose asks goes, and what went is told in numbers alone.

A service gives `Sweep`s, each for one kind of rows. `preview` says what a run would delete now; `run` deletes it, a few
rows a transaction. Nothing is noted of what is still to be deleted: a run that was killed is simply begun again, and
finds what is left.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from services.chassis.clock import Clock
from services.chassis.metrics import NAMESPACE
from services.chassis.periods import Period

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How long something is kept: `counted_from` says from when, in a word of the service's."""

    purpose: str
    period: Period
    counted_from: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to go of one kind: how many rows, and from when the oldest is counted."""

    rows: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a run did, or would do, about one kind of rows; it was counted from before `before`."""

    rule: Rule
    kind: str
    before: datetime
    rows: int
    oldest: datetime | None


class Sweep(Protocol):
    """The rows of one kind that one rule is about."""

    @property
    def rule(self) -> Rule:
        """How long they are kept."""
        ...

    @property
    def kind(self) -> str:
        """What they are, in a word."""
        ...

    async def due(self, before: datetime) -> Due:
        """What is counted from before this instant, and still there. It only reads."""
        ...

    async def forget_some(self, before: datetime) -> int:
        """Delete some of it, in transactions of its own, each short; how many rows; 0 once there are none."""
        ...


class Ledger(Protocol):
    """Where it is written which run is under way, and what each did."""

    async def begin(self, now: datetime) -> int:
        """Begin a run, and give its number.

        Raises:
            RetentionUnderWayError: if another one is under way.
        """
        ...

    async def go_on(self, number: int, counts: Mapping[str, int], now: datetime) -> None:
        """Note how far a run is, so that it is known to be alive.

        Raises:
            RetentionTakenOverError: if it stood still for so long that another one was begun.
        """
        ...

    async def finish(self, number: int, counts: Mapping[str, int], now: datetime) -> None:
        """Note that a run is at its end."""
        ...


class RetentionMetrics:
    """What an operator watches: whether what must be deleted is deleted."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register the metrics."""
        self.forgotten = Counter(
            "retention_forgotten",
            "Rows deleted because they had been kept for as long as their purpose asks, by purpose.",
            ["purpose"],
            namespace=NAMESPACE,
            registry=registry,
        )
        self.failures = Counter(
            "retention_failures",
            "Runs of the retention that came to no end; what is left is deleted by the next.",
            namespace=NAMESPACE,
            registry=registry,
        )
        self.finished = Gauge(
            "retention_last_success_timestamp_seconds",
            "When a run of the retention last came to its end, in this process.",
            namespace=NAMESPACE,
            registry=registry,
        )


Progress = Callable[[Line], None]
"""Told now and then of what a run did so far about one kind of rows."""


def _quietly(_: Line) -> None:
    """Tell nobody."""


class Retention:
    """The rules of one service, applied."""

    def __init__(self, *, sweeps: Sequence[Sweep], ledger: Ledger, metrics: RetentionMetrics, clock: Clock) -> None:
        """`sweeps` are done in their order: a later one may delete what an earlier one is about."""
        self.sweeps = sweeps
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules, each once."""
        return list(dict.fromkeys(sweep.rule for sweep in self.sweeps))

    async def preview(self) -> Sequence[Line]:
        """What a run would delete now. Nothing changes."""
        now, lines = self._clock(), []
        for sweep in self.sweeps:
            before = sweep.rule.period.before(now)
            due = await sweep.due(before)
            lines.append(Line(rule=sweep.rule, kind=sweep.kind, before=before, rows=due.rows, oldest=due.oldest))
        return lines

    async def run(self, *, progress: Progress = _quietly) -> Sequence[Line]:
        """Delete what is due; gives what went, also where that is nothing.

        Raises:
            RetentionUnderWayError: if another run is under way, in this process or another.
            RetentionTakenOverError: if this one stood still for so long that another one was begun.
        """
        now = self._clock()
        number = await self._ledger.begin(now)
        try:
            lines = await self._sweep_all(number, now, progress)
        except Exception:
            self._metrics.failures.inc()
            raise
        ended = self._clock()
        self._metrics.finished.set(ended.timestamp())
        counts = counts_of(lines)
        log.info("retention.done", rows=sum(counts.values()), **counts)
        return lines

    async def _sweep_all(self, number: int, now: datetime, progress: Progress) -> Sequence[Line]:
        lines: list[Line] = []
        for sweep in self.sweeps:
            before = sweep.rule.period.before(now)
            due = await sweep.due(before)
            line = Line(rule=sweep.rule, kind=sweep.kind, before=before, rows=0, oldest=due.oldest)
            while due.rows and (gone := await sweep.forget_some(before)):
                self._metrics.forgotten.labels(purpose=sweep.rule.purpose).inc(gone)
                line = replace(line, rows=line.rows + gone)
                await self._ledger.go_on(number, counts_of([*lines, line]), self._clock())
                progress(line)
            lines.append(line)
        await self._ledger.finish(number, counts_of(lines), self._clock())
        return lines


def counts_of(lines: Sequence[Line]) -> Mapping[str, int]:
    """How many rows went for each purpose; purposes without any are left out."""
    counts: dict[str, int] = {}
    for line in lines:
        if line.rows:
            counts[line.rule.purpose] = counts.get(line.rule.purpose, 0) + line.rows
    return counts
