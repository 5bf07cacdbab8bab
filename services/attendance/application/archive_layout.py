"""What stands where in an archive, and what its manifests say: docs/archive.md tells it to those who read one.

Only files that a manifest names are of the archive. A manifest is written last and in one step, and a file is never
changed, so that whoever is killed in the middle leaves the archive as it was, and files that nobody names.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import date
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from services.chassis.errors import OperatorError

FORMAT: Final = "passerelle-archive"
FORMAT_VERSION: Final = 1
ROOT: Final = "archive.json"
MANIFESTS: Final = "manifests/"
FOLDERS: Final = (MANIFESTS, "facts/", "presence/")
"""Where an archive has files beside its root, each with its slash."""
_NO_DAY: Final = "__HIVE_DEFAULT_PARTITION__"
_ODD: Final = re.compile(rb"[^a-z0-9_-]")
_LONGEST: Final = 180
_CUT: Final = 120
_DIGITS: Final = 12

Kind = Literal["facts", "presence"]


class UnfitArchiveError(OperatorError):
    """A file that says what stands in an archive is none, or is of a later version."""

    def __init__(self, where: str, why: str) -> None:
        """Name the file."""
        super().__init__(f"{where} {why}.")
        self.where = where


class Span(Struct, frozen=True, kw_only=True):
    """Offsets of one topic from `begin` to before `next`."""

    partition: int
    begin: int
    next: int


class Read(Struct, frozen=True, kw_only=True):
    """Up to where one topic has been read."""

    partition: int
    next: int


class Gap(Struct, frozen=True, kw_only=True):
    """Offsets that Kafka had deleted before they were read."""

    cluster: str
    topic: str
    partition: int
    begin: int
    end: int


class Evidence(Struct, frozen=True, kw_only=True):
    """The Merkle root over the facts, and of how many."""

    root: str
    facts: int


class File(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file; `offsets`, by topic, are those whose records about the event stand in it.

    It stands in the folder of its kind, or has no place yet: what a manifest names is read, and deleted in time.
    """

    path: str
    kind: Kind
    rows: int
    bytes: int
    sha256: str
    cluster: str | None = None
    offsets: dict[str, Span] = {}

    def __post_init__(self) -> None:
        """Hold it to its folder."""
        folders = self.path.split("/")
        if self.path and (folders[0] != self.kind or not {"", ".", ".."}.isdisjoint(folders)):
            raise ValueError("the path of a file leads out of the archive")


class Manifest(Struct, frozen=True, kw_only=True):
    """What the archive holds of one event."""

    format: Literal["passerelle-archive"] = FORMAT
    format_version: int = FORMAT_VERSION
    written_by: str
    written_at: str
    event_id: str
    event_day: date | None
    cluster: str
    offsets: dict[str, Read]
    gaps: tuple[Gap, ...]
    facts: int
    evidence: Evidence | None
    files: tuple[File, ...]

    def of_kind(self, kind: Kind) -> tuple[File, ...]:
        """Its files of one kind, as they were written."""
        return tuple(file for file in self.files if file.kind == kind)


class AllRead(Struct, frozen=True, kw_only=True):
    """Up to where every event was read, the next offset by topic and partition, and what Kafka had deleted before."""

    cluster: str
    offsets: dict[str, dict[int, int]]
    gaps: tuple[Gap, ...] = ()

    def next_of(self, topic: str, partition: int) -> int:
        """The offset to read on from."""
        return self.offsets.get(topic, {}).get(partition, 0)

    def is_whole(self, topic: str, partition: int, *, until: int) -> bool:
        """Whether the records of every event up to an offset are in the archive."""
        missed = any((gap.topic, gap.partition) == (topic, partition) and gap.begin < until for gap in self.gaps)
        return self.next_of(topic, partition) >= until and not missed


class Root(Struct, frozen=True, kw_only=True):
    """What a folder says of itself that is an archive."""

    format: Literal["passerelle-archive"] = FORMAT
    format_version: int = FORMAT_VERSION
    written_by: str
    written_at: str
    all: AllRead | None = None


Document = TypeVar("Document", Manifest, Root)


def write(document: Manifest | Root) -> bytes:
    """As it stands in its file: for people to read too."""
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def read(content: bytes, kind: type[Document], *, where: str) -> Document:
    """Read what `write` wrote, by whatever version.

    Raises:
        UnfitArchiveError: if it is something else, or a later version's that this one cannot read.
    """
    try:
        version = msgspec.json.decode(content, type=_Version).format_version
        if version > FORMAT_VERSION:
            raise UnfitArchiveError(where, f"is of format version {version}: this Passerelle reads {FORMAT_VERSION}")
        return msgspec.json.decode(content, type=kind)
    except msgspec.DecodeError as error:
        raise UnfitArchiveError(where, f"is damaged: {error}") from None


class _Version(Struct, frozen=True):
    format_version: int


def manifest_path(event_id: str) -> str:
    """Where the manifest of an event stands."""
    return f"{MANIFESTS}event={escaped(event_id)}.json"


def folder(kind: Kind, event_id: str, day: date | None) -> str:
    """Where the files of an event stand, with its slash."""
    return f"{kind}/event_day={_NO_DAY if day is None else day.isoformat()}/event={escaped(event_id)}/"


def named(file: File, *, event_id: str, day: date | None, number: int) -> str:
    """The path of a file: its content is in its name, so that no other content ever gets it."""
    name = f"part-{number:05}" if file.kind == "facts" else "presence"
    return f"{folder(file.kind, event_id, day)}{name}-{file.sha256[:_DIGITS]}.parquet"


def escaped(event_id: str) -> str:
    """An event's id as the name of a folder: ids that differ, if only in case, are different folders everywhere."""
    whole = _ODD.sub(lambda odd: b"%%%02X" % odd[0][0], event_id.encode()).decode()
    if len(whole) <= _LONGEST:
        return whole
    return f"{whole[:_CUT]}%23{hashlib.sha256(event_id.encode()).hexdigest()}"


def covered(manifest: Manifest | None, root: Root | None, *, cluster: str, ends: Mapping[str, int]) -> dict[str, int]:
    """Up to where an event is archived, by topic, given where its partitions end on `cluster`.

    What another cluster's offsets say, or those of a topic that was made anew, counts for nothing here.
    """
    found = dict.fromkeys(ends, 0)
    if manifest is None or manifest.cluster != cluster:
        return found
    for topic, read_up_to in manifest.offsets.items():
        found[topic] = read_up_to.next
        if root is not None and root.all is not None and root.all.cluster == cluster:
            found[topic] = max(found[topic], root.all.next_of(topic, read_up_to.partition))
    return found if all(found.get(topic, 0) <= end for topic, end in ends.items()) else dict.fromkeys(ends, 0)
