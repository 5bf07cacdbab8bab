"""The supervisor and its forked programs: they look and end as if each had been started by itself."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from supervisor.process import ProcessStates

from deploy.local.forking import PatientProcess
from deploy.local.supervision import Program, Supervisor

FORKED = [sys.executable, "-m", "tests.fakes.forked_program"]


@pytest.fixture
async def supervisor(tmp_path: Path) -> AsyncIterator[Supervisor]:
    """Runs one program that is no Python module, one that is forked, and one that fails."""
    programs = [
        Program(name="started", argv=["sleep", "1000"], cwd=tmp_path),
        Program(name="forked", argv=[*FORKED, "a b"], cwd=tmp_path, environment={"TOLD": "100 % of it"}),
        Program(name="failing", argv=[*FORKED, "fails"], cwd=tmp_path),
    ]
    supervisor = Supervisor(tmp_path, programs)
    await supervisor.start()
    yield supervisor
    await supervisor.stop()


async def test_a_forked_program_has_a_life_of_its_own_and_comes_back_when_it_was_killed(supervisor: Supervisor) -> None:
    log = supervisor.logs / "forked.log"
    said = f"arguments ['a b'] told 100 % of it in {supervisor.root}\n"
    await _until(lambda: log.exists() and said in log.read_text())
    assert _command_line(supervisor, "forked_program") == " ".join([*FORKED, "a b"])

    first = _process(supervisor, "forked_program a b")
    assert first is not None
    first.kill()
    await _until(lambda: (_process(supervisor, "forked_program a b") or first).pid != first.pid)

    # Beside it, one that fails is tried again, and its code is in the log.
    log = supervisor.logs / "supervisord.log"
    await _until(lambda: log.exists() and log.read_text().count("exited: failing (exit status 7") > 1)


def test_the_pauses_before_another_try_grow_to_ten_seconds() -> None:
    process = PatientProcess(None)
    pauses = []
    for _ in range(12):
        process.change_state(ProcessStates.STARTING)
        process.change_state(ProcessStates.BACKOFF)
        pauses.append(round(process.delay - time.time()))
    assert pauses == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10]


async def test_programs_end_when_the_supervisor_is_killed(supervisor: Supervisor) -> None:
    await _until(lambda: _process(supervisor, "forked_program a b") is not None)
    programs = psutil.Process(supervisor.pid).children()
    psutil.Process(supervisor.pid).kill()
    await _until(lambda: not any(_lives(program) for program in programs))


async def test_a_stop_leaves_nothing(supervisor: Supervisor) -> None:
    await _until(lambda: _process(supervisor, "forked_program a b") is not None)
    programs = psutil.Process(supervisor.pid).children()
    await supervisor.stop()
    assert not any(_lives(program) for program in programs)


def _process(supervisor: Supervisor, words: str) -> psutil.Process | None:
    found = [one for one in psutil.Process(supervisor.pid).children() if _lives(one) and words in _words(one)]
    return found[0] if found else None


def _command_line(supervisor: Supervisor, words: str) -> str:
    found = _process(supervisor, words)
    return "" if found is None else _words(found)


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()).strip()
    except psutil.Error:
        return ""


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.05)
