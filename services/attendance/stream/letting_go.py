"""Kafka lets go of facts that are old, and in the archive: never of others.

The input topics are kept for ever by Kafka itself, which knows of no archive. What goes is deleted here, from the
beginning of each partition, as far as all of this holds: it is older than was asked for, every event's records up to
there are in the archive, their files are what was written, and the worker has folded them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from schemas.topics import INPUTS
from services.attendance.application.archive import Archive
from services.attendance.application.archive_layout import AllRead
from services.attendance.stream.archiving import Tell
from services.attendance.stream.rebuild_check import committed_by_worker
from services.chassis.errors import OperatorError
from services.chassis.log_reading import bounds, offsets_at
from services.chassis.settings import CommonSettings
from services.chassis.topics import KafkaAwayError

_CLIENT: Final = "passerelle-archive"


class DamagedArchiveError(OperatorError):
    """The archive is not whole: Kafka lets nothing go."""

    def __init__(self, address: str) -> None:
        """Say what helps."""
        super().__init__(
            f"Kafka keeps its facts: files of {address} are damaged or missing. passerelle archive --check {address} "
            "names them."
        )


async def let_go(settings: CommonSettings, archive: Archive, *, before: datetime, tell: Tell) -> int:
    """Delete from the input topics what was written before an instant and is safe in the archive; gives how much.

    Raises:
        KafkaAwayError: if no Kafka answers, or it does not do it.
        DamagedArchiveError: if a file of the archive is not what was written; nothing is deleted then.
        NoArchiveError: if there is none.
    """
    read_up_to = archive.standing().all
    if read_up_to is None:
        return 0
    cuts = await _cuts(settings, read_up_to, before)
    if not cuts:
        return 0
    for number, manifest in enumerate(manifests := list(archive.manifests())):
        tell("Checking the archive", number, len(manifests))
        if archive.damaged(manifest):
            raise DamagedArchiveError(archive.address)
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka, client_id=_CLIENT)
    try:
        await admin.start()
        await admin.delete_records({place: RecordsToDelete(end) for place, (_, end) in cuts.items()})
    except KafkaError:
        raise KafkaAwayError(servers=settings.kafka, within_seconds=0) from None
    finally:
        await admin.close()
    return sum(end - begin for begin, end in cuts.values())


async def _cuts(
    settings: CommonSettings, read_up_to: AllRead, before: datetime
) -> Mapping[TopicPartition, tuple[int, int]]:
    """What may go of each partition: from where, and up to where."""
    places = [TopicPartition(topic.name, number) for topic in INPUTS for number in range(settings.partitions)]
    limits = await bounds(settings, places, client_id=_CLIENT)
    young = await offsets_at(settings, places, round(before.timestamp() * 1000), client_id=_CLIENT)
    folded = await committed_by_worker(settings)
    cuts = {}
    for place, (first, end) in limits.items():
        archived = read_up_to.next_of(place.topic, place.partition)
        cut = min(end if young[place] < 0 else young[place], archived, folded.get(place, 0))
        if cut > first:
            cuts[place] = first, cut
    return cuts
