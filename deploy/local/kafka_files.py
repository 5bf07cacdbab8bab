"""What a broker finds in its directory: ports, settings, log set-up and formatted storage.

kafka/
  data/                records and metadata; kept between runs
  server.properties    written at each start
  log4j2.properties    written at each start
  ports.json           the ports of last time, taken again where they are free
  logs/                kafka.log (rotated), kafka.out (what the Java machine itself says)
  lock, broker.pid
"""

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from deploy.local.kafka_errors import BrokerStartError, DataDirectoryError, NoFreePortError
from deploy.local.tied import tied

__all__ = [
    "HOST",
    "PREFERRED_PORT",
    "Ports",
    "choose_ports",
    "cluster_id_of",
    "format_storage",
    "is_free",
    "new_cluster_id",
    "write_settings",
]

HOST: Final = "127.0.0.1"
PREFERRED_PORT: Final = 19092

_SETTINGS: Final = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # Topics are created by the project, with the right settings; a typing error makes none.
    "auto.create.topics.enable": "false",
    "num.partitions": "8",
    # One node: one replica of everything, also of what Kafka makes for itself.
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # Facts are kept for ever unless their topic says otherwise.
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
    # Offsets of a worker that was off between two events must not be forgotten in between: a year.
    "offsets.retention.minutes": "525600",
    # A restart after kill -9 keeps every acknowledged record: it is in the page cache, which outlives
    # the process. The machine losing power takes what is not on disk yet, and there is no second
    # replica: left to the kernel that is half a minute, so each log is synced about every second.
    "log.flush.interval.ms": "1000",
    "log.flush.scheduler.interval.ms": "1000",
    # Small, because a restart after kill -9 reads each segment again that Kafka did not note as synced.
    "log.segment.bytes": str(64 << 20),
    # One person's machine: no wait for more consumers to come, no wait at the way out.
    "group.initial.rebalance.delay.ms": "0",
    # After kill -9 the controller waits for the dead broker's session to end before it lets the
    # new one in: 9 s as Kafka comes, 3 s so.
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "3000",
    # A small footprint. The buffer's default of 128 MB alone would not fit the heap.
    "log.cleaner.dedupe.buffer.size": str(8 << 20),
    "log.cleaner.io.buffer.size": str(128 << 10),
    "log.cleaner.threads": "1",
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.recovery.threads.per.data.dir": "2",
    "background.threads": "2",
}
_NO_OTHER: Final[Mapping[str, str]] = {}

_LOG4J2: Final = """\
# Written at each start: changes made here are lost.
status = error
# The shutdown itself is worth logging, so log4j must not be gone before Kafka is.
shutdownHook = disable
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = logs/kafka.log
appender.file.filePattern = logs/kafka.log.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{ISO8601} %-5p %c{1} %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 2MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """The two loopback ports of a broker: for clients, and for its own controller."""

    broker: int
    controller: int


def choose_ports(root: Path, preferred: int = PREFERRED_PORT) -> Ports:
    """Choose free ports and remember them: those of last time, else the preferred, else any.

    `preferred` is the broker's port, the next one the controller's; 0 prefers none.
    """
    wanted = [Ports(broker=preferred, controller=preferred + 1)] if preferred else []
    if remembered := _remembered_ports(root):
        wanted.insert(0, remembered)
    broker = _free_port([ports.broker for ports in wanted])
    controller = _free_port([ports.controller for ports in wanted], but=broker)
    ports = Ports(broker=broker, controller=controller)
    (root / "ports.json").write_text(json.dumps(asdict(ports)), "utf-8")
    return ports


def _remembered_ports(root: Path) -> Ports | None:
    try:
        return Ports(**json.loads((root / "ports.json").read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _free_port(wanted: Sequence[int], *, but: int = 0) -> int:
    """Give the first of the wanted ports that Kafka could listen on, else any such port."""
    for port in (*wanted, 0):
        chosen = _bindable(port)
        if chosen is not None and chosen != but:
            return chosen
    raise NoFreePortError(HOST)


def is_free(port: int) -> bool:
    """Whether Kafka could listen there now."""
    return _bindable(port) is not None


def _bindable(port: int) -> int | None:
    """This port, or any for 0, if it can be listened on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As Java does: connections of the last run that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            probe.bind((HOST, port))
            bound: int = probe.getsockname()[1]
            return bound
    return None


def write_settings(root: Path, ports: Ports, other: Mapping[str, str] = _NO_OTHER) -> None:
    """Write server.properties and log4j2.properties; their paths are relative to `root`. `other` settings win."""
    (root / "logs").mkdir(parents=True, exist_ok=True)
    _write_properties(root / "server.properties", ports, other, log_dirs="data")
    (root / "log4j2.properties").write_text(_LOG4J2, "ascii")


def _write_properties(path: Path, ports: Ports, other: Mapping[str, str], *, log_dirs: str) -> None:
    # Java reads the file as Latin-1 and `log.dirs` as a list with commas: a relative path in it
    # leaves the user free to call the directory what they like.
    settings: dict[str, object] = {
        **_SETTINGS,
        "log.dirs": log_dirs,
        "listeners": f"PLAINTEXT://{HOST}:{ports.broker},CONTROLLER://{HOST}:{ports.controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{ports.broker}",
        "controller.quorum.voters": f"1@{HOST}:{ports.controller}",
        **other,
    }
    lines = [f"{key}={value}" for key, value in settings.items()]
    text = "\n".join(["# Written at each start: changes made here are lost.", *lines, ""])
    path.write_text(text, "ascii")


def format_storage(
    root: Path,
    ports: Ports,
    java: Sequence[str],
    env: Mapping[str, str],
    *,
    cluster_id: str | None = None,
    other: Mapping[str, str] = _NO_OTHER,
) -> None:
    """Format `root`/data for Kafka unless it is; whole or not at all. `java` runs a class.

    It belongs to the cluster of this id, or to a new one; `other` as for `write_settings`.
    """
    data = root / "data"
    if (data / "meta.properties").exists():
        return
    if data.exists() and any(data.iterdir()):
        # Formatting it would give the records that are there to nobody, and Kafka would drop them.
        raise DataDirectoryError(data, "holds files but no meta.properties; move it away first")
    fresh = root / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    properties = root / "format.properties"
    _write_properties(properties, ports, other, log_dirs=fresh.name)
    tool = [*java, "kafka.tools.StorageTool", "format", "--cluster-id", cluster_id or new_cluster_id()]
    done = subprocess.run(
        tied([*tool, "--config", properties.name], parent=os.getpid()),
        cwd=root,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        last = done.stdout.strip().rpartition("\n")[2] or f"exit code {done.returncode}"
        reason = f"its storage could not be formatted: {last}"
        raise BrokerStartError(reason)
    properties.unlink()
    if data.exists():
        data.rmdir()
    fresh.rename(data)


def cluster_id_of(root: Path) -> str:
    """The id of the cluster that formatted storage belongs to.

    Raises DataDirectoryError if it does not say so.
    """
    meta = root / "data" / "meta.properties"
    for line in meta.read_text("utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "cluster.id":
            return value.strip()
    raise DataDirectoryError(meta, "names no cluster.id")


def new_cluster_id() -> str:
    """Make a new id as Kafka writes them: 16 bytes, URL-safe base 64, no dash in front."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text
