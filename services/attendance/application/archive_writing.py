"""Writing an event into an archive: parts as they fill, then the presence, and the manifest last."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from schemas.envelope import format_instant
from schemas.registration import EventData
from schemas.topics import REGISTRATION
from services.attendance.application.archive import Archive
from services.attendance.application.archive_layout import (
    ROOT,
    AllRead,
    File,
    Gap,
    Kind,
    Manifest,
    Read,
    Root,
    Span,
    folder,
    manifest_path,
    named,
    write,
)
from services.attendance.application.archive_layout import Evidence as Rooted
from services.attendance.application.archive_tables import (
    Row,
    known_fact,
    write_facts,
    write_presences,
)
from services.attendance.application.evidence import Evidence, logged_facts
from services.attendance.application.log_fold import LogFold

_EVENT_FACT: Final = b'"passerelle.registration.event.'
_END_OF_TIME: Final = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When, by what, and from which cluster is written."""

    at: datetime
    by: str
    cluster: str


class EventWriter:
    """Takes the records of one event behind `begins`, in the order of each topic, and adds them to its archive."""

    def __init__(
        self, archive: Archive, event_id: str, *, manifest: Manifest | None, begins: Mapping[str, Span], stamp: Stamp
    ) -> None:
        """`begins` are by topic, of no length; `manifest` is what the archive holds of the event already."""
        self._archive = archive
        self._event_id = event_id
        self.before = manifest
        self._stamp = stamp
        self._spans = dict(begins)
        self._rows: list[Row] = []
        self._again: set[tuple[str, int]] = set()
        self._parts: list[File] = []
        self.added = 0

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: Row, *, again: bool = False) -> None:
        """Take a record; one that was put back on the topic counts as new only if the archive does not have it."""
        if row.offset < self._spans[row.topic].next:
            return
        self._rows.append(row)
        if again:
            self._again.add((row.topic, row.offset))
        self._reach(row.topic, row.offset + 1)

    def spill(self) -> None:
        """Write what was taken as a part, to have room."""
        self._write_part(self._rows, self.before.event_day if self.before else None)
        self._rows = []

    def commit(self, ends: Mapping[str, int], *, gaps: Collection[Gap] = (), anew: bool = False) -> Manifest | None:
        """Write what is left, and what follows from it; the topics were read up to `ends`.

        Without anything new the manifest alone notes how far was read, unless `anew`. Gives the manifest.

        Raises:
            DamagedFileError: if a file that is already there is not what was written; the archive is as it was.
        """
        before = self.before
        if not self._rows and not self._parts and not gaps and not anew:
            return self._noted(ends)
        kept = before.of_kind("facts") if before else ()
        known = [row for part in (self._archive.facts(before) if before else ()) for row in part]
        spilled = [row for part in self._parts for row in self._archive.rows(self._event_id, part)]
        self._leave_out_what_came_back([*known, *spilled])
        facts = [*known, *spilled, *self._rows]
        if not facts:
            return before
        for topic, end in ends.items():
            self._reach(topic, end)
        day = event_day(facts, self._event_id)
        if self._rows:
            self._write_part(self._rows, day)
        presence, evidence, count = self._folded(facts, day)
        files = [*self._moved(kept, day), *self._moved(self._parts, day), presence]
        manifest = Manifest(
            written_by=self._stamp.by,
            written_at=format_instant(self._stamp.at),
            event_id=self._event_id,
            event_day=day,
            cluster=self._stamp.cluster,
            offsets=self._offsets(),
            gaps=(*(before.gaps if before else ()), *gaps),
            facts=count,
            evidence=evidence,
            files=tuple(files),
        )
        self._archive.store.put(manifest_path(self._event_id), write(manifest))
        self._tidy(manifest, before)
        return manifest

    def _leave_out_what_came_back(self, known: Iterable[Row]) -> None:
        """Records that were put back on their topic, and all of a log that was made anew, may be in the archive."""
        is_new_log = self.before is not None and self.before.cluster != self._stamp.cluster
        if not self._again and not is_new_log:
            return
        held = {row.value for row in known}
        held |= {row.value for row in self._rows if not is_new_log and (row.topic, row.offset) not in self._again}
        new = []
        for row in self._rows:
            came_back = is_new_log or (row.topic, row.offset) in self._again
            if not (came_back and row.value in held):
                new.append(row)
                held.add(row.value)
        self._rows = new

    def _noted(self, ends: Mapping[str, int]) -> Manifest | None:
        before = self.before
        for topic, end in ends.items():
            self._reach(topic, end)
        if before is None or (before.cluster == self._stamp.cluster and before.offsets == self._offsets()):
            return before
        noted = msgspec.structs.replace(before, cluster=self._stamp.cluster, offsets=self._offsets())
        self._archive.store.put(manifest_path(self._event_id), write(noted))
        return noted

    def _offsets(self) -> dict[str, Read]:
        return {topic: Read(partition=span.partition, next=span.next) for topic, span in self._spans.items()}

    def _reach(self, topic: str, next_: int) -> None:
        span = self._spans[topic]
        self._spans[topic] = msgspec.structs.replace(span, next=max(span.next, next_))

    def _write_part(self, rows: Sequence[Row], day: date | None) -> None:
        content = write_facts(self._event_id, rows)
        number = len(self._parts) + (len(self.before.of_kind("facts")) if self.before else 0)
        part = file_of(content, "facts", rows=len(rows))
        part = msgspec.structs.replace(
            part,
            path=named(part, event_id=self._event_id, day=day, number=number),
            cluster=self._stamp.cluster,
            offsets=self._spans,
        )
        self._archive.store.put(part.path, content)
        self._parts.append(part)
        self._spans = {topic: msgspec.structs.replace(span, begin=span.next) for topic, span in self._spans.items()}
        self.added += len(rows)

    def _folded(self, facts: Sequence[Row], day: date | None) -> tuple[File, Rooted, int]:
        fold, key = LogFold(), self._event_id.encode()
        for row in facts:
            fold.take(key, row.value)
        event = fold.presences().get(self._event_id)
        content, people = write_presences(self._event_id, {} if event is None else event.people)
        presence = file_of(content, "presence", rows=people)
        presence = msgspec.structs.replace(presence, path=named(presence, event_id=self._event_id, day=day, number=0))
        self._archive.store.put(presence.path, content)
        logged = logged_facts(self._event_id, ((row.timestamp, row.value) for row in facts))
        tree = Evidence((one.leaf for one in logged), as_of=_END_OF_TIME)
        return presence, Rooted(root=tree.root, facts=tree.facts), tree.facts

    def _moved(self, files: Iterable[File], day: date | None) -> list[File]:
        """The files in the folder of the event's day: an event may be moved to another."""
        moved = []
        for file in files:
            if not file.path.startswith(folder(file.kind, self._event_id, day)):
                path = f"{folder(file.kind, self._event_id, day)}{PurePosixPath(file.path).name}"
                self._archive.store.put(path, self._archive.content(self._event_id, file))
                file = msgspec.structs.replace(file, path=path)  # noqa: PLW2901
            moved.append(file)
        return moved

    def _tidy(self, manifest: Manifest, before: Manifest | None) -> None:
        """Take away what the manifest before named and this one does not, and what somebody killed left behind."""
        store, named_now = self._archive.store, {file.path for file in manifest.files}
        days = {manifest.event_day, before.event_day if before else None}
        found = {name for day in days for kind in _KINDS for name in store.names(folder(kind, self._event_id, day))}
        for name in sorted(found | {file.path for file in (before.files if before else ())}):
            if name not in named_now:
                store.delete(name)


