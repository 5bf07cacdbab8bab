"""The programs of a running `passerelle up`, as processes: to be hurt."""

import contextlib
from pathlib import Path
from typing import Final

import psutil

from deploy.local.kafka_files import choose_ports
from deploy.local.up import Running

PROGRAMS: Final = {
    "attendance-worker": "--only worker",
    "attendance-web": "--only web",
    "streaming_bridge": "run streaming_bridge",
    "registration": "run registration",
    "gateway": "run gateway",
    "kafka": "kafka.Kafka",
}
"""What the command line of each program holds."""


def without_preference(data_dir: Path) -> None:
    """Let the Kafka of a data directory that is to come take any port: at the preferred one somebody else's may be."""
    root = data_dir / "kafka"
    root.mkdir(parents=True)
    choose_ports(root, preferred=0)


def alive(running: Running, name: str) -> list[psutil.Process]:
    """The process of a program; none between its death and its restart."""
    found = []
    for process in psutil.Process(running.supervisor.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE and PROGRAMS[name] in " ".join(process.cmdline()):
                found.append(process)
    return found
