"""The embedded Kafka: real brokers, really killed."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError

from deploy.local.jars import LOCK, kafka_directory, read_lock
from deploy.local.kafka import EmbeddedKafka, wait_until_ready
from deploy.local.kafka_errors import BrokerStartError, DataDirectoryError, DataDirectoryInUseError
from deploy.local.kafka_files import choose_ports

REPOSITORY = LOCK.parents[2]
GONE_SECONDS = 30

RUNS_A_BROKER = """
import asyncio, sys
from pathlib import Path
from deploy.local.kafka import EmbeddedKafka

async def main():
    async with EmbeddedKafka(Path(sys.argv[1]), port=0).running():
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""
SUPERVISES_A_BROKER = """
import asyncio, os, signal, subprocess, sys
from pathlib import Path
from deploy.local.kafka import EmbeddedKafka, wait_until_ready

kafka = EmbeddedKafka(Path(sys.argv[1]), port=0)
with kafka.claimed():
    kafka.prepare()
    command = kafka.command()
    subprocess.Popen(command.argv, cwd=command.cwd, env={**os.environ, **command.env})
    asyncio.run(wait_until_ready(kafka.bootstrap_servers))
    print("ready", flush=True)
    signal.pause()
"""


@asynccontextmanager
async def parent_of_a_broker(script: str, data_dir: Path) -> AsyncIterator[tuple[int, psutil.Process]]:
    """Run a Python process that runs a broker; gives its pid and the broker's Java once that is ready."""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, str(data_dir), cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert parent.stdout is not None
    try:
        assert await parent.stdout.readline() == b"ready\n"
        pid = EmbeddedKafka(data_dir).pid
        assert pid is not None
        yield parent.pid, psutil.Process(pid)
    finally:
        if parent.returncode is None:
            parent.kill()
        await parent.wait()


async def gone(process: psutil.Process) -> None:
    await asyncio.to_thread(process.wait, GONE_SECONDS)


async def create_topic(servers: str, topic: str, partitions: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, partitions, 1)])
    finally:
        await admin.close()


async def write(servers: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=servers, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read_all(servers: str, topic: str) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=servers, auto_offset_reset="earliest")
    async with consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        values = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=100)).values():
                values += [record.value for record in records]
        return values


@pytest.fixture
def taken_port() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


async def test_a_broker_is_ready_when_it_says_so_whatever_its_directory_is_called(tmp_path: Path) -> None:
    async with EmbeddedKafka(tmp_path / "Colloque d’été, salle n° 2", port=0).running() as servers:
        await create_topic(servers, "facts")
        await write(servers, "facts", [b"a"])
        assert await read_all(servers, "facts") == [b"a"]


async def test_a_topic_nobody_created_does_not_come_by_itself(own_kafka: EmbeddedKafka) -> None:
    async with AIOKafkaProducer(bootstrap_servers=own_kafka.bootstrap_servers, request_timeout_ms=1000) as producer:
        with pytest.raises(KafkaError):
            await producer.send_and_wait("a-typing-error", b"")


@pytest.mark.faults
async def test_every_acknowledged_record_outlives_a_kill(own_kafka: EmbeddedKafka) -> None:
    servers = own_kafka.bootstrap_servers
    await create_topic(servers, "facts", partitions=2)
    acknowledged: list[bytes] = []
    enough = asyncio.Event()

    async def produce(writer: int) -> None:
        async with AIOKafkaProducer(bootstrap_servers=servers, acks="all", request_timeout_ms=2000) as producer:
            for number in range(1_000_000):
                value = b"%d/%d" % (writer, number)
                await producer.send_and_wait("facts", value, partition=writer % 2)
                acknowledged.append(value)
                if len(acknowledged) == 3000:
                    enough.set()

    writers = [asyncio.create_task(produce(writer)) for writer in range(4)]
    await enough.wait()
    await own_kafka.kill()
    at_the_kill = list(acknowledged)
    for writer in writers:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)
    await own_kafka.start()

    assert len(at_the_kill) >= 3000
    assert set(at_the_kill) - set(await read_all(servers, "facts")) == set()


async def test_a_clean_stop_needs_no_recovery(own_kafka: EmbeddedKafka) -> None:
    await own_kafka.stop()

    assert (own_kafka.root / "data" / ".kafka_cleanshutdown").exists()
    assert own_kafka.pid is None


async def test_a_taken_port_is_avoided_and_the_records_are_still_there(
    tmp_path: Path, taken_port: socket.socket
) -> None:
    async with EmbeddedKafka(tmp_path, port=0).running() as servers:
        await create_topic(servers, "facts")
        await write(servers, "facts", [b"a"])
    before = choose_ports(tmp_path / "kafka")
    with (
        taken_port,
        socket.create_server(("127.0.0.1", before.broker)),
        socket.create_server(("127.0.0.1", before.controller)),
    ):
        async with EmbeddedKafka(tmp_path, port=taken_port.getsockname()[1]).running() as servers:
            after = choose_ports(tmp_path / "kafka")
            assert await read_all(servers, "facts") == [b"a"]

    assert not {before.broker, before.controller} & {after.broker, after.controller}


