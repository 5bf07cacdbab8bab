"""The jars of the embedded Kafka: pinned by checksum, fetched once into the user's cache.

    python -m deploy.local.jars                 fetch them now (for an image, or before a journey)
    python -m deploy.local.jars --write-lock    pin the newest release of the series again

The lock file *is* the resolution: a start never reads a POM. It holds no address; jgo knows where
Maven Central is.
"""

import argparse
import fcntl
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs
from rich.console import Console

from deploy.local.kafka_errors import EmbeddedKafkaError, JarChecksumError

__all__ = ["LOCK", "Jar", "ensure_jars", "kafka_directory", "read_lock", "sole_user"]

LOCK: Final = Path(__file__).with_name("kafka-jars.lock")
_LOCK_LINE: Final = re.compile(r"([0-9a-f]{64})  ([\w.-]+):([\w.-]+):([\w.-]+)")
_STAMP: Final = "verified.json"
# Every jar gets this modification time: one fetched again is the same to Java's start cache,
# which compares times, and any later write shows.
_MODIFIED: Final = 1_577_836_800


@dataclass(frozen=True, kw_only=True, slots=True)
class Jar:
    """One jar: where Maven knows it, and the SHA-256 (hexadecimal) that it must have."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def coordinate(self) -> str:
        """`group:artifact:version`, as in the lock file."""
        return f"{self.group}:{self.artifact}:{self.version}"

    @property
    def file_name(self) -> str:
        """The name of its file in the cache."""
        return f"{self.artifact}-{self.version}.jar"


def read_lock(lock: Path = LOCK) -> tuple[Jar, ...]:
    """Read the jars of the lock file, in its order. A line that is none is an error."""
    jars = []
    for number, line in enumerate(lock.read_text("utf-8").splitlines(), start=1):
        if line.startswith("#"):
            continue
        match = _LOCK_LINE.fullmatch(line)
        if match is None:
            message = f"{lock.name}, line {number}: not 'sha256  group:artifact:version'"
            raise EmbeddedKafkaError(message)
        sha256, group, artifact, version = match.groups()
        jars.append(Jar(group=group, artifact=artifact, version=version, sha256=sha256))
    return tuple(jars)


def kafka_version(jars: Iterable[Jar]) -> str:
    """Give the version of Kafka that these jars are."""
    return next(jar.version for jar in jars if jar.artifact.startswith("kafka_"))


def kafka_directory(cache: Path | None = None) -> Path:
    """Give the directory of the pinned Kafka within `cache` (default: the user's cache)."""
    cache = cache or Path(platformdirs.user_cache_dir("passerelle"))
    return cache / "kafka" / kafka_version(read_lock())


def ensure_jars(
    cache: Path | None = None, *, console: Console | None = None, repository: str | None = None
) -> tuple[Path, ...]:
    """Give the paths of all jars, verified, fetching those that are missing.

    Warm, it looks at sizes and times only: no network, nothing printed. A jar that was written
    since it was verified is hashed again. Several processes may call it at once. `repository` is the
    address of a Maven repository to use in place of Maven Central.

    Raises JarChecksumError for a jar with the wrong content (the jar is removed) and
    JarsUnavailableError when one can be neither found nor fetched.
    """
    jars = read_lock()
    directory = kafka_directory(cache)
    paths = tuple(directory / jar.file_name for jar in jars)
    if _is_verified(directory, jars):
        return paths
    with sole_user(directory, console=console):
        if not _is_verified(directory, jars):
            missing = [jar for jar in jars if not verify(jar, directory / jar.file_name)]
            if missing:
                # Only a cold cache needs the network, and the 100 ms to import what speaks to it.
                from deploy.local.jars_download import download  # noqa: PLC0415

                download(missing, directory, version=kafka_version(jars), console=console, repository=repository)
            _write_stamp(directory, jars)
    return paths


def verify(jar: Jar, path: Path) -> bool:
    """Tell whether the file is this jar; False if there is none. One with wrong content raises."""
    try:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return False
    if sha256 != jar.sha256:
        path.unlink()
        raise JarChecksumError(jar.coordinate, path)
    os.utime(path, (_MODIFIED, _MODIFIED))
    return True


@contextmanager
def sole_user(directory: Path, *, console: Console | None = None) -> Iterator[None]:
    """Hold the right to write in a cache directory; waits for whoever has it."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if console:
                console.print("Waiting for another Passerelle that is fetching Kafka…")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _marks(directory: Path, jars: Iterable[Jar]) -> dict[str, list[int | str]] | None:
    """Give what shows, without reading them, that the files are still those verified."""
    marks: dict[str, list[int | str]] = {}
    for jar in jars:
        try:
            stat = (directory / jar.file_name).stat()
        except FileNotFoundError:
            return None
        marks[jar.file_name] = [stat.st_size, stat.st_mtime_ns, jar.sha256]
    return marks


def _is_verified(directory: Path, jars: Iterable[Jar]) -> bool:
    marks = _marks(directory, jars)
    try:
        return marks is not None and marks == json.loads((directory / _STAMP).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return False


def _write_stamp(directory: Path, jars: Iterable[Jar]) -> None:
    partial = directory / f"{_STAMP}.partial"
    partial.write_text(json.dumps(_marks(directory, jars), indent=1), "utf-8")
    partial.replace(directory / _STAMP)


def main(argv: list[str]) -> int:
    """Fetch the jars, or write the lock file again."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.local.jars",
        description="Fetch the jars of the embedded Kafka into the user's cache.",
    )
    parser.add_argument("--write-lock", action="store_true", help="pin the newest release again")
    parser.add_argument("--repository", metavar="URL", help="a mirror to fetch from in place of Maven Central")
    options = parser.parse_args(argv)
    console = Console(stderr=True)
    try:
        if options.write_lock:
            from deploy.local.jars_download import resolve  # noqa: PLC0415 - as in ensure_jars

            jars = resolve(console=console)
            LOCK.write_text(lock_text(jars), "utf-8")
            console.print(f"{LOCK.name}: Kafka {kafka_version(jars)}, {len(jars)} jars")
        else:
            ensure_jars(console=console, repository=options.repository)
    except EmbeddedKafkaError as error:
        console.print(f"[red]{error}[/red]", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def lock_text(jars: Iterable[Jar]) -> str:
    """Write the lock file's text: one line a jar, sorted."""
    lines = sorted(f"{jar.sha256}  {jar.coordinate}" for jar in jars)
    lines.sort(key=lambda line: line.partition("  ")[2])
    return "\n".join(["# Written by: python -m deploy.local.jars --write-lock", *lines, ""])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
