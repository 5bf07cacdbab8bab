"""A worker that lost the coordinator of its group, and does not find it though it is there.

aiokafka looks for a lost coordinator until it knows one, and heartbeats and commits wait for that. What it waits for
itself may have died unseen: then facts are folded on and nothing is committed, for ever (decision 0044). A worker that
starts again finds everything.
"""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final, Never

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from services.attendance.domain.errors import AttendanceError
from services.attendance.stream.membership import APP_ID

_PATIENCE_SECONDS: Final = 30.0
"""aiokafka finds a coordinator that is there in tenths of a second; only a request that hangs takes longer."""
_LOOK_SECONDS: Final = 5.0
_ASKED_MS: Final = 5_000

log = structlog.stdlib.get_logger(__name__)


class CoordinatorLostError(AttendanceError):
    """The consumer does not find a coordinator that others find."""


async def watch_coordinator(
    known: Callable[[], bool],
    found: Callable[[], Awaitable[bool]],
    *,
    patience: float = _PATIENCE_SECONDS,
    every: float = _LOOK_SECONDS,
) -> Never:
    """Look every few seconds whether the consumer's coordinator is `known`, and whether another client has `found` it.

    Raises:
        CoordinatorLostError: once it was found by another client, and not known, for `patience` seconds on end. A Kafka
            that is away is waited for.
    """
    lost_at: float | None = None
    while True:
        await asyncio.sleep(every)
        if known() or not await found():
            lost_at = None
            continue
        lost_at = monotonic() if lost_at is None else lost_at
        if monotonic() - lost_at >= patience:
            log.error("attendance.coordinator_lost", for_seconds=round(monotonic() - lost_at))
            raise CoordinatorLostError


async def finds_coordinator(servers: str) -> bool:
    """Whether a client of its own is told where the workers' group has its coordinator."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, client_id=f"{APP_ID}-watch", request_timeout_ms=_ASKED_MS)
    try:
        await admin.start()
        await admin.find_coordinator(APP_ID)
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()
    return True
