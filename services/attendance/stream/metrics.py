"""What the worker tells of itself to Prometheus. No label is about a person or an event."""

from collections.abc import Callable
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.chassis.metrics import NAMESPACE

_SECONDS: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class WorkerMetrics:
    """The metrics of one worker.

    - `passerelle_worker_facts_total`: facts whose outputs are delivered and kept, repeated ones included.
    - `passerelle_worker_records_produced_total`: records that Kafka acknowledged, on all topics.
    - `passerelle_worker_dead_letters_total`: records set aside because they could not be folded.
    - `passerelle_worker_round_seconds`: from taking the batches of a round to their acknowledgement; what a fact waits
      in the worker is at most two of these.
    - `passerelle_worker_facts_behind`: facts on Kafka that are not acknowledged yet, of the partitions it has.
    - `passerelle_worker_recovery_seconds`: how long the last recovery of state took, from the assignment of partitions
      to the first fact.
    - `passerelle_worker_partitions`: partitions that this worker has now.
    - `passerelle_worker_state_disagreements_total`, by `reason`: states found not to be what the log says.
    - `passerelle_worker_partitions_rebuilding`: partitions whose facts are being folded again from the first.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register them all."""
        made: Any = {"namespace": NAMESPACE, "subsystem": "worker", "registry": registry}
        self._facts = Counter("facts", "Facts delivered and kept.", **made)
        self._produced = Counter("records_produced", "Records that Kafka acknowledged.", **made)
        self._dead = Counter("dead_letters", "Records that could not be folded.", **made)
        self._round_seconds = Histogram("round_seconds", "From taking to acknowledging.", buckets=_SECONDS, **made)
        self._behind = Gauge("facts_behind", "Facts on Kafka that are not acknowledged.", **made)
        self._recovery_seconds = Gauge("recovery_seconds", "The last recovery of state.", **made)
        self._partitions = Gauge("partitions", "Partitions that this worker has.", **made)
        self._disagreed = Counter("state_disagreements", "States that the log contradicts.", ["reason"], **made)
        self._rebuilding = Gauge("partitions_rebuilding", "Partitions being folded anew.", **made)

    def round_over(self, *, facts: int, seconds: float) -> None:
        """A round is acknowledged."""
        self._facts.inc(facts)
        self._round_seconds.observe(seconds)

    def produced(self, records: int) -> None:
        """Kafka has acknowledged records."""
        self._produced.inc(records)

    def dead_letter(self) -> None:
        """A record could not be folded."""
        self._dead.inc()

    def watch(self, *, behind: Callable[[], int], rebuilding: Callable[[], int]) -> None:
        """Ask these when somebody asks."""
        self._behind.set_function(behind)
        self._rebuilding.set_function(rebuilding)

    def opened(self, *, partitions: int, seconds: float) -> None:
        """The state of all assigned partitions is recovered and verified."""
        self._partitions.set(partitions)
        self._recovery_seconds.set(seconds)

    def disagreed(self, reason: str) -> None:
        """A partition's state is not what the log says."""
        self._disagreed.labels(reason=reason).inc()
