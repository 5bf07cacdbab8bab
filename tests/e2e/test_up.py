"""`passerelle up` as a process: one address, one instance a directory, and nothing left behind however it ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

pytestmark = pytest.mark.timeout(240)


async def test_it_ends_cleanly_on_ctrl_c_and_keeps_its_data(tmp_path: Path) -> None:
    async with _up(tmp_path) as (process, sign_in):
        async with aiohttp.ClientSession() as client, client.get(sign_in) as answer:
            assert answer.status == 200
        second = await _start(tmp_path)
        assert await second.wait() == 1
        assert b"already runs on" in await _output(second)
        programs = _programs(process)
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0
        await _gone(programs)
    key = (tmp_path / "secret.key").read_text()
    async with _up(tmp_path) as (process, _):
        assert (tmp_path / "secret.key").read_text() == key
        programs = _programs(process)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        await _gone(programs)


async def test_nothing_is_left_when_it_is_killed(tmp_path: Path) -> None:
    async with _up(tmp_path) as (process, _):
        programs = _programs(process)
        assert any("kafka.Kafka" in " ".join(program.cmdline()) for program in programs)
        process.kill()
        await process.wait()
        await _gone(programs)


async def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    process = await _start(tmp_path, PASSERELLE_PARTITIONS="many")
    assert await process.wait() == 2
    assert (
        await _output(process)
    ).decode().strip() == "PASSERELLE_PARTITIONS: must be a whole number between 1 and 1000"


@asynccontextmanager
async def _up(data_dir: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """A running `passerelle up` and the address to sign in at."""
    process = await _start(data_dir)
    try:
        assert process.stderr is not None
        said = b""
        async for line in process.stderr:
            said += line
            if b"/sign-in?code=" in line:
                yield process, line.decode().split()[-1]
                break
        else:
            pytest.fail(f"it ended: {said.decode()}")
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _start(data_dir: Path, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.command_line", "up", "--data-dir", str(data_dir), "--port", "18080"),
        env={**os.environ, "COLUMNS": "250", **environment},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )


async def _output(process: asyncio.subprocess.Process) -> bytes:
    assert process.stderr is not None
    return await process.stderr.read()


def _programs(process: asyncio.subprocess.Process) -> list[psutil.Process]:
    """Supervisord and everything under it."""
    return psutil.Process(process.pid).children(recursive=True)


async def _gone(programs: list[psutil.Process]) -> None:
    """Return when none of them runs any more."""
    async with asyncio.timeout(60):
        while any(program.is_running() and program.status() != psutil.STATUS_ZOMBIE for program in programs):
            await asyncio.sleep(0.1)
