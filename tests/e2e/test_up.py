"""`passerelle up` as a process: one address, one instance a directory, and nothing left behind however it ends."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from rich.console import Console

from deploy.local.kafka import EmbeddedKafka
from deploy.local.up import everything
from services.chassis.settings import CommonSettings
from tests.builders import settings_for
from tests.fakes.programs import without_preference
from tests.fakes.service_process import free_port

pytestmark = pytest.mark.timeout(240)


async def test_it_ends_cleanly_on_ctrl_c_and_keeps_its_data(tmp_path: Path) -> None:
    without_preference(tmp_path)
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
    without_preference(tmp_path)
    async with _up(tmp_path) as (process, _):
        programs = _programs(process)
        assert any("kafka.Kafka" in " ".join(program.cmdline()) for program in programs)
        process.kill()
        await process.wait()
        await _gone(programs)


async def test_where_a_stranger_takes_kafkas_port_another_is_taken_and_the_stranger_left_alone(
    tmp_path: Path, own_kafka: EmbeddedKafka
) -> None:
    settings = settings_for(CommonSettings, data_dir=tmp_path / "ours")
    wanted = settings.data_dir / "kafka"
    wanted.mkdir()
    with socket.socket() as door, socket.socket() as other:
        for held in (door, other):
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", 0))  # Not listening yet: it is free for whoever looks.
        taken, controller = door.getsockname()[1], other.getsockname()[1]
        (wanted / "ports.json").write_text(json.dumps({"broker": taken, "controller": controller}))
        stranger = asyncio.create_task(
            _lead_to(own_kafka.bootstrap_servers, door, once_there_is=wanted / "server.properties")
        )
        async with everything(settings, port=0, console=Console(quiet=True)) as running:
            assert f"127.0.0.1:{taken}: Address already in use" in (wanted / "logs" / "kafka.log").read_text()
            assert running.kafka != f"127.0.0.1:{taken}"
        stranger.cancel()
        await asyncio.wait([stranger])
    admin = AIOKafkaAdminClient(bootstrap_servers=own_kafka.bootstrap_servers)
    await admin.start()
    assert await admin.list_topics() == []
    await admin.close()


async def _lead_to(servers: str, door: socket.socket, *, once_there_is: Path) -> None:
    """Let connections through to a Kafka elsewhere."""
    host, port = servers.split(":")

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.read(65536):
            writer.write(said)
        writer.close()

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_there, there = await asyncio.open_connection(host, int(port))
        await asyncio.gather(pass_on(reader, there), pass_on(from_there, writer), return_exceptions=True)

    while not once_there_is.exists():
        await asyncio.sleep(0.01)
    async with await asyncio.start_server(lead, sock=door) as server:
        await server.serve_forever()


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
        *("-m", "services.command_line", "up", "--data-dir", str(data_dir), "--port", str(free_port())),
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
