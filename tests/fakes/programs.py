"""The programs of a running `passerelle up`, as processes: to be hurt."""

import contextlib
from typing import Final

import psutil

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


def alive(running: Running, name: str) -> list[psutil.Process]:
    """The process of a program; none between its death and its restart."""
    found = []
    for process in psutil.Process(running.supervisor.pid).children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE and PROGRAMS[name] in " ".join(process.cmdline()):
                found.append(process)
    return found
