"""A worker's place in its consumer group, across restarts.

A member with a name of its own (static membership) takes its place back at once, unless the broker was restarted too:
then the group waits for the former session to run out, half a minute in which nothing is folded. Whoever holds the
worker's state knows that its former self is gone, and can say so.
"""

import asyncio
from time import monotonic
from typing import Final, Never

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.group import LeaveGroupRequest

from services.attendance.domain.errors import AttendanceError

APP_ID: Final = "passerelle-attendance"
"""The consumer group of all workers."""
_MEMBERS: Final = 5
"""Where a described group (DescribeGroups, v0 and later) has its members; each begins with its id."""

_BEAT_SECONDS: Final = 1.0
_ASKED_MS: Final = 5_000

log = structlog.stdlib.get_logger(__name__)


class GroupUnknownError(AttendanceError):
    """Kafka did not describe the group."""


class Pulse:
    """Notices that this process stood still, perhaps for longer than the group waits for a member.

    Whoever writes asks first: after a standstill somebody else may have the partitions, and not know that we are back.
    """

    def __init__(self, *, patience: float) -> None:
        """A standstill of more than `patience` seconds counts."""
        self._patience = patience
        self._last = monotonic()
        self._steady = True

    async def run(self) -> Never:
        """Beat for ever."""
        while True:
            self.steady()
            self._last = monotonic()
            await asyncio.sleep(_BEAT_SECONDS)

    def steady(self) -> bool:
        """Whether there was no standstill since the last `confirmed`."""
        self._steady = self._steady and monotonic() - self._last < self._patience
        return self._steady

    def confirmed(self) -> None:
        """The group has said that we are still a member."""
        self._last = monotonic()
        self._steady = True


async def bury_former_self(servers: str, *, group: str, instance: str) -> None:
    """Take the members of this instance out of the group: call it before joining, and only when none can be alive.

    It only saves time, so a Kafka that cannot answer is left alone.
    """
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, client_id=group)
    try:
        await admin.start()
        coordinator = await admin.find_coordinator(group)
        for member in await _members(admin, group, coordinator):
            # Kafka makes a static member's id of the instance's name and a random part.
            if member.startswith(instance):
                answer = await admin._send_request(LeaveGroupRequest(group, member), coordinator)  # noqa: SLF001
                if answer.error_code:
                    raise for_code(answer.error_code)
                log.info("worker.former_self_buried")
    except (KafkaError, OSError, AttendanceError) as error:
        log.info("worker.former_self_left_alone", error=type(error).__name__)
    finally:
        await admin.close()


async def coordinator_answers(servers: str, *, group: str) -> bool:
    """Whether the broker that coordinates a group answers a client that has nothing to do with it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=servers, client_id=f"{group}-watch", request_timeout_ms=_ASKED_MS)
    try:
        try:
            await admin.start()
            await _members(admin, group, await admin.find_coordinator(group))
        finally:
            await admin.close()
    except (KafkaError, OSError, AttendanceError):
        return False
    except Exception as error:  # noqa: BLE001  (who only asks must not end the process)
        log.warning("worker.coordinator_not_asked", error=type(error).__name__)
        return False
    return True


async def _members(admin: AIOKafkaAdminClient, group: str, coordinator: int) -> list[str]:
    (response,) = await admin.describe_consumer_groups([group], coordinator)
    (described,) = response.groups
    if described[0]:
        raise GroupUnknownError(for_code(described[0]).__name__)
    return [str(member[0]) for member in described[_MEMBERS]]