def test_the_preferred_port_is_taken_once_free_and_then_remembered(tmp_path: Path, taken_port: socket.socket) -> None:
    preferred = taken_port.getsockname()[1]
    with taken_port:
        other = choose_ports(tmp_path, preferred)
    fresh = tmp_path / "fresh"
    fresh.mkdir()

    assert other.broker != preferred
    assert choose_ports(tmp_path, preferred) == other
    assert choose_ports(fresh, preferred).broker == preferred


@pytest.mark.faults
@pytest.mark.parametrize("script", [RUNS_A_BROKER, SUPERVISES_A_BROKER], ids=["asyncio", "supervisor"])
async def test_a_killed_parent_leaves_no_broker(script: str, tmp_path: Path) -> None:
    async with parent_of_a_broker(script, tmp_path) as (parent, broker):
        os.kill(parent, signal.SIGKILL)
        await gone(broker)

    assert (tmp_path / "kafka" / "data" / ".kafka_cleanshutdown").exists()


@pytest.mark.faults
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_to_the_parent_stops_the_broker_in_good_order(number: signal.Signals, tmp_path: Path) -> None:
    async with parent_of_a_broker(RUNS_A_BROKER, tmp_path) as (parent, broker):
        os.kill(parent, number)
        await gone(broker)

    assert (tmp_path / "kafka" / "data" / ".kafka_cleanshutdown").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_the_broker_in_good_order(number: signal.Signals, own_kafka: EmbeddedKafka) -> None:
    assert own_kafka.pid is not None
    broker = psutil.Process(own_kafka.pid)
    broker.send_signal(number)
    await gone(broker)

    assert (own_kafka.root / "data" / ".kafka_cleanshutdown").exists()


@pytest.mark.faults
async def test_a_broker_left_over_by_an_earlier_run_is_stopped(tmp_path: Path) -> None:
    kafka = EmbeddedKafka(tmp_path, port=0)
    with kafka.claimed():
        kafka.prepare()
        command = kafka.command()
        untied = command.argv[command.argv.index("--") + 1 :]
        left_over = await asyncio.create_subprocess_exec(
            *untied, cwd=command.cwd, env={**os.environ, **command.env}, stderr=subprocess.DEVNULL
        )
        try:
            (kafka.root / "broker.pid").write_text(str(left_over.pid))
            await wait_until_ready(kafka.bootstrap_servers)
            assert kafka.pid == left_over.pid
            await asyncio.to_thread(kafka.prepare)
            assert kafka.pid is None
        finally:
            with suppress(ProcessLookupError):
                left_over.kill()
            await left_over.wait()


def test_a_pid_that_now_belongs_to_another_process_is_left_alone(tmp_path: Path) -> None:
    kafka = EmbeddedKafka(tmp_path, port=0)
    with kafka.claimed(), subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        (kafka.root / "broker.pid").write_text(str(other.pid))
        kafka.prepare()
        assert other.poll() is None


def test_a_second_passerelle_on_the_same_data_is_told_so(tmp_path: Path) -> None:
    with EmbeddedKafka(tmp_path).claimed():
        with pytest.raises(DataDirectoryInUseError) as error, EmbeddedKafka(tmp_path).claimed():
            pass
        assert str(tmp_path) in str(error.value)
        assert f"process {os.getpid()}" in str(error.value)
    with EmbeddedKafka(tmp_path).claimed():
        pass


def test_records_without_their_meta_properties_are_not_formatted_away(tmp_path: Path) -> None:
    kafka = EmbeddedKafka(tmp_path)
    (kafka.root / "data" / "facts-0").mkdir(parents=True)
    with kafka.claimed(), pytest.raises(DataDirectoryError, match=r"meta\.properties"):
        kafka.prepare()

    assert (kafka.root / "data" / "facts-0").is_dir()


async def test_a_broker_that_cannot_start_says_why(own_kafka: EmbeddedKafka) -> None:
    await own_kafka.stop()
    meta = own_kafka.root / "data" / "meta.properties"
    meta.write_text(meta.read_text().replace("node.id=1", "node.id=2"))

    with pytest.raises(BrokerStartError, match="node id 2") as error:
        await own_kafka.start()
    assert str(own_kafka.log) in str(error.value)


async def test_a_port_taken_between_choice_and_start_is_named(tmp_path: Path) -> None:
    kafka = EmbeddedKafka(tmp_path, port=0)
    with kafka.claimed():
        await asyncio.to_thread(kafka.prepare)
        host, port = kafka.bootstrap_servers.split(":")
        with socket.create_server((host, int(port))), pytest.raises(BrokerStartError, match=kafka.bootstrap_servers):
            await kafka.start()
        assert kafka.pid is None


async def test_waiting_for_a_broker_ends(taken_port: socket.socket) -> None:
    host, port = taken_port.getsockname()
    taken_port.close()
    with pytest.raises(BrokerStartError, match=f"{host}:{port}"):
        await wait_until_ready(f"{host}:{port}", within=0.2)


async def test_the_broker_runs_on_the_jars_of_the_lock_file(own_kafka: EmbeddedKafka) -> None:
    assert own_kafka.pid is not None
    command_line = psutil.Process(own_kafka.pid).cmdline()
    class_path = command_line[command_line.index("-cp") + 1].split(os.pathsep)

    assert class_path == [str(kafka_directory() / jar.file_name) for jar in read_lock()]
