"""What an operator watches at the bridge's door. No label tells a source: their names are the organizers' own."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.chassis.metrics import NAMESPACE


class BridgeMetrics:
    """Counters of deliveries and gauges of the inbox; the outbox has its own."""

    def __init__(self, registry: CollectorRegistry, *, waiting: Callable[[], int]) -> None:
        """Register them; `waiting` is asked at each scrape."""
        self.received = Counter(
            "webhooks_received",
            "Webhook requests that came, whatever became of them.",
            ["platform"],
            namespace=NAMESPACE,
            registry=registry,
        )
        self.kept = Counter(
            "webhooks_kept",
            "Verified deliveries on disk, by outcome: accepted, duplicate, unclaimed, ignored, unreadable.",
            ["platform", "outcome"],
            namespace=NAMESPACE,
            registry=registry,
        )
        self.rejected = Counter(
            "webhooks_rejected",
            "Webhook requests that were refused, by reason.",
            ["platform", "reason"],
            namespace=NAMESPACE,
            registry=registry,
        )
        self.waiting = Gauge(
            "inbox_waiting", "Deliveries received and not yet on disk.", namespace=NAMESPACE, registry=registry
        )
        self.waiting.set_function(waiting)
        self.unclaimed = Gauge(
            "inbox_unclaimed", "Deliveries kept for rooms that no event claims.", namespace=NAMESPACE, registry=registry
        )
        self.oldest_unclaimed_seconds = Gauge(
            "inbox_unclaimed_oldest_seconds",
            "Age of the oldest delivery kept for a room that no event claims, 0 if none.",
            namespace=NAMESPACE,
            registry=registry,
        )
        self.live_checks = Counter(
            "live_checks",
            "Rooms compared with what their platform says, by outcome: agreed, drifted, failed, nothing_to_compare.",
            ["platform", "outcome"],
            namespace=NAMESPACE,
            registry=registry,
        )
        self.drifting = Gauge(
            "rooms_drifting",
            "Rooms whose platform counts others than we do, for three minutes or longer.",
            namespace=NAMESPACE,
            registry=registry,
        )

    def live_check(self, platform: str, outcome: str) -> None:
        """Count a check."""
        self.live_checks.labels(platform, outcome).inc()

    def show_unclaimed(self, count: int, oldest_seconds: float) -> None:
        """Set the gauges of what is kept for unclaimed rooms."""
        self.unclaimed.set(count)
        self.oldest_unclaimed_seconds.set(oldest_seconds)
