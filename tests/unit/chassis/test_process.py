"""A process ends cleanly on a signal, and never lives on half dead."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from services.chassis.process import Background, TaskEndedError, collecting_later, run
from services.chassis.settings import SettingsError


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_process_clean_up_and_end_well(number: signal.Signals) -> None:
    cleaned: list[str] = []

    async def main() -> None:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), number)  # somebody is impatient: the clean-up goes on
            for _ in range(100):  # time for the second signal to arrive
                await asyncio.sleep(0)
            cleaned.append("database closed")

    assert run(main) == 0
    assert cleaned == ["database closed"]


def test_an_error_is_the_exit_code_1() -> None:
    async def main() -> None:
        raise OSError

    assert run(main) == 1


def test_wrong_settings_are_one_line_and_the_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> None:
        raise SettingsError("PASSERELLE_PORT: must be a whole number")

    assert run(main) == 2
    assert capsys.readouterr().err == "PASSERELLE_PORT: must be a whole number\n"


def test_the_end_of_main_is_the_end_of_the_process() -> None:
    async def main() -> None:
        await asyncio.sleep(0)

    assert run(main) == 0


def test_a_task_that_does_not_let_itself_be_cancelled_does_not_hold_up_the_end() -> None:
    stubborn: list[asyncio.Task[None]] = []

    async def retry_for_ever() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(3600)

    async def main() -> None:
        stubborn.append(asyncio.create_task(retry_for_ever()))
        await asyncio.sleep(0)

    with capture_logs() as logs:
        assert run(main) == 0
    (abandoned,) = [line["tasks"] for line in logs if line["event"] == "process.tasks_abandoned"]
    assert "retry_for_ever" in str(abandoned)


def test_a_real_process_stops_on_sigterm_with_0(tmp_path: Path) -> None:
    script = tmp_path / "service.py"
    script.write_text(
        "import asyncio, sys\n"
        "from services.chassis.process import Background, run\n"
        "async def work():\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "async def main():\n"
        "    async with Background() as background:\n"
        "        background.start('work', work())\n"
        "        await background.wait()\n"
        "sys.exit(run(main))\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, cwd=Path.cwd(), text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.wait(timeout=60) == 0


async def test_a_task_that_raises_ends_the_block_and_the_other_tasks() -> None:
    ended: list[str] = []

    async def fail() -> None:
        raise OSError

    async def live() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("live")

    async def service() -> None:
        async with Background() as background:
            background.start("live", live())
            background.start("fail", fail())
            await background.wait()

    with pytest.raises(ExceptionGroup) as raised:
        await service()

    assert raised.group_contains(OSError)
    assert ended == ["live"]


async def test_a_task_that_returns_ends_the_block_too() -> None:
    async def done() -> None:
        await asyncio.sleep(0)

    async def service() -> None:
        async with Background() as background:
            background.start("drain", done())
            await background.wait()

    with pytest.raises(ExceptionGroup) as raised:
        await service()

    (error,) = raised.value.exceptions
    assert isinstance(error, TaskEndedError)
    assert error.task == "drain"


async def test_a_task_that_ends_by_a_cancellation_nobody_asked_for_ends_the_block() -> None:
    async def cancelled_by_a_library() -> None:
        fetching = asyncio.create_task(asyncio.Event().wait())
        fetching.cancel()
        await fetching

    async def service() -> None:
        async with Background() as background:
            background.start("projection", cancelled_by_a_library())
            await background.wait()

    with pytest.raises(ExceptionGroup) as raised:
        await asyncio.wait_for(service(), 60)

    assert raised.group_contains(TaskEndedError)


async def test_the_end_of_the_block_cancels_its_tasks() -> None:
    ended: list[str] = []

    async def live() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("live")

    async with Background() as background:
        background.start("live", live())
        await asyncio.sleep(0)

    assert ended == ["live"]


async def test_cancelling_the_block_is_no_failure_of_its_tasks() -> None:
    started = asyncio.Event()

    async def live() -> None:
        started.set()
        await asyncio.Event().wait()

    async def service() -> None:
        async with Background() as background:
            background.start("live", live())
            await background.wait()

    task = asyncio.create_task(service())
    await started.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


def test_the_collector_rests_until_the_last_of_several_blocks_has_ended() -> None:
    with ExitStack() as later:
        with collecting_later():
            later.enter_context(collecting_later())
        assert not gc.isenabled()
    assert gc.isenabled()
