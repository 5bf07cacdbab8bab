"""A tied process ends with its parent, whether the kernel sees to it (Linux) or a watcher does."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.local.tied import tied

ROOT = Path(__file__).parents[2]
WAITS = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
WATCHED = [
    sys.executable,
    "-c",
    "import os, sys; from deploy.local.tied import watch; sys.exit(watch(sys.argv[2:], os.getppid(), sys.argv[1]))",
]
PARENT = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"


@contextmanager
def family(command: list[str], pid_file: Path) -> Iterator[tuple[subprocess.Popen[bytes], psutil.Process]]:
    """A parent that started the command, and the process of its pid file, once that is up."""
    with subprocess.Popen([sys.executable, "-c", PARENT, *command], cwd=ROOT, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        try:
            assert parent.stdout.readline() == b"up\n"
            yield parent, psutil.Process(int(pid_file.read_text()))
        finally:
            parent.kill()


@pytest.mark.parametrize("way", ["tied", "watched"])
def test_a_killed_parent_takes_the_command_along(way: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    command = tied(WAITS, pid_file=pid_file) if way == "tied" else [*WATCHED, str(pid_file), *WAITS]
    with family(command, pid_file) as (parent, child):
        assert child.cmdline() == WAITS
        parent.kill()
        child.wait(20)


def test_a_watcher_passes_signals_on_and_ends_as_the_command_did(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with subprocess.Popen([*WATCHED, str(pid_file), *WAITS], cwd=ROOT, stdout=subprocess.PIPE) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == b"up\n"
        watcher.send_signal(signal.SIGTERM)
        assert watcher.wait(20) == 128 + signal.SIGTERM


def test_the_command_keeps_its_arguments_and_its_exit_code() -> None:
    done = subprocess.run(
        tied([sys.executable, "-c", "import sys; print(sys.argv[1:]); sys.exit(7)", "--", "a b", "--parent"]),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "['--', 'a b', '--parent']\n"
    assert done.returncode == 7


def test_nothing_is_started_for_a_parent_that_is_gone() -> None:
    done = subprocess.run(tied(WAITS, parent=os.getpid() + 1), capture_output=True, text=True, check=False, timeout=20)

    assert done.returncode == 1
    assert done.stdout == ""
    assert "is gone" in done.stderr


def test_a_command_that_is_not_there_is_named() -> None:
    done = subprocess.run(tied(["/no/such/program"]), capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "tied: /no/such/program: No such file or directory\n"
