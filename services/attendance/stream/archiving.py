"""From Kafka into an archive: one event, or all; each time what came since, and what was damaged."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec
from aiokafka import TopicPartition

from schemas.topics import INPUTS
from services.attendance.application.archive import Archive, DamagedFileError, Trouble
from services.attendance.application.archive_layout import (
    AllRead,
    File,
    Gap,
    Manifest,
    Root,
    Span,
    UnfitArchiveError,
    covered,
    named,
)
from services.attendance.application.archive_tables import Row, write_facts
from services.attendance.application.archive_writing import EventWriter, Stamp, file_of, write_root
from services.attendance.stream.places import place_of
from services.chassis.errors import OperatorError
from services.chassis.log_reading import Batch, bounds, read_batches
from services.chassis.settings import CommonSettings
from services.chassis.topics import cluster_id

RESTORED: Final = "passerelle-restored"
"""The header of a record that was put back on its topic from an archive."""
_CLIENT: Final = "passerelle-archive"
_IDENTIFIER: Final = re.compile(rb"[A-Za-z0-9_.:~-]{1,200}").fullmatch
_NO_END: Final = 2**62
_MOST_ROWS: Final = 100_000
"""In memory at once, beside the event that is being folded."""

Tell = Callable[[str, int, int], None]
"""Is told what is being done, and how far: of how many."""


@dataclass(slots=True, kw_only=True)
class Archived:
    """What a run did: `events` it changed, `facts` it added, files it wrote anew, and what it could not mend."""

    events: int = 0
    facts: int = 0
    repaired: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    let_go: int = 0
    """How many records Kafka let go afterwards."""
    known: bool = False
    """Whether the archive now holds anything of the event that was asked for."""


async def archive_event(
    settings: CommonSettings, archive: Archive, event_id: str, *, now: datetime, by: str, tell: Tell
) -> Archived:
    """Add what came since of one event, and write anew what was damaged, as far as Kafka still has it.

    Raises:
        KafkaAwayError, MissingPartitionError: if there is no log.
        ArchivePlaceError, UnfitArchiveError: if the archive cannot be read or written; it is as it was then.
    """
    run = await _Run.begun(settings, archive, now=now, by=by, tell=tell)
    manifest = await run.mended(event_id)
    if run.done.troubles:
        run.done.known = True
        return run.done
    number = place_of(INPUTS[0], event_id, settings).partition
    await run.read_partition(number, only=event_id, manifest=manifest)
    run.done.known = archive.manifest(event_id) is not None
    return run.done


async def archive_all(settings: CommonSettings, archive: Archive, *, now: datetime, by: str, tell: Tell) -> Archived:
    """Add what came since of every event. A damaged file keeps its event as it was, and is among the troubles.

    Raises:
        KafkaAwayError, MissingPartitionError: if there is no log.
        ArchivePlaceError, UnfitArchiveError: if the archive cannot be read or written; no manifest is half written.
    """
    run = await _Run.begun(settings, archive, now=now, by=by, tell=tell)
    reached: dict[str, dict[int, int]] = {topic.name: {} for topic in INPUTS}
    for number in range(settings.partitions):
        for topic, end in (await run.read_partition(number)).items():
            reached[topic][number] = end
    if not run.done.troubles:
        before = run.read_before()
        gaps = [*(before.gaps if before else ()), *run.missed]
        write_root(archive, run.stamp, AllRead(cluster=run.stamp.cluster, offsets=reached, gaps=tuple(gaps)))
    return run.done


class LostManifestError(OperatorError):
    """What an archive says of an event cannot be read, and Kafka has not all of it any more."""

    def __init__(self, where: str) -> None:
        """Name the manifest."""
        super().__init__(
            f"{where} is damaged, and Kafka no longer has all the facts that it speaks of: restore it from a backup."
        )
        self.where = where


class _Run:
    """One run of the command."""

    def __init__(self, settings: CommonSettings, archive: Archive, root: Root, stamp: Stamp, tell: Tell) -> None:
        self._settings = settings
        self._archive = archive
        self._root = root
        self.stamp = stamp
        self._tell = tell
        self.done = Archived()
        self.missed: list[Gap] = []

    @classmethod
    async def begun(cls, settings: CommonSettings, archive: Archive, *, now: datetime, by: str, tell: Tell) -> "_Run":
        stamp = Stamp(at=now, by=by, cluster=await cluster_id(settings))
        root = archive.root()
        if root is None:
            write_root(archive, stamp, None)
            root = archive.standing()
        return cls(settings, archive, root, stamp, tell)

    async def read_partition(
        self, number: int, *, only: str | None = None, manifest: Manifest | None = None
    ) -> Mapping[str, int]:
        """Read one partition of each topic, and commit the events in it; gives where the topics ended."""
        places = [TopicPartition(topic.name, number) for topic in INPUTS]
        limits = await bounds(self._settings, places, client_id=_CLIENT)
        ends = {place.topic: limits[place][1] for place in places}
        begins = self._begins(number, ends, only, manifest)
        gaps = self._gaps(begins, {place.topic: limits[place][0] for place in places}, number)
        self.missed += gaps
        writers: dict[bytes, EventWriter] = {}
        if only is not None:
            writers[only.encode()] = self._writer(only, begins, number, manifest)
        what = (
            "Reading the log" if only is not None else f"Reading partition {number + 1} of {self._settings.partitions}"
        )
        async for batch in read_batches(
            self._settings,
            places,
            client_id=_CLIENT,
            progress=lambda done, total: self._tell(what, done, total),
            begins={place: begins[place.topic] for place in places},
            ends={place: limits[place][1] for place in places},
        ):
            self._take(batch, writers, begins, only)
        for written in range(count := len(writers)):
            self._tell("Writing", written, count)
            key, writer = writers.popitem()  # and its rows go
            self._commit(key.decode(), writer, ends, gaps, anew=only is not None and bool(self.done.repaired))
        return ends

    async def mended(self, event_id: str) -> Manifest | None:
        """What the archive holds of an event, where its files are what they should be, or could be written anew."""
        manifest = await self._readable(event_id)
        if manifest is None:
            return None
        damaged = {error.file.path: error for error in self._archive.damaged(manifest)}
        files = []
        for number, file in enumerate(manifest.files):
            error = damaged.get(file.path)
            again = file if error is None else await self._again(manifest, file, number)
            if again is not None:
                files.append(again)
            elif file.kind == "facts":
                what = "missing" if error is None or error.missing else "damaged"
                self.done.troubles.append(Trouble(path=file.path, what=what, event_id=event_id))
                files.append(file)
            if error is not None and (again is not None or file.kind == "presence"):
                self.done.repaired.append(file.path)
        return msgspec.structs.replace(manifest, files=tuple(files))

    async def _readable(self, event_id: str) -> Manifest | None:
        try:
            return self._archive.manifest(event_id)
        except UnfitArchiveError as error:
            places = [place_of(topic, event_id, self._settings) for topic in INPUTS]
            limits = await bounds(self._settings, places, client_id=_CLIENT)
            if any(first for first, _ in limits.values()):
                raise LostManifestError(error.where) from None
            self.done.repaired.append(error.where)
            return None

    async def _again(self, manifest: Manifest, file: File, number: int) -> File | None:
        """A file of facts as Kafka still has them; None if it has not all, or if it is none of facts."""
        if file.kind != "facts" or file.cluster != self.stamp.cluster:
            return None
        begins = {TopicPartition(topic, span.partition): span.begin for topic, span in file.offsets.items()}
        ends = {TopicPartition(topic, span.partition): span.next for topic, span in file.offsets.items()}
        rows, key = [], manifest.event_id.encode()
        async for batch in read_batches(
            self._settings, list(begins), client_id=_CLIENT, begins=begins, ends=ends, progress=self._mending
        ):
            rows += [_row(batch, record) for record in batch.records if record.key == key]
        if len(rows) < file.rows:
            return None
        content = write_facts(manifest.event_id, rows)
        again = file_of(content, "facts", rows=len(rows))
        path = named(again, event_id=manifest.event_id, day=manifest.event_day, number=number)
        self._archive.store.put(path, content)
        return msgspec.structs.replace(again, path=path, cluster=file.cluster, offsets=file.offsets)

    def _mending(self, done: int, total: int) -> None:
        self._tell("Reading what was damaged", done, total)

    def _begins(
        self, number: int, ends: Mapping[str, int], only: str | None, manifest: Manifest | None
    ) -> Mapping[str, int]:
        if only is not None:
            return covered(manifest, self._root, cluster=self.stamp.cluster, ends=ends)
        done = self.read_before()
        if done is None:
            return dict.fromkeys(ends, 0)
        begins = {topic: done.next_of(topic, number) for topic in ends}
        return begins if all(begins[topic] <= end for topic, end in ends.items()) else dict.fromkeys(ends, 0)

    def read_before(self) -> AllRead | None:
        """Up to where all events of this cluster were read when the run began."""
        done = self._root.all
        return done if done is not None and done.cluster == self.stamp.cluster else None

    def _gaps(self, begins: Mapping[str, int], firsts: Mapping[str, int], number: int) -> list[Gap]:
        return [
            Gap(cluster=self.stamp.cluster, topic=topic, partition=number, begin=begins[topic], end=first)
            for topic, first in firsts.items()
            if first > begins[topic]
        ]

    def _take(
        self, batch: Batch, writers: dict[bytes, EventWriter], begins: Mapping[str, int], only: str | None
    ) -> None:
        wanted = None if only is None else only.encode()
        for record in batch.records:
            key = record.key
            if key is None or (wanted is not None and key != wanted):
                continue
            writer = writers.get(key)
            if writer is None:
                event_id = _event_id(key)
                if event_id is None:
                    continue
                writer = writers[key] = self._writer(
                    event_id, begins, batch.partition, self._archive.manifest(event_id)
                )
            writer.add(_row(batch, record), again=any(name == RESTORED for name, _ in record.headers))
        self._make_room(writers)

    def _make_room(self, writers: Mapping[bytes, EventWriter]) -> None:
        while sum(map(len, writers.values())) > _MOST_ROWS:
            max(writers.values(), key=len).spill()

    def _writer(self, event_id: str, begins: Mapping[str, int], number: int, manifest: Manifest | None) -> EventWriter:
        ends = dict.fromkeys(begins, 2**62)
        own = covered(manifest, self._root, cluster=self.stamp.cluster, ends=ends)
        starts = {topic: max(begin, own[topic]) for topic, begin in begins.items()}
        spans = {topic: Span(partition=number, begin=start, next=start) for topic, start in starts.items()}
        return EventWriter(self._archive, event_id, manifest=manifest, begins=spans, stamp=self.stamp)

    def _commit(
        self, event_id: str, writer: EventWriter, ends: Mapping[str, int], gaps: Sequence[Gap], *, anew: bool
    ) -> None:
        try:
            if writer.commit(ends, gaps=gaps, anew=anew) != writer.before:
                self.done.events += 1
        except DamagedFileError as error:
            what = "missing" if error.missing else "damaged"
            self.done.troubles.append(Trouble(path=error.file.path, what=what, event_id=event_id))
        else:
            self.done.facts += writer.added
            self.done.gaps += [gap for gap in gaps if gap not in self.done.gaps]


def _row(batch: Batch, record: Any) -> Row:  # noqa: ANN401  (aiokafka has no types)
    return Row(batch.topic, batch.partition, record.offset, record.timestamp, record.value)


def _event_id(key: bytes) -> str | None:
    """The event that a key names; None if it can be none."""
    return key.decode() if _IDENTIFIER(key) else None
