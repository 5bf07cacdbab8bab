"""A worker that lost the coordinator of its group, and does not find it though it is there.

aiokafka looks for a lost coordinator until it knows one, and heartbeats and commits wait for that. What it waits for
itself may have died unseen: then facts are folded on and nothing is committed, for ever (decision 0044). A worker that
starts again finds everything.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Never

import structlog

from services.attendance.domain.errors import AttendanceError

_LOOK_SECONDS: Final = 5.0
_LOOKS: Final = 20
"""In this time, a hundred seconds, aiokafka gives up every request that hangs (Faust's limit is 90), and asks again."""

log = structlog.stdlib.get_logger(__name__)


class CoordinatorLostError(AttendanceError):
    """The consumer does not find a coordinator that answers others."""


async def watch_coordinator(
    lost: Callable[[], object | None],
    answers: Callable[[], Awaitable[bool]],
    *,
    looks: int = _LOOKS,
    every: float = _LOOK_SECONDS,
) -> Never:
    """Look every few seconds whether the consumer has `lost` its coordinator while that `answers` another client.

    `lost` gives None while the coordinator is known, and else what is the same object for one loss and another for the
    next: a coordinator that is found again and again, and refuses what it is asked, is not lost.

    Raises:
        CoordinatorLostError: after so many looks at one loss with an answer to others. Looks without an answer count
            for nothing: a Kafka that is away is waited for.
    """
    loss: object | None = None
    seen = 0
    while True:
        await asyncio.sleep(every)
        now = lost()
        if now is not loss:
            loss, seen = now, 0
        # Asked again: the answer may have taken long, or this process stood still.
        if loss is None or not await answers() or lost() is not loss:
            continue
        seen += 1
        if seen >= looks:
            log.error("attendance.coordinator_lost", looks=seen)
            raise CoordinatorLostError