_KINDS: Final[tuple[Kind, ...]] = ("facts", "presence")


def event_day(facts: Iterable[Row], event_id: str) -> date | None:
    """The day on which an event begins, in its own time zone, by the last word on it; None if nothing says it."""
    latest: tuple[datetime, str] | None = None
    day: date | None = None
    for row in facts:
        if row.topic != REGISTRATION.name or row.value is None or _EVENT_FACT not in row.value:
            continue
        fact = known_fact(row.value, event_id)
        if fact is None or not isinstance(fact.data, EventData) or (latest and latest > (fact.time, fact.id)):
            continue
        latest, day = (fact.time, fact.id), _day(fact.data)
    return day


def _day(event: EventData) -> date:
    try:
        return event.starts_at.astimezone(ZoneInfo(event.timezone)).date()
    except (ZoneInfoNotFoundError, ValueError, OverflowError):
        return event.starts_at.date()


def file_of(content: bytes, kind: Kind, *, rows: int) -> File:
    """A file with this content, which has no place yet."""
    return File(path="", kind=kind, rows=rows, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())


def write_root(archive: Archive, stamp: Stamp, read_up_to: AllRead | None) -> None:
    """Say that this is an archive, and how far all events of the cluster are in it."""
    root = Root(written_by=stamp.by, written_at=format_instant(stamp.at), all=read_up_to)
    archive.store.put(ROOT, write(root))
