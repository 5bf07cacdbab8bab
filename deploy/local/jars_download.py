"""Fetching the jars from Maven Central, with jgo's own resolver: neither Maven nor Java needed."""

import hashlib
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests
import tenacity
from jgo.maven import Dependency, MavenContext, PythonResolver
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from deploy.local.jars import Jar, verify
from deploy.local.kafka_errors import EmbeddedKafkaError, JarChecksumError, JarsUnavailableError

__all__ = ["download", "resolve"]

_KAFKA: Final = ("org.apache.kafka", "kafka_2.13")
_SERIES: Final = re.compile(r"4\.3\.(\d+)")
# Kafka logs through slf4j; its POM leaves out the binding to log4j, which its own archive has.
_LOG_BINDING: Final = "org.apache.logging.log4j:log4j-slf4j-impl"
_AT_ONCE: Final = 4
_STAGING: Final = ".download-"


def download(
    jars: list[Jar], directory: Path, *, version: str, console: Console | None, repository: str | None = None
) -> None:
    """Fetch these jars into the directory, which nobody else may be writing to.

    Each appears under its name whole and verified or not at all, so that a download cut short
    goes on where it was. Raises JarChecksumError or JarsUnavailableError.
    """
    for left_behind in directory.glob(f"{_STAGING}*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(dir=directory, prefix=_STAGING) as staging,
        _progress(f"Kafka {version}", len(jars), console) as finish_one,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        context = _context(Path(staging), repository)
        tasks = [pool.submit(_fetch, context, jar, directory, version) for jar in jars]
        try:
            for task in as_completed(tasks):
                task.result()
                finish_one()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def resolve(*, console: Console) -> list[Jar]:
    """Find the newest release of the series and all it needs to run, by downloading it all."""
    with tempfile.TemporaryDirectory() as repository:
        context = _context(Path(repository))
        project = context.project(*_KAFKA)
        project.update()
        found = [m for m in map(_SERIES.fullmatch, project.metadata.versions) if m]
        if not found:
            raise JarsUnavailableError(_SERIES.pattern, "Maven Central lists no such release")
        version = max(found, key=lambda match: int(match[1]))[0]
        console.print(f"Resolving Kafka {version}…")
        needed = _closure(context, ":".join([*_KAFKA, version]))
        log4j = next(d for d in needed if d.artifactId == "log4j-core")
        needed += _closure(context, f"{_LOG_BINDING}:{log4j.version}")
        jars: dict[tuple[str, str], Jar] = {}
        for dependency in needed:
            path = dependency.artifact.resolve()
            jar = Jar(
                group=dependency.groupId,
                artifact=dependency.artifactId,
                version=dependency.version,
                sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            )
            if jars.setdefault((jar.group, jar.artifact), jar) != jar:
                message = f"two versions of {jar.group}:{jar.artifact} are needed at once"
                raise EmbeddedKafkaError(message)
        return list(jars.values())


def _closure(context: MavenContext, coordinate: str) -> list[Dependency]:
    inputs, transitive = context.resolver.resolve([context.create_dependency(coordinate)])
    return [*inputs, *transitive]


def _context(local: Path, remote: str | None = None) -> MavenContext:
    """Set jgo up with nothing of the user's own: no ~/.m2, no mvn, no configuration file."""
    remotes = {"mirror": remote.rstrip("/")} if remote else None
    return MavenContext(resolver=PythonResolver(), repo_cache=local, local_repos=[], remote_repos=remotes)


def _fetch(context: MavenContext, jar: Jar, directory: Path, version: str) -> None:
    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()

    @tenacity.retry(
        stop=tenacity.stop_after_attempt(3),
        wait=tenacity.wait_exponential_jitter(multiplier=0.5),
        retry=tenacity.retry_if_exception_type((requests.RequestException, RuntimeError)),
        reraise=True,
    )
    def attempt() -> Path:
        # jgo takes a file that is there for a whole one, so that half of one must go first.
        if artifact.cached_path is not None:
            artifact.cached_path.unlink(missing_ok=True)
        return artifact.resolve()

    try:
        path = attempt()
    except requests.RequestException as error:
        raise JarsUnavailableError(version, "the Maven repository cannot be reached") from error
    except RuntimeError as error:  # jgo's way to say that it answered, but not with the file
        raise JarsUnavailableError(version, f"the Maven repository does not give {jar.coordinate}") from error
    if not verify(jar, path):
        raise JarChecksumError(jar.coordinate, path)
    path.replace(directory / jar.file_name)


@contextmanager
def _progress(what: str, total: int, console: Console | None) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal, two plain lines elsewhere, and nothing without a console; gives what counts a file."""
    if console is None:
        yield lambda: None
        return
    started = time.monotonic()
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("files"))
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(f"Downloading {what}, once", total=total)
            yield lambda: progress.advance(task)
    else:
        console.print(f"Downloading {what}: {total} files, once…", highlight=False)
        yield lambda: None
    console.print(f"Downloaded {what} in {time.monotonic() - started:.0f} s.", highlight=False)
