"""Metrics: one Prometheus registry a process, every name under `passerelle_`, no label about a person."""

from typing import Final

from prometheus_client import CollectorRegistry, Gauge, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

NAMESPACE: Final = "passerelle"
"""Give it as `namespace=` to every metric."""
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST


def new_registry(*, service: str) -> CollectorRegistry:
    """Make the registry of one process: its memory, CPU and files, and `passerelle_service_info`, always 1."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    info = Gauge("service_info", "Which service this is.", ["service"], namespace=NAMESPACE, registry=registry)
    info.labels(service=service).set(1)
    return registry


def exposition(registry: CollectorRegistry) -> bytes:
    """Write all metrics as Prometheus reads them; its content type is `CONTENT_TYPE`."""
    return generate_latest(registry)
