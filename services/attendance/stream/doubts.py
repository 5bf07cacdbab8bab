"""Doubts: partitions whose state, or what was read for them, turned out not to be trusted while it was worked on.

All that are known are told of at once: a partition is rebuilt from the first fact whenever the partitions are assigned
anew, so that one assignment for each would fold the same facts over and over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import structlog
from aiokafka import AIOKafkaProducer

from schemas import topics
from services.attendance.domain.errors import AttendanceError
from services.attendance.stream.checkpoints import DOUBT, KEY
from services.attendance.stream.outlets import NotOnlyWriterError, Outlet
from services.attendance.stream.partitions import Gap, Partition

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a partition is not to be trusted, and which topic says so.

    `rebuild` is False where its state is right, and only what was read for it is not.
    """

    partition: int
    topic: str
    reason: str
    rebuild: bool = True


class DoubtfulError(AttendanceError):
    """Some partitions' states are not to be trusted."""

    def __init__(self, doubts: Sequence[Doubt]) -> None:
        """All that are known."""
        super().__init__(str(doubts))
        self.doubts = doubts


def check(partitions: Iterable[Partition]) -> None:
    """See that all that was told so far of these partitions stands where it should.

    Raises:
        DoubtfulError: if some does not.
    """
    doubts = []
    for partition in partitions:
        try:
            partition.presence.check()
            partition.context.check()
        except NotOnlyWriterError as error:
            doubts.append(Doubt(partition=error.partition, topic=error.topic, reason=error.reason))
    if doubts:
        raise DoubtfulError(doubts)


def passed_over(gap: Gap) -> Doubt:
    """Facts did not come that the log may well hold: they are read again from what is committed."""
    log.warning("attendance.facts_passed_over", **asdict(gap))
    return Doubt(partition=gap.partition, topic=gap.topic, reason="facts_passed_over", rebuild=False)


async def leave_word(producer: AIOKafkaProducer, doubts: Sequence[Doubt]) -> None:
    """Have those of these partitions rebuilt that need it, by whoever opens them next."""
    for doubt in doubts:
        if not doubt.rebuild:
            continue
        outlet = Outlet(producer, topics.ATTENDANCE_CONTEXT.name, doubt.partition)
        await (await outlet.send([(KEY, DOUBT.write(), [("content-type", b"application/json")])])).delivered()
