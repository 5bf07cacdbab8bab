"""`passerelle up`: everything on one machine, on the embedded Kafka (or on `PASSERELLE_KAFKA`), behind one address."""

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console

from deploy.local.kafka import EmbeddedKafka
from deploy.local.kafka_errors import BrokerStartError
from deploy.local.supervision import Program, Supervisor
from schemas.topics import ALL
from services.chassis.command import BRIDGE_ADDRESS, KAFKA_ADDRESS, KAFKA_CLUSTER, PUBLIC_ADDRESS
from services.chassis.errors import OperatorError
from services.chassis.settings import CommonSettings

if TYPE_CHECKING:
    from deploy.local.lan import Lan  # which loads what makes certificates

REGISTRATION_URL: Final = "PASSERELLE_REGISTRATION_URL"
_HOST: Final = "127.0.0.1"
_READY_SECONDS: Final = 90
_ATTEMPTS: Final = 3


class NotReadyError(OperatorError):
    """A part did not come up in time; the message names it and its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A whole Passerelle: its address, its settings as the services see them, and its supervisor."""

    address: str
    kafka: str
    environment: Mapping[str, str]
    supervisor: Supervisor
    parts: Sequence[str]
    """Where each part says whether it is ready."""


@asynccontextmanager
async def everything(
    settings: CommonSettings,
    *,
    port: int,
    console: Console,
    lan: "Lan | None" = None,
) -> AsyncIterator[Running]:
    """Start everything and yield when it is ready; stop it all at the end, in order.

    With `lan`, that is its address, unless the settings name another; it answers at `port` of this machine too.

    Raises:
        EmbeddedKafkaError: if the embedded broker cannot be had (the message is for the user).
        TopicMismatchError: if a topic exists with another partition count.
        NotReadyError: if a part does not come up.
    """
    kafka = None if "kafka" in settings.model_fields_set else EmbeddedKafka(settings.data_dir, console=console)
    with kafka.claimed() if kafka else contextlib.nullcontext():
        running = await _started(settings, kafka, port=port, lan=lan)
        try:
            yield running
        finally:
            await running.supervisor.stop()


async def _started(settings: CommonSettings, kafka: EmbeddedKafka | None, *, port: int, lan: "Lan | None") -> Running:
    """Start everything, and return when it is ready.

    Somebody may take Kafka's port between its choice and the start: then it all starts again, Kafka on another port.
    """
    attempts = _ATTEMPTS
    while True:
        attempts -= 1
        if kafka:
            await asyncio.to_thread(kafka.prepare)
        running = _prepared(settings, kafka, _Ports.choose(port), lan)
        try:
            await running.supervisor.start()
            await _until_ready(running, settings, kafka)
        except BaseException as error:
            await running.supervisor.stop()
            if not (isinstance(error, BrokerStartError) and attempts and kafka and kafka.lost_a_port()):
                raise
        else:
            return running


