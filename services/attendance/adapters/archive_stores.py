"""Where an archive can be: a folder of this machine, or a bucket that speaks S3."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from services.chassis.errors import OperatorError

_S3: Final = "s3://"
_LOCK: Final = ".lock"
_UNFINISHED: Final = ".unfinished"
_LONGEST_REASON: Final = 200


class ArchivePlaceError(OperatorError):
    """The place of an archive cannot be read or written."""

    def __init__(self, address: str, what: str, error: Exception) -> None:
        """Say it in one line, with the system's own reason."""
        reason = getattr(error, "strerror", None) or str(error).partition(" (Request ID")[0]
        reason = reason.splitlines()[0][:_LONGEST_REASON].rstrip(".")
        super().__init__(f"{address} cannot be {what}: {reason}.")
        self.address = address


class ArchiveInUseError(OperatorError):
    """Somebody else writes there."""

    def __init__(self, address: str) -> None:
        """Name the place."""
        super().__init__(f"Another `passerelle archive` is writing to {address}: let it end first.")


class Store(Protocol):
    """Files by name, `/` between folders; each is written whole or not at all."""

    @property
    def address(self) -> str:
        """As people gave it, without what is secret."""

    def get(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""

    def put(self, name: str, content: bytes) -> None:
        """Write a file: whoever looks sees what was there before, or all of it."""

    def delete(self, name: str) -> None:
        """Take a file away, if it is there."""

    def names(self, prefix: str) -> list[str]:
        """All files in a folder and below, sorted; those of writers who were killed too."""

    def alone(self) -> Any:  # noqa: ANN401  (a context manager, whatever it is made of)
        """Hold the place for the only writer, while the block runs."""


class FolderStore:
    """A folder, made when something is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def address(self) -> str:
        """The folder."""
        return str(self._folder)

    def get(self, name: str) -> bytes | None:
        """Read a file."""
        try:
            return (self._folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ArchivePlaceError(str(self._folder / name), "read", error) from None

    def put(self, name: str, content: bytes) -> None:
        """Write beside it, to the disk, and rename."""
        target = self._folder / name
        beside = target.with_name(target.name + _UNFINISHED)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            beside.replace(target)
            self._sync(target.parent)
        except OSError as error:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise ArchivePlaceError(self.address, "written", error) from None

    def delete(self, name: str) -> None:
        """Remove it, and folders that are empty then."""
        target = self._folder / name
        try:
            target.unlink(missing_ok=True)
        except OSError as error:
            raise ArchivePlaceError(self.address, "written", error) from None
        with suppress(OSError):
            for parent in target.parents:
                if parent == self._folder:
                    break
                parent.rmdir()

    def names(self, prefix: str) -> list[str]:
        """Walk the folder."""
        found = (self._folder / prefix).rglob("*")
        return sorted(path.relative_to(self._folder).as_posix() for path in found if path.is_file())

    @contextmanager
    def alone(self) -> Iterator[None]:
        """A lock that ends with this process, however it ends."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise ArchivePlaceError(self.address, "written", error) from None
        try:
            self._lock(handle)
            yield
        finally:
            os.close(handle)

    def _lock(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveInUseError(self.address) from None

    def _sync(self, folder: Path) -> None:
        """So that the new name outlives a power cut."""
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


class BucketStore:
    """A bucket, and a prefix in it. An object appears when it is whole; whoever writes has to be alone."""

    def __init__(self, address: str) -> None:
        """Credentials come from the usual `AWS_…` variables, `endpoint_override` and others from the address."""
        from pyarrow import fs  # noqa: PLC0415  (large, and of no use to a folder)

        self._address = address.partition("?")[0].rstrip("/")
        self._fs = fs
        try:
            self._files, self._prefix = fs.FileSystem.from_uri(address)
        except (OSError, ValueError) as error:
            raise ArchivePlaceError(self._address, "read", error) from None

    @property
    def address(self) -> str:
        """Bucket and prefix."""
        return self._address

    def get(self, name: str) -> bytes | None:
        """Read an object."""
        try:
            with self._files.open_input_stream(self._path(name)) as source:
                content: bytes = source.read()
                return content
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ArchivePlaceError(self.address, "read", error) from None

    def put(self, name: str, content: bytes) -> None:
        """Write an object."""
        try:
            with self._files.open_output_stream(self._path(name)) as out:
                out.write(content)
        except OSError as error:
            raise ArchivePlaceError(self.address, "written", error) from None

    def delete(self, name: str) -> None:
        """Delete an object."""
        with suppress(FileNotFoundError):
            try:
                self._files.delete_file(self._path(name))
            except FileNotFoundError:
                raise
            except OSError as error:
                raise ArchivePlaceError(self.address, "written", error) from None

    def names(self, prefix: str) -> list[str]:
        """List the objects."""
        where = self._path(prefix.rstrip("/"))
        try:
            found = self._files.get_file_info(self._fs.FileSelector(where, allow_not_found=True, recursive=True))
        except OSError as error:
            raise ArchivePlaceError(self.address, "read", error) from None
        start = len(self._prefix.rstrip("/")) + 1
        return sorted(one.path[start:] for one in found if one.type is self._fs.FileType.File)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """S3 has no lock: docs/archive.md asks for one writer at a time."""
        yield

    def _path(self, name: str) -> str:
        return f"{self._prefix.rstrip('/')}/{name}"


def store_at(address: str) -> Store:
    """The place that an address names: `s3://…`, or a folder.

    Raises:
        ArchivePlaceError: if a bucket cannot be reached.
    """
    return BucketStore(address) if address.startswith(_S3) else FolderStore(Path(address).expanduser())
