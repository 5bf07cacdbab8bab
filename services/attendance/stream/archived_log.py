"""The records about one event from an archive, and from Kafka's log what the archive has not."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from itertools import groupby

from aiokafka import TopicPartition

from schemas.topics import INPUTS
from services.attendance.application.archive import Archive, DamagedFileError, NotArchivedError
from services.attendance.application.archive_layout import File, Manifest
from services.attendance.application.archive_tables import Row
from services.attendance.stream.fact_sources import CLIENT
from services.attendance.stream.places import place_of
from services.chassis.log_reading import Batch, Progress, Record, bounds, read_batches
from services.chassis.settings import CommonSettings
from services.chassis.topics import cluster_id


class ArchivedLog:
    """What an archive holds of an event; then what the log has that the archive has not, if there is a log to ask."""

    def __init__(self, archive: Archive, event_id: str, *, settings: CommonSettings | None) -> None:
        self._archive = archive
        self._event_id = event_id
        self._settings = settings
        self.vouched: Mapping[TopicPartition, int] = {}
        self._given = Counter[TopicPartition]()

    async def batches(self, progress: Progress) -> AsyncIterator[Batch]:
        """Read the archive, then the log."""
        manifest = self._archive.manifest(self._event_id)
        if manifest is None:
            self._archive.standing()
            if self._settings is None:
                raise NotArchivedError(self._event_id, self._archive.address)
        damaged: list[DamagedFileError] = []
        for file in manifest.of_kind("facts") if manifest else ():
            try:
                rows = self._archive.rows(self._event_id, file)
            except DamagedFileError as error:
                damaged.append(error)
                continue
            for batch in _batches(rows, self._event_id):
                self._given[TopicPartition(batch.topic, batch.partition)] += sum(1 for _ in batch.records)
                yield batch
        if self._settings is None:
            if damaged:
                raise damaged[0]
            return
        begins = await self._begins(self._settings, manifest, damaged)
        async for batch in read_batches(
            self._settings, list(begins), client_id=CLIENT, progress=progress, begins=begins
        ):
            yield batch

    async def _begins(
        self, settings: CommonSettings, manifest: Manifest | None, damaged: list[DamagedFileError]
    ) -> dict[TopicPartition, int]:
        """Where the log goes on from the archive: before what was damaged, if it still has that."""
        begins = {place_of(topic, self._event_id, settings): 0 for topic in INPUTS}
        limits = await bounds(settings, list(begins), client_id=CLIENT)
        is_same = manifest is not None and manifest.cluster == await cluster_id(settings)
        if manifest is not None and is_same:
            for topic, read_up_to in manifest.offsets.items():
                place = TopicPartition(topic, read_up_to.partition)
                # A topic that ends before it was made anew: its offsets are other ones.
                if place in begins and read_up_to.next <= limits[place][1]:
                    begins[place] = read_up_to.next
        for error in damaged:
            for place, begin in _stood(error.file).items():
                if not is_same or begin < limits[place][0]:
                    raise error
                begins[place] = min(begins[place], begin)
        self.vouched = {
            place: begin - _missed(manifest, place, begin) - self._given[place] for place, begin in begins.items()
        }
        return begins


def _batches(rows: Sequence[Row], event_id: str) -> Iterator[Batch]:
    key = event_id.encode()
    for (topic, partition), there in groupby(rows, key=lambda row: (row.topic, row.partition)):
        yield Batch(
            topic, partition, [Record(topic, partition, row.offset, row.timestamp, key, row.value, ()) for row in there]
        )


def _stood(file: File) -> dict[TopicPartition, int]:
    """From where on its records stood."""
    return {TopicPartition(topic, span.partition): span.begin for topic, span in file.offsets.items()}


def _missed(manifest: Manifest | None, place: TopicPartition, begin: int) -> int:
    """How many offsets before `begin` Kafka had deleted before they were archived."""
    gaps = manifest.gaps if manifest else ()
    return sum(
        max(0, min(gap.end, begin) - gap.begin)
        for gap in gaps
        if manifest is not None
        and gap.cluster == manifest.cluster
        and TopicPartition(gap.topic, gap.partition) == place
    )