def _prepared(settings: CommonSettings, kafka: EmbeddedKafka | None, ports: "_Ports", lan: "Lan | None") -> Running:
    """Put the programs together; nothing is started yet."""
    programs = []
    own_url = lan.url if lan else f"http://{_HOST}:{ports.gateway}"
    environment = {
        "PASSERELLE_KAFKA": settings.kafka,
        "PASSERELLE_DATA_DIR": str(settings.data_dir),
        "PASSERELLE_PUBLIC_URL": settings.public_url if "public_url" in settings.model_fields_set else own_url,
        REGISTRATION_URL: f"http://{_HOST}:{ports.registration}",
        "PASSERELLE_STREAMING_BRIDGE_URL": f"http://{_HOST}:{ports.streaming_bridge}",
        "PASSERELLE_ATTENDANCE_URL": f"http://{_HOST}:{ports.attendance}",
    }
    if lan:
        environment |= lan.environment
    if kafka:
        command = kafka.command()
        programs.append(Program(name="kafka", argv=command.argv, cwd=command.cwd, environment=command.env))
        # By its cluster the services know our Kafka from a stranger's on the same port.
        environment |= {"PASSERELLE_KAFKA": kafka.bootstrap_servers, "PASSERELLE_KAFKA_CLUSTER": kafka.cluster_id}
        (settings.data_dir / KAFKA_ADDRESS).write_text(kafka.bootstrap_servers)
        (settings.data_dir / KAFKA_CLUSTER).write_text(kafka.cluster_id)
    (settings.data_dir / BRIDGE_ADDRESS).write_text(environment["PASSERELLE_STREAMING_BRIDGE_URL"])
    (settings.data_dir / PUBLIC_ADDRESS).write_text(environment["PASSERELLE_PUBLIC_URL"])
    programs += _services(settings.data_dir, environment, ports)
    return Running(
        address=environment["PASSERELLE_PUBLIC_URL"],
        kafka=environment["PASSERELLE_KAFKA"],
        environment=environment,
        supervisor=Supervisor(settings.data_dir, programs),
        parts=[f"http://{_HOST}:{port}/health/ready" for port in (ports.gateway, ports.worker)],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ports:
    gateway: int
    registration: int
    streaming_bridge: int
    attendance: int
    worker: int

    @classmethod
    def choose(cls, preferred: int) -> "_Ports":
        """The preferred port for the gateway if it is free, any free ones for the rest."""
        with contextlib.ExitStack() as held:
            taken = [held.enter_context(_bound(port)) for port in (preferred, 0, 0, 0, 0)]
            return cls(
                **dict(zip(("gateway", "registration", "streaming_bridge", "attendance", "worker"), taken, strict=True))
            )


@contextlib.contextmanager
def _bound(port: int) -> Iterator[int]:
    """Hold a free port for a moment, this one if it can be had."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((_HOST, port))
        except OSError:
            holder.bind((_HOST, 0))
        yield holder.getsockname()[1]


def _services(data_dir: Path, environment: Mapping[str, str], ports: _Ports) -> list[Program]:
    """The services in the order they depend on each other; they are stopped in the reverse of it."""
    commands = {
        "registration": (["registration"], ports.registration),
        "streaming_bridge": (["streaming_bridge"], ports.streaming_bridge),
        "attendance-worker": (["attendance", "--only", "worker"], ports.worker),
        "attendance-web": (["attendance", "--only", "web"], ports.attendance),
        "gateway": (["gateway"], ports.gateway),
    }
    return [
        Program(
            name=name,
            argv=[sys.executable, "-m", "services.command_line", "run", *arguments],
            cwd=data_dir,
            environment={**environment, "PASSERELLE_HOST": _HOST, "PASSERELLE_PORT": str(port)},
        )
        for name, (arguments, port) in commands.items()
    ]


async def _until_ready(running: Running, settings: CommonSettings, kafka: EmbeddedKafka | None) -> None:
    """Create and check the topics, then wait for every part; give up when supervisord does, or Kafka."""
    tasks = {asyncio.create_task(running.supervisor.wait()), asyncio.create_task(_ready(running, settings))}
    if kafka:
        tasks.add(asyncio.create_task(kafka.watch()))
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _ready(running: Running, settings: CommonSettings) -> None:
    # What is loaded here comes in while the programs start.
    import aiohttp  # noqa: PLC0415

    from services.chassis.topics import ensure_topics  # noqa: PLC0415

    await ensure_topics(
        running.kafka,
        ALL,
        partitions=settings.partitions,
        replication=settings.replication,
        cluster=running.environment.get("PASSERELLE_KAFKA_CLUSTER", settings.kafka_cluster),
    )
    waiting: dict[str, object] = dict.fromkeys(running.parts, "no answer")
    try:
        async with asyncio.timeout(_READY_SECONDS), aiohttp.ClientSession() as client:
            while waiting:
                for part in list(waiting):
                    with contextlib.suppress(aiohttp.ClientError):
                        async with client.get(part) as answer:
                            waiting[part] = (await answer.json())["checks"]
                            if answer.ok:
                                del waiting[part]
                await asyncio.sleep(0.05)
    except TimeoutError:
        said = "; ".join(str(checks) for checks in waiting.values())
        message = f"Not ready after {_READY_SECONDS} s: {said}. The logs are in {running.supervisor.logs}{os.sep}"
        raise NotReadyError(message) from None
