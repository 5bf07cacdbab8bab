"""Doubts: partitions whose state turned out not to be trusted while it was worked on.

All that are known are told of at once: a partition is rebuilt from the first fact whenever the partitions are assigned
anew, so that one assignment for each would fold the same facts over and over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaProducer

from schemas import topics
from services.attendance.domain.errors import AttendanceError
from services.attendance.stream.checkpoints import DOUBT, KEY
from services.attendance.stream.outlets import NotOnlyWriterError, Outlet
from services.attendance.stream.partitions import Partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why the state of a partition is not to be trusted, and which topic says so."""

    partition: int
    topic: str
    reason: str


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


async def leave_word(producer: AIOKafkaProducer, doubts: Sequence[Doubt]) -> None:
    """Have these partitions rebuilt by whoever opens them next."""
    for doubt in doubts:
        outlet = Outlet(producer, topics.ATTENDANCE_CONTEXT.name, doubt.partition)
        await (await outlet.send([(KEY, DOUBT.write(), [("content-type", b"application/json")])])).delivered()
