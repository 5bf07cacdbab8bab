"""The jars of the embedded Kafka, fetched from a repository on this machine that holds copies of the real ones."""

import http.server
import io
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local.jars import LOCK, Jar, ensure_jars, kafka_directory, read_lock
from deploy.local.kafka_errors import EmbeddedKafkaError, JarChecksumError, JarsUnavailableError

JARS = read_lock()
SMALL = next(jar for jar in JARS if jar.artifact == "jspecify")


def remote_path(jar: Jar) -> str:
    return f"/{jar.group.replace('.', '/')}/{jar.artifact}/{jar.version}/{jar.file_name}"


@dataclass(slots=True)
class Repository:
    """What the repository serves, what it does wrong, and what was asked of it."""

    files: dict[str, Path]
    address: str = ""
    spoilt: set[str] = field(default_factory=set)
    failures_to_come: int = 0
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> bytes | None:
        self.asked.append(path)
        if self.failures_to_come:
            self.failures_to_come -= 1
            return None
        if path not in self.files:
            return None
        content = self.files[path].read_bytes()
        return content[:-1] + b"?" if path in self.spoilt else content


@pytest.fixture
def repository() -> Iterator[Repository]:
    shared = dict(zip(JARS, ensure_jars(), strict=True))
    repository = Repository({remote_path(jar): path for jar, path in shared.items()})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = repository.answer(self.path)
            self.send_response(200 if content is not None else 503)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        repository.address = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield repository
        server.shutdown()
        thread.join()


@pytest.fixture
def copied_cache(tmp_path: Path) -> Path:
    """A cache with all jars, verified."""
    directory = kafka_directory(tmp_path)
    directory.mkdir(parents=True)
    for path in ensure_jars():
        shutil.copy2(path, directory)
    ensure_jars(tmp_path)
    return tmp_path


def in_cache(cache: Path, jar: Jar) -> Path:
    return kafka_directory(cache) / jar.file_name


def test_the_lock_file_has_a_line_for_each_jar_and_no_address() -> None:
    lines = [line for line in LOCK.read_text().splitlines() if not line.startswith("#")]

    assert len(lines) == len({jar.file_name for jar in JARS}) == len(ensure_jars())
    assert {"kafka_2.13", "kafka-clients", "log4j-core", "log4j-slf4j-impl"} < {jar.artifact for jar in JARS}
    assert "://" not in LOCK.read_text()


def test_a_line_that_names_no_jar_is_an_error(tmp_path: Path) -> None:
    lock = tmp_path / "kafka-jars.lock"
    lock.write_text(LOCK.read_text().replace(SMALL.sha256, SMALL.sha256[:-1]))

    with pytest.raises(EmbeddedKafkaError, match=r"kafka-jars\.lock, line \d+"):
        read_lock(lock)


def test_a_cold_cache_is_filled_and_then_nothing_is_asked_or_said(tmp_path: Path, repository: Repository) -> None:
    said = io.StringIO()
    console = Console(file=said)
    paths = ensure_jars(tmp_path, console=console, repository=repository.address)

    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in ensure_jars()]
    assert "Downloading Kafka" in said.getvalue()

    repository.asked.clear()
    said.truncate(0)
    assert ensure_jars(tmp_path, console=console, repository=repository.address) == paths
    assert repository.asked == []
    assert said.getvalue() == ""


def test_a_warm_start_does_not_even_load_what_speaks_to_the_network(copied_cache: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from deploy.local.jars import ensure_jars;"
        "ensure_jars(Path(sys.argv[1])); print(sorted({'jgo', 'requests'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(copied_cache)],
        cwd=LOCK.parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"


def test_a_download_cut_short_goes_on_where_it_was(copied_cache: Path, repository: Repository) -> None:
    in_cache(copied_cache, SMALL).unlink()
    half = kafka_directory(copied_cache) / ".download-killed" / SMALL.file_name
    half.parent.mkdir()
    half.write_bytes(b"half")
    ensure_jars(copied_cache, repository=repository.address)

    assert {path for path in repository.asked if path.endswith(".jar")} == {remote_path(SMALL)}
    assert not half.parent.exists()


def test_a_short_failure_of_the_repository_is_sat_out(copied_cache: Path, repository: Repository) -> None:
    in_cache(copied_cache, SMALL).unlink()
    repository.failures_to_come = 1
    ensure_jars(copied_cache, repository=repository.address)

    assert repository.asked.count(remote_path(SMALL)) == 2


def test_a_jar_that_arrives_wrong_is_named_and_not_kept(copied_cache: Path, repository: Repository) -> None:
    in_cache(copied_cache, SMALL).unlink()
    repository.spoilt.add(remote_path(SMALL))

    with pytest.raises(JarChecksumError, match=SMALL.coordinate):
        ensure_jars(copied_cache, repository=repository.address)
    assert not in_cache(copied_cache, SMALL).exists()


def test_a_jar_changed_in_the_cache_is_named_and_removed(copied_cache: Path, repository: Repository) -> None:
    jar = in_cache(copied_cache, SMALL)
    jar.write_bytes(jar.read_bytes()[:-1] + b"?")

    with pytest.raises(JarChecksumError, match=SMALL.coordinate):
        ensure_jars(copied_cache)
    assert not jar.exists()

    ensure_jars(copied_cache, repository=repository.address)
    assert jar.exists()


def test_a_jar_that_was_only_touched_is_taken_again(copied_cache: Path) -> None:
    jar = in_cache(copied_cache, SMALL)
    verified = jar.stat().st_mtime_ns
    jar.touch()
    ensure_jars(copied_cache)

    assert jar.stat().st_mtime_ns == verified  # as it was, for Java's start cache goes by it


def test_two_at_once_download_once(tmp_path: Path, repository: Repository) -> None:
    with ThreadPoolExecutor() as pool:
        tasks = [pool.submit(ensure_jars, tmp_path, repository=repository.address) for _ in range(2)]
        first, second = (task.result() for task in tasks)

    assert first == second
    assert len([path for path in repository.asked if path.endswith(".jar")]) == len(JARS)


def test_without_network_a_cold_cache_gives_one_clear_line(
    tmp_path: Path, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = repository.address
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    with pytest.raises(JarsUnavailableError) as error:
        ensure_jars(tmp_path, repository=address.replace("127.0.0.1", "repository.invalid"))
    assert "PASSERELLE_KAFKA" in str(error.value)
    assert "\n" not in str(error.value)
