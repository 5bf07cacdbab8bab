"""An archive as it is read: what it holds of each event, each file seen to be what its manifest says."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.attendance.adapters.archive_stores import Store
from services.attendance.application.archive_layout import (
    FOLDERS,
    MANIFESTS,
    ROOT,
    File,
    Manifest,
    Root,
    UnfitArchiveError,
    manifest_path,
    read,
)
from services.attendance.application.archive_tables import Row, read_facts
from services.chassis.errors import OperatorError
from services.chassis.log_reading import Progress


class NoArchiveError(OperatorError):
    """There is no archive at an address."""

    def __init__(self, address: str) -> None:
        """Name it."""
        super().__init__(f"There is no archive at {address}.")


class NotArchivedError(OperatorError):
    """The archive holds nothing of an event."""

    def __init__(self, event_id: str, address: str) -> None:
        """Name both."""
        super().__init__(f"The archive {address} holds nothing of {event_id}.")


class DamagedFileError(OperatorError):
    """A file of the archive is gone, or is not what was written."""

    def __init__(self, event_id: str, file: File, *, address: str, missing: bool) -> None:
        """Name the file, and what helps."""
        self.event_id = event_id
        self.file = file
        self.missing = missing
        super().__init__(
            f"{address}/{file.path} is {'missing' if missing else 'damaged'}: "
            f"passerelle archive {event_id} -o {address} writes it anew while Kafka has its facts."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One file of an archive with which something is wrong; `event_id` is None where nobody knows whose it is."""

    path: str
    what: str
    event_id: str | None = None


class Archive:
    """Looks into the archive at a place; what is asked for is read when it is asked for."""

    def __init__(self, store: Store) -> None:
        """It need not be there yet."""
        self.store = store

    @property
    def address(self) -> str:
        """Where it is."""
        return self.store.address

    def root(self) -> Root | None:
        """What it says of itself; None if there is no archive.

        Raises:
            UnfitArchiveError: if that cannot be read.
        """
        content = self.store.get(ROOT)
        return None if content is None else read(content, Root, where=f"{self.address}/{ROOT}")

    def standing(self) -> Root:
        """The same.

        Raises:
            NoArchiveError: if there is none.
        """
        root = self.root()
        if root is None:
            raise NoArchiveError(self.address)
        return root

    def manifest(self, event_id: str) -> Manifest | None:
        """What it holds of an event; None if nothing.

        Raises:
            UnfitArchiveError: if that cannot be read.
        """
        return self._manifest(manifest_path(event_id))

    def held(self, event_id: str) -> Manifest:
        """The same.

        Raises:
            NoArchiveError, NotArchivedError: if there is none.
        """
        self.standing()
        manifest = self.manifest(event_id)
        if manifest is None:
            raise NotArchivedError(event_id, self.address)
        return manifest

    def manifests(self) -> Iterator[Manifest]:
        """What it holds of each event."""
        for path in self.store.names(MANIFESTS):
            if path.endswith(".json") and (manifest := self._manifest(path)) is not None:
                yield manifest

    def content(self, event_id: str, file: File) -> bytes:
        """A file, as it was written.

        Raises:
            DamagedFileError: if it is not there, or is something else.
        """
        content = self.store.get(file.path)
        if content is None or hashlib.sha256(content).hexdigest() != file.sha256:
            raise DamagedFileError(event_id, file, address=self.address, missing=content is None)
        return content

    def rows(self, event_id: str, file: File) -> list[Row]:
        """The records of a file of facts, in the order in which they stand on each topic.

        Raises:
            DamagedFileError: if it is not what was written.
        """
        return read_facts(self.content(event_id, file))

    def facts(self, manifest: Manifest) -> Iterator[list[Row]]:
        """The records about an event, a file at a time.

        Raises:
            DamagedFileError: at a file that is not what was written.
        """
        for file in manifest.of_kind("facts"):
            yield self.rows(manifest.event_id, file)

    def damaged(self, manifest: Manifest) -> list[DamagedFileError]:
        """What is wrong with the files of an event."""
        found = []
        for file in manifest.files:
            try:
                self.content(manifest.event_id, file)
            except DamagedFileError as error:
                found.append(error)
        return found

    def check(self, *, tell: Progress = lambda _done, _total: None) -> Sequence[Trouble]:
        """Read all of it; what is damaged or missing, and what is there that no manifest names.

        Raises:
            NoArchiveError: if there is none.
        """
        self.standing()
        names = [name for folder in FOLDERS for name in self.store.names(folder)]
        named, found = set[str](), list[Trouble]()
        paths = [name for name in names if name.startswith(MANIFESTS) and name.endswith(".json")]
        manifests: list[Manifest] = []
        for path in paths:
            named.add(path)
            try:
                manifest = self._manifest(path)
            except UnfitArchiveError:
                found.append(Trouble(path=path, what="damaged"))
            else:
                manifests += [manifest] if manifest is not None else []
        total, done = sum(len(manifest.files) for manifest in manifests), 0
        for manifest in manifests:
            named.update(file.path for file in manifest.files)
            for error in self.damaged(manifest):
                what = "missing" if error.missing else "damaged"
                found.append(Trouble(path=error.file.path, what=what, event_id=manifest.event_id))
            done += len(manifest.files)
            tell(done, total)
        found += [Trouble(path=name, what="extra") for name in names if name not in named]
        return sorted(found, key=lambda trouble: trouble.path)

    def _manifest(self, path: str) -> Manifest | None:
        content = self.store.get(path)
        return None if content is None else read(content, Manifest, where=f"{self.address}/{path}")
